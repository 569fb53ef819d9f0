"""Isolation: what one side allows the other allows too, and nobody is cut off by mistake."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from mistersmith_k8s.checks.check import Flaw, check
from mistersmith_k8s.checks.finding import Severity
from mistersmith_k8s.checks.objects.netpol import (
    POLICY,
    complete,
    container_ports,
    denies_by_default,
    is_wide,
    isolating,
    lets,
    meant_namespaces,
    namespace_labels,
    numbers,
    perhaps_for,
    policies,
    rules,
    subject,
    targets,
)
from mistersmith_k8s.checks.outside import outside
from mistersmith_k8s.checks.selection import OUTSIDE, alike, running
from mistersmith_k8s.checks.shape import mappings, text
from mistersmith_k8s.checks.world import WORKLOADS, fact

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mistersmith_k8s.checks.objects.netpol import Port, Rule
    from mistersmith_k8s.checks.world import Object, World

# Cluster DNS listens here; OpenShift's pods on the second. Source: kubernetes/dns, specification.
DNS = (("UDP", 53), ("UDP", 5353))

# A URL with a port: host, namespace if there is one, port.
_ADDRESS = re.compile(
    r"://(?:[^@/\s]*@)?([a-z0-9](?:[-a-z0-9]*[a-z0-9])?)(?:\.([a-z0-9][-a-z0-9]*))?"
    r"(?:\.svc(?:\.cluster\.local)?)?:([0-9]{1,5})(?=[/?#,]|$)"
)
_NAMED_HOST = re.compile(r"://(?:[^@/\s]*@)?[a-z][-.a-z0-9]*[a-z0-9](?=[:/?#,]|$)")


class Call(NamedTuple):
    """A connection that somebody evidently opens to pods of a namespace."""

    namespace: str
    port: int
    who: str


@check(Severity.ERROR, POLICY)
def policy_cuts_off(item: Object, world: World) -> Iterator[Flaw]:
    """A policy that isolates a whole namespace goes with others that let in what it serves.

    Fires for ports of the namespace that a rule elsewhere opens, or a URL names, while no policy
    of the namespace lets them in.
    """
    namespace = item.given_namespace
    if not (denies_by_default(item) and complete(world)) or outside(world).brings_pods(namespace):
        return
    calls: dict[int, Call] = {}
    for call in _calls(world).get(namespace, ()):
        calls.setdefault(call.port, call)
    for call in calls.values():
        if not _admitted(namespace, call.port, world):
            listens = _listens(namespace, call.port, world)
            message = f"lets nothing in, nor does another policy on TCP {call.port}: {call.who}"
            mend = f"Add a policy for the pods that listen on {call.port}, with an ingress rule."
            severity = Severity.ERROR if listens else Severity.WARNING
            yield Flaw(("spec", "podSelector"), message, mend, severity)


def _listens(namespace: str, port: int, world: World) -> bool:
    """Whether pods of the input in a namespace declare a TCP port."""
    inside = running(world).inside(namespace)
    return any(("TCP", port) == found[1:] for item in inside for found in container_ports(item))


def _admitted(namespace: str, port: int, world: World) -> bool:
    """Whether some policy of a namespace lets a TCP port in."""
    for policy in policies(world).get(namespace, ()):
        for rule in rules(policy, "ingress"):
            named = any(p.name and _named(p, namespace, port, world) for p in rule.ports)
            if not rule.ports or named or any(p.has("TCP", port) for p in rule.ports):
                return True
    return False


def _named(port: Port, namespace: str, number: int, world: World) -> bool:
    inside = running(world).inside(namespace)
    return any(number in numbers(port, workload) for workload in inside) or not inside


@fact
def _calls(world: World) -> Mapping[str, Sequence[Call]]:
    """The connections that rules and URLs show, by the namespace that they lead to."""
    found: dict[str, list[Call]] = defaultdict(list)
    for policy in sorted(world.of(POLICY), key=str):
        for rule in rules(policy, "egress"):
            for peer in rule.peers:
                spaces = meant_namespaces(policy, peer, world)
                ports = [p for p in rule.ports if p.protocol == "TCP" and p.first and not p.last]
                for space in spaces if len(spaces) == 1 and not is_wide(peer) else ():
                    who = f"{policy} opens it towards {space}"
                    found[space].extend(Call(space, p.first or 0, who) for p in ports)
    for workload in sorted(world.workloads, key=str):
        for call in _urls(workload, world):
            found[call.namespace].append(call)
    return found


def _urls(workload: Object, world: World) -> Iterator[Call]:
    """The addresses in variables of a workload whose port is that of the pods, for all we know."""
    for _, container in workload.all_containers:
        for _, entry in mappings(container.get("env")):
            for name, namespace, port in _ADDRESS.findall(text(entry.get("value"))):
                place = namespace or workload.given_namespace
                known = not namespace or place in namespace_labels(world)
                who = f"{workload} calls it by {text(entry.get('name'))}"
                for number in _behind(place, name, int(port), world) if known else ():
                    yield Call(place, number, who)


def _behind(namespace: str, name: str, port: int, world: World) -> Iterator[int]:
    """The ports of the pods behind a port of a Service; the same where there is none."""
    service = world.named("Service", namespace, name)
    if service is None and name != "localhost":
        yield port
    for _, entry in mappings(service.spec.get("ports") if service else None):
        target = entry.get("targetPort", entry.get("port"))
        if entry.get("port") == port and isinstance(target, int):
            yield target


@check(Severity.ERROR, POLICY)
def policy_one_sided(item: Object, world: World) -> Iterator[Flaw]:
    """What a rule lets one side do, the policies of the other side let happen.

    A connection needs both: egress from where it starts, ingress where it ends.
    """
    if item.annotations.get(OUTSIDE) == "outside" or not complete(world):
        return
    about = subject(item)
    own = running(world).selected(item.given_namespace, about) if about else []
    own = sorted(own, key=str)
    for rule in rules(item, "egress") if own else ():
        others = targets(item, rule, world)
        exact = all(p.pods and p.pods.requirements and not is_wide(p) for p in rule.peers)
        certain = others and exact
        for port in rule.ports if certain else ():
            if not _brought(item, rule, world) and not _met(own, others, port, world):
                message = f"opens {_shown(port)} towards {_named_all(others)}, which lets it in"
                message = f"{message} by no policy"
                mend = "Add the ingress rule on the other side, or remove this one."
                yield Flaw(port.path, message, mend)


def _met(own: Sequence[Object], others: Sequence[Object], port: Port, world: World) -> bool:
    """Whether one of the others perhaps lets one of the own in on a port."""
    callers = alike(own)
    for other in alike(others):
        guards = isolating(other, "ingress", world)
        wanted = numbers(port, other)
        if not guards or not wanted:
            return True
        for rule in chain.from_iterable(perhaps_for(g, "ingress", callers, world) for g in guards):
            if any(lets(rule, other, port.protocol, number) for number in wanted):
                return True
    return False


def _brought(item: Object, rule: Rule, world: World) -> bool:
    """Whether there may be other pods that the rule means."""
    spaces = {space for peer in rule.peers for space in meant_namespaces(item, peer, world)}
    pods = running(world)
    return any(outside(world).brings_pods(space) or pods.outside(space) for space in spaces)


def _shown(port: Port) -> str:
    return f"{port.protocol} {port.name or port.first}"


def _named_all(items: Sequence[Object]) -> str:
    rest = len(items) - 1
    return f"{items[0]}" if not rest else f"{items[0]} and {rest} more"


@check(Severity.WARNING, "Namespace")
def namespace_open(item: Object, world: World) -> Iterator[Flaw]:
    """A namespace is isolated by default, where others of the input are."""
    name = item.ref.name
    closed = _closed(world)
    if closed and name not in closed and not outside(world).declares("Pod", name, "some"):
        message = f"lets every connection in, while {min(closed)} denies by default"
        mend = "Add a NetworkPolicy with an empty podSelector and policyTypes Ingress and Egress."
        yield Flaw(("metadata", "name"), message, mend)


@fact
def _closed(world: World) -> frozenset[str]:
    """The declared namespaces that a policy isolates as a whole."""
    found = (item.given_namespace for item in world.of(POLICY) if denies_by_default(item))
    return frozenset(found) & outside(world).namespaces


@check(Severity.ERROR, *WORKLOADS)
def dns_cut_off(item: Object, world: World) -> Iterator[Flaw]:
    """Pods that may open connections by name may ask for names.

    It is an error where a variable of theirs holds a host name, else a warning.
    """
    guards = isolating(item, "egress", world)
    allowed = [(guard, rule) for guard in guards for rule in rules(guard, "egress")]
    if not (allowed and complete(world)) or item.pod_spec.get("hostNetwork") is True:
        return
    if any(_reaches_dns(guard, rule, world) for guard, rule in allowed):
        return
    named = _names_host(item)
    if named or any(peer.pods or peer.namespaces for _, rule in allowed for peer in rule.peers):
        message = f"may not ask for names: {guards[0]} isolates it and no policy allows DNS"
        mend = "Allow egress on UDP and TCP 53 to namespace kube-system, pods k8s-app: kube-dns."
        path = (*(item.pod_path or ()), "metadata", "labels")
        yield Flaw(path, message, mend, Severity.ERROR if named else Severity.WARNING)


def _reaches_dns(policy: Object, rule: Rule, world: World) -> bool:
    """Whether a rule perhaps lets through to cluster DNS, wherever that runs."""
    ports = not rule.ports or any(port.has(*dns) for port in rule.ports for dns in DNS)
    ports = ports or any(port.name for port in rule.ports)
    elsewhere = not rule.peers or any(p.block or p.namespaces is not None for p in rule.peers)
    return ports and (elsewhere or outside(world).brings_pods(policy.given_namespace))


def _names_host(item: Object) -> bool:
    values = (
        text(entry.get("value"))
        for _, container in item.all_containers
        for _, entry in mappings(container.get("env"))
    )
    return any(_NAMED_HOST.search(value) and "localhost" not in value for value in values)


CHECKS = (policy_cuts_off, policy_one_sided, namespace_open, dns_cut_off)
