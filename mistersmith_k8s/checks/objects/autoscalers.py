"""Autoscalers: one owner per workload, with what it needs to decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mistersmith_k8s.checks.check import Flaw, check
from mistersmith_k8s.checks.finding import Severity
from mistersmith_k8s.checks.objects import vertical
from mistersmith_k8s.checks.objects.amounts import defaults_for, stated
from mistersmith_k8s.checks.objects.scaling import (
    HPA,
    SCALABLE,
    SCALED,
    VPA,
    scaler_of,
    scalers,
    scalers_of,
    target_of,
)
from mistersmith_k8s.checks.outside import outside
from mistersmith_k8s.checks.shape import lookup, mapping, mappings, text
from mistersmith_k8s.checks.world import fact

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mistersmith_k8s.checks.finding import Path
    from mistersmith_k8s.checks.world import Object, World

# The API that has the metrics of each type, and the type's key.
# Source: https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/
PROVIDED: Mapping[str, tuple[str, str]] = {
    "Pods": ("custom.metrics.k8s.io", "pods"),
    "Object": ("custom.metrics.k8s.io", "object"),
    "External": ("external.metrics.k8s.io", "external"),
}

# Programs that serve these APIs, by the beginning of their image's name.
ADAPTERS = (
    "cluster-agent",
    "custom-metrics",
    "k8s-prometheus-adapter",
    "keda",
    "prometheus-adapter",
)


@check(Severity.ERROR, HPA, SCALED)
def autoscaler_owners(item: Object, world: World) -> Iterator[Flaw]:
    """A workload has one autoscaler: two of them stop each other, and nothing scales.

    Source: kubernetes/kubernetes pull 112011, condition AmbiguousSelector.
    """
    scaler = scaler_of(item)
    if scaler is None:
        return
    owners = scalers(world).get((item.given_namespace, scaler.target), ())
    others = sorted({str(o.item) for o in owners if o.item.ref != item.ref})
    if others and any(o.item is item for o in owners):
        message = f"is {scaler.target.kind} {scaler.target.name}, which {others[0]} scales too"
        yield Flaw((*scaler.path, "name"), message, "Keep one autoscaler for each workload.")


@check(Severity.WARNING, *SCALABLE)
def replicas_beside_autoscaler(item: Object, world: World) -> Iterator[Flaw]:
    """An autoscaled workload leaves `replicas` to its autoscaler.

    Whoever applies the manifest again resets the number that the autoscaler chose.
    """
    owners = sorted(str(scaler.item) for scaler in scalers_of(item, world))
    if owners and item.spec.get("replicas") is not None:
        message = f"is {item.spec['replicas']}, and {owners[0]} scales this workload"
        yield Flaw(("spec", "replicas"), message, "Remove replicas.")


@check(Severity.ERROR, HPA)
def autoscaler_requests(item: Object, world: World) -> Iterator[Flaw]:
    """Utilization is a share of requests, so every container that it measures has one."""
    target = target_of(item.spec.get("scaleTargetRef"))
    workload = world.named(target.kind, item.given_namespace, target.name)
    if workload is None:
        return
    for path, resource, only in _utilizations(item):
        lacking = [
            text(container.get("name"))
            for _, container in mappings(workload.pod_spec.get("containers"))
            if only in {"", text(container.get("name"))}
            and resource not in stated(container, defaults_for(workload, world))["requests"]
        ]
        whole_pod = mapping(lookup(workload.pod_spec, ("resources", "requests")))
        if lacking and resource not in whole_pod:
            message = f"is a share of the {resource} requests, and {', '.join(lacking)} has none"
            mend = f"Set resources.requests.{resource} in every container of {workload}."
            yield Flaw(path, message, mend)


def _utilizations(item: Object) -> Iterator[tuple[Path, str, str]]:
    """Each metric that is a share of requests: its path, its resource, and its container if one."""
    version = text(item.manifest.get("apiVersion"))
    if version == "autoscaling/v1" and "targetCPUUtilizationPercentage" in item.spec:
        yield ("spec", "targetCPUUtilizationPercentage"), "cpu", ""
    for index, metric in mappings(item.spec.get("metrics")):
        for key in ("resource", "containerResource"):
            source = mapping(metric.get(key))
            if lookup(source, ("target", "type")) == "Utilization":
                path = ("spec", "metrics", index, key, "target", "averageUtilization")
                yield path, text(source.get("name")), text(source.get("container"))


@check(Severity.WARNING, HPA)
def autoscaler_metrics(item: Object, world: World) -> Iterator[Flaw]:
    """Custom and external metrics have a provider: without one the autoscaler never scales down.

    A provider is an APIService of the metrics' group, or a program that is known to serve it.
    """
    seen: set[str] = set()
    for index, metric in mappings(item.spec.get("metrics")):
        group, key = PROVIDED.get(text(metric.get("type")), ("", ""))
        if group and group not in seen and not _served(group, world):
            seen.add(group)
            name = text(lookup(metric, (key, "metric", "name")))
            message = f"is {name}, and the input has nothing that serves {group}"
            mend = f"Add an adapter with its APIService, or list APIService/v1beta1.{group}"
            mend = f"{mend} as external; a ScaledObject of KEDA brings its own."
            yield Flaw(("spec", "metrics", index, key, "metric", "name"), message, mend)


def _served(group: str, world: World) -> bool:
    external = outside(world)
    declared = (f"{version}.{group}" for version in ("v1beta1", "v1beta2"))
    return (
        group in _services(world)
        or not world.setting.complete
        or external.anywhere
        or any(external.declares("APIService", "", name) for name in declared)
    )


@fact
def _services(world: World) -> frozenset[str]:
    """The groups of metrics that something in the input serves."""
    groups = {text(item.spec.get("group")) for item in world.of("APIService")}
    if any(_adapts(item) for item in world.workloads):
        groups.update(group for group, _ in PROVIDED.values())
    return frozenset(groups)


def _adapts(item: Object) -> bool:
    images = (text(container.get("image")) for _, container in item.all_containers)
    return any(image.rpartition("/")[2].startswith(ADAPTERS) for image in images)


@check(Severity.WARNING, VPA)
def autoscalers_on_one_metric(item: Object, world: World) -> Iterator[Flaw]:
    """A vertical and a horizontal autoscaler do not both follow cpu, or memory, of one workload.

    The one raises requests, so utilization falls, and the other removes pods.
    Source: https://kubernetes.io/docs/concepts/workloads/autoscaling/
    """
    target = target_of(item.spec.get("targetRef"))
    followed = _controlled(item) if vertical.acts(item) else set()
    found = scalers(world).get((item.given_namespace, target), ())
    for scaler in sorted(found, key=lambda scaler: str(scaler.item)):
        both = sorted(followed & _measured(scaler.item))
        if both:
            names = " and ".join(both)
            message = f"changes {names} of pods that {scaler.item} scales by {names}"
            mend = 'Set updateMode to "Off", or scale by another metric.'
            yield Flaw(("spec", "updatePolicy", "updateMode"), message, mend)
            return


def _controlled(item: Object) -> set[str]:
    """The resources that a VerticalPodAutoscaler changes in some container."""
    policies = [policy for _, policy in vertical.policies(item)]
    if not any(policy.get("containerName") == "*" for policy in policies):
        named = [policy for policy in policies if policy.get("mode") != "Off"]
        policies = named or [{}]
    return {resource for policy in policies for resource in vertical.controlled(policy)}


def _measured(scaler: Object) -> set[str]:
    """The resources whose use an autoscaler of replicas follows."""
    if scaler.kind == SCALED:
        triggers = mappings(scaler.spec.get("triggers"))
        return {text(t.get("type")) for _, t in triggers} & set(vertical.RESOURCES)
    metrics = [metric for _, metric in mappings(scaler.spec.get("metrics"))]
    found = {
        text(mapping(metric.get(key)).get("name"))
        for metric in metrics
        for key in ("resource", "containerResource")
    }
    # Without metrics it follows cpu. Source: k8s.io/api/autoscaling/v2, metrics.
    return found & set(vertical.RESOURCES) if metrics else {"cpu"}


@check(Severity.WARNING, VPA)
def vertical_auto_mode(item: Object, _: World) -> Iterator[Flaw]:
    """A VerticalPodAutoscaler says how it changes pods: its mode Auto is deprecated.

    Source: kubernetes/autoscaler vertical-pod-autoscaler, docs/quickstart.md.
    """
    path = ("spec", "updatePolicy", "updateMode")
    if item.at(*path) == "Auto":
        message = "is Auto, which is deprecated and evicts pods as Recreate does"
        yield Flaw(path, message, "Use Recreate, InPlaceOrRecreate, Initial or Off.")


@check(Severity.WARNING, VPA)
def vertical_containers(item: Object, world: World) -> Iterator[Flaw]:
    """A VerticalPodAutoscaler has policies for containers that its workload has."""
    kind, name = target_of(item.spec.get("targetRef"))
    workload = world.named(kind, item.given_namespace, name)
    containers = workload.all_containers if workload else ()
    known = {text(container.get("name")) for _, container in containers}
    for index, policy in vertical.policies(item):
        container = text(policy.get("containerName"))
        if known and container and container not in known | {"*"}:
            message = f"is {container}, and {workload} has only {', '.join(sorted(known))}"
            path = ("spec", "resourcePolicy", "containerPolicies", index, "containerName")
            yield Flaw(path, message, "Correct the name, or remove the policy.")


CHECKS = (
    autoscaler_owners,
    replicas_beside_autoscaler,
    autoscaler_requests,
    autoscaler_metrics,
    autoscalers_on_one_metric,
    vertical_auto_mode,
    vertical_containers,
)
