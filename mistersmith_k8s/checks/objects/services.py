"""Services: the pods behind them, and the ports of these pods."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.check import Flaw, check
from mistersmith_k8s.checks.finding import Severity
from mistersmith_k8s.checks.grants import grants
from mistersmith_k8s.checks.objects.scaling import HPA, SCALED, VPA, target_of
from mistersmith_k8s.checks.outside import outside
from mistersmith_k8s.checks.selection import equality, fixed_label, running, selects, shown
from mistersmith_k8s.checks.shape import mapping, mappings, pairs, text
from mistersmith_k8s.checks.world import WORKLOADS, fact

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mistersmith_k8s.checks.world import Object, World
    from mistersmith_k8s.connectivity.selectors import Selector

    Label = tuple[str, str]


@check(Severity.ERROR, "Service")
def service_selects(item: Object, world: World) -> Iterator[Flaw]:
    """A Service selects pods of some workload; else nobody answers.

    Nothing is said where the input runs no pods in the namespace, or where others bring pods.
    Programs such as Vault or Patroni give their own pods a label for the role that they have: where
    only labels are missing it is a warning, and nothing where RBAC lets a program label pods. It is
    a warning too where RBAC lets a program, such as an operator, make pods.
    """
    namespace = item.given_namespace
    selector = equality(item.spec.get("selector"))
    if selector and selects_nothing(namespace, selector, world):
        near = _nearest(namespace, selector, world)
        nearly = f"; {near} comes nearest, {_unlike(near, selector)}" if near else ""
        message = f"selects no pod: nothing has {shown(selector)}{nearly}"
        mend = "Make the selector a part of the labels of the pods that it means."
        unlabelled = near is not None and all(
            r.matches(near.pod_labels) or r.key not in near.pod_labels
            for r in selector.requirements
        )
        if not (unlabelled and grants(world).label_pods(namespace)):
            perhaps = unlabelled or grants(world).make_pods(namespace)
            severity = Severity.WARNING if perhaps else Severity.ERROR
            yield Flaw(("spec", "selector"), message, mend, severity)


def selects_nothing(namespace: str, selector: Selector, world: World) -> bool:
    """Whether a selector evidently has no pods, though the namespace has some."""
    answers = _answers(world)
    if (namespace, selector) not in answers:
        answers[namespace, selector] = _selects_nothing(namespace, selector, world)
    return answers[namespace, selector]


@fact
def _answers(_: World) -> dict[tuple[str, Selector], bool]:
    """What is known of selectors: many policies name the same pods."""
    return {}


def _selects_nothing(namespace: str, selector: Selector, world: World) -> bool:
    pods = running(world)
    if not pods.inside(namespace) or outside(world).brings_pods(namespace):
        return False
    found = pods.maybe_selected(namespace, selector)
    return not (found or pods.selects_outside(namespace, selector))


def _nearest(namespace: str, selector: Selector, world: World) -> Object | None:
    """The workload that has the most of the labels, if one has any."""
    met = {
        item: sum(r.matches(item.pod_labels) for r in selector.requirements)
        for item in sorted(running(world).inside(namespace), key=str)
    }
    best = max(met, key=lambda item: met[item])
    return best if met[best] else None


def _unlike(item: Object, selector: Selector) -> str:
    """In which labels a workload differs from a selector."""
    unmet = [r for r in selector.requirements if not r.matches(item.pod_labels)]
    return " and ".join(
        f"whose {r.key} is {item.pod_labels[r.key]}"
        if r.key in item.pod_labels
        else f"which has no label {r.key}"
        for r in unmet
    )


@check(Severity.ERROR, "Service")
def service_target_port(item: Object, world: World) -> Iterator[Flaw]:
    """A named target port of a Service is a port of that name and protocol in its pods.

    Nothing is said of pods into which a container is injected, which may have the port.
    """
    selector = equality(item.spec.get("selector"))
    found = running(world).selected(item.given_namespace, selector) if selector else []
    chosen = [o for o in found if o.kind not in {"Job", "CronJob", "PodTemplate"}]
    if any(map(is_injected, chosen)):
        return
    for index, port in mappings(item.spec.get("ports")):
        name, protocol = text(port.get("targetPort")), text(port.get("protocol")) or "TCP"
        if name and chosen and not any((name, protocol) in _named_ports(o) for o in chosen):
            who = ", ".join(sorted(map(str, chosen))[:3])
            message = f"is {name}, and no container of {who} has a {protocol} port of this name"
            mend = f"Give a container port the name {name}, or use its number."
            yield Flaw(("spec", "ports", index, "targetPort"), message, mend)


def is_injected(workload: Object) -> bool:
    """Whether its pods say that somebody adds a container to them, as Istio and Vault do."""
    metadata = mapping(workload.pod.get("metadata"))
    said = {**mapping(metadata.get("labels")), **mapping(metadata.get("annotations"))}
    return any("inject" in str(key) and str(said[key]) not in _NOT_INJECTED for key in said)


_NOT_INJECTED = frozenset({"False", "disabled", "false"})


def _named_ports(workload: Object) -> set[tuple[str, str]]:
    return {
        (text(port.get("name")), text(port.get("protocol")) or "TCP")
        for _, container in workload.all_containers
        for _, port in mappings(container.get("ports"))
    }


@check(Severity.WARNING, HPA, SCALED, VPA)
def autoscaler_unserved(item: Object, world: World) -> Iterator[Flaw]:
    """An autoscaler scales the pods that serve, not those that Services have passed by.

    Fires where every Service that means its workload by some labels selects nothing, for want of
    others: a second set of pods, of another colour or version, is to serve instead.
    """
    key = "targetRef" if item.kind == VPA else "scaleTargetRef"
    kind, name = target_of(item.spec.get(key))
    workload = world.named(kind, item.given_namespace, name)
    missed = _passed_by(workload, world) if workload else []
    if workload and missed:
        services = ", ".join(str(service) for service, _ in missed)
        wanted = " or ".join(dict.fromkeys(shown(selector) for _, selector in missed))
        message = f"is {workload}, whose pods are passed by: {services} select {wanted}"
        mend = "Point the autoscaler at the workload whose pods serve."
        yield Flaw(("spec", key, "name"), message, mend)


def _passed_by(workload: Object, world: World) -> list[tuple[Object, Selector]]:
    """The Services that nearly select a workload, when all that do select nothing."""
    known, namespace = _services(world), workload.given_namespace
    labels = (*workload.pod_labels.items(), None)
    near = {id(found[0]): found for label in labels for found in known.get((namespace, label), ())}
    if any(selects(selector, workload) is not False for _, selector in near.values()):
        return []
    missed = [found for found in near.values() if selects_nothing(namespace, found[1], world)]
    return sorted(missed, key=lambda pair: str(pair[0]))


@fact
def _services(world: World) -> Mapping[tuple[str, Label | None], Sequence[tuple[Object, Selector]]]:
    """The Services with a selector, by namespace and by each label that they ask for.

    Those that ask only for what a pod gets at run time are under no label.
    """
    found: dict[tuple[str, Label | None], list[tuple[Object, Selector]]] = defaultdict(list)
    for item in world.of("Service"):
        selector = equality(item.spec.get("selector"))
        if selector:
            labels = pairs(item.spec.get("selector")).items()
            for label in (*labels, *(() if fixed_label(selector) else (None,))):
                found[item.given_namespace, label].append((item, selector))
    return found


@check(Severity.WARNING, *WORKLOADS)
def service_links(item: Object, world: World) -> Iterator[Flaw]:
    """The address of a Service, which Kubernetes sets as NAME_PORT, is not read as a port number.

    A container that is told NAME_HOST, for the name of a Service in its namespace, and nothing that
    begins with NAME_PORT, finds `tcp://10.0.0.1:6379` where its program expects a number.
    """
    names = _variables(world).get(item.given_namespace)
    if not names or item.pod_spec.get("enableServiceLinks") is False:
        return
    for path, container in item.all_containers:
        given = {text(e.get("name")): index for index, e in mappings(container.get("env"))}
        for variable, index in given.items():
            prefix = variable.removesuffix("_HOST")
            port = f"{prefix}_PORT"
            told = any(name.startswith(port) for name in given)
            if prefix != variable and prefix in names and not told and _only(container):
                message = f"is given without {port}, which Service {names[prefix]} sets to a URL"
                mend = f"Set enableServiceLinks to false, or set {port}."
                yield Flaw((*path, "env", index, "name"), message, mend)


def _only(container: Mapping[str, Any]) -> bool:
    """Whether its variables are all written down."""
    return not container.get("envFrom")


@fact
def _variables(world: World) -> Mapping[str, Mapping[str, str]]:
    """The prefixes of the variables that Services set, with their names, by namespace."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for item in world.of("Service"):
        if item.spec.get("clusterIP") != "None" and item.spec.get("type") != "ExternalName":
            found[item.given_namespace][_prefix(item.ref.name)] = item.ref.name
    return found


def _prefix(name: str) -> str:
    return name.upper().replace("-", "_")


CHECKS = (service_selects, service_target_port, autoscaler_unserved, service_links)
