"""Quotas: what they hold when everything runs at full scale, and whom they refuse."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from mistersmith_k8s.checks.check import Flaw, check
from mistersmith_k8s.checks.finding import Severity
from mistersmith_k8s.checks.objects import vertical
from mistersmith_k8s.checks.objects.amounts import (
    ZERO,
    defaults_for,
    limit_ranges,
    pod_amounts,
    stated,
)
from mistersmith_k8s.checks.objects.scaling import Replicas, replicas
from mistersmith_k8s.checks.selection import running
from mistersmith_k8s.checks.shape import lookup, mapping, mappings, quantity, text
from mistersmith_k8s.checks.world import WORKLOADS, fact
from mistersmith_k8s.quantity import cores, size

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mistersmith_k8s.checks.objects.amounts import Side, Stated
    from mistersmith_k8s.checks.world import Object, World

# What a quota may count of pods: its key, and the side and resource of a container.
COUNTED: Mapping[str, tuple[Side, str]] = {
    "cpu": ("requests", "cpu"),
    "memory": ("requests", "memory"),
    "ephemeral-storage": ("requests", "ephemeral-storage"),
    "requests.cpu": ("requests", "cpu"),
    "requests.memory": ("requests", "memory"),
    "requests.ephemeral-storage": ("requests", "ephemeral-storage"),
    "limits.cpu": ("limits", "cpu"),
    "limits.memory": ("limits", "memory"),
    "limits.ephemeral-storage": ("limits", "ephemeral-storage"),
}
PODS = frozenset({"pods", "count/pods"})

# What a container must state when a quota counts it. Source: k8s.io/kubernetes
# pkg/quota/v1/evaluator/core, pods: only cpu and memory are asked of every container.
ASKED = tuple(key for key in COUNTED if not key.endswith("ephemeral-storage"))

# Objects that a quota counts, by its key.
OBJECTS: Mapping[str, str] = {
    "configmaps": "ConfigMap",
    "persistentvolumeclaims": "PersistentVolumeClaim",
    "replicationcontrollers": "ReplicationController",
    "secrets": "Secret",
    "services": "Service",
    "count/configmaps": "ConfigMap",
    "count/cronjobs.batch": "CronJob",
    "count/deployments.apps": "Deployment",
    "count/jobs.batch": "Job",
    "count/persistentvolumeclaims": "PersistentVolumeClaim",
    "count/replicationcontrollers": "ReplicationController",
    "count/secrets": "Secret",
    "count/services": "Service",
    "count/statefulsets.apps": "StatefulSet",
}
CLAIMS = frozenset({"persistentvolumeclaims", "count/persistentvolumeclaims", "requests.storage"})


class Need(NamedTuple):
    """What one workload needs of one thing: now, at full scale with its surge, and raised.

    Raised is what a VerticalPodAutoscaler may make of it.
    """

    item: Object
    pods: Replicas
    now: Decimal
    full: Decimal
    raised: Decimal


@check(Severity.ERROR, "ResourceQuota")
def quota_holds(item: Object, world: World) -> Iterator[Flaw]:
    """A quota holds every workload at full scale, while a rollout adds its surge.

    What runs at once without any scaling must fit, and each workload alone at its maximum. That
    all of them reach their maximum together, or are raised by a VerticalPodAutoscaler, is a risk.
    """
    if item.spec.get("scopes") or item.spec.get("scopeSelector"):
        return
    for key, hard in mapping(item.spec.get("hard")).items():
        limit = quantity(hard)
        if limit is None or not isinstance(key, str):
            continue
        needs = _needs(key, item.given_namespace, world)
        excess = _excess(needs, limit)
        if excess:
            severity, needed, why, largest = excess
            message = f"{hard} cannot hold {_shown(key, needed)}, {why}{_of(key, largest, why)}"
            mend = f"Raise it, or lower the replicas or resources of {largest.item}."
            yield Flaw(("spec", "hard", key), message, mend, severity)


class Excess(NamedTuple):
    """What does not fit: how bad it is, how much, when, and the largest part of it."""

    severity: Severity
    needed: Decimal
    why: str
    largest: Need


def _excess(needs: Sequence[Need], limit: Decimal) -> Excess | None:
    """The worst way in which needs exceed a limit."""
    if not needs:
        return None
    needs = sorted(needs, key=lambda need: str(need.item))
    now = sum((need.now for need in needs), ZERO)
    largest = max(needs, key=lambda need: need.full)
    if now > limit:
        largest = max(needs, key=lambda need: need.now)
        return Excess(Severity.ERROR, now, "the need before anything is scaled", largest)
    if largest.full > limit:
        why = f"what {largest.item} alone needs at full scale during a rollout"
        return Excess(Severity.ERROR, largest.full, why, largest)
    full = sum((need.full for need in needs), ZERO)
    if full > limit:
        why = "the need of all workloads at full scale during a rollout"
        return Excess(Severity.WARNING, full, why, largest)
    raised = sum((need.raised for need in needs), ZERO)
    if raised > limit:
        why = "the need at full scale during a rollout when vertical autoscalers raise pods"
        largest = max(needs, key=lambda need: need.raised)
        return Excess(Severity.WARNING, raised, why, largest)
    return None


def _needs(key: str, namespace: str, world: World) -> Sequence[Need]:
    if key in COUNTED or key in PODS:
        return _pod_needs(world).get((namespace, key), ())
    if key in OBJECTS or key in CLAIMS:
        return _object_needs(world).get((namespace, key), ())
    return ()


@fact
def _pod_needs(world: World) -> Mapping[tuple[str, str], list[Need]]:
    """What the workloads need that quotas count of pods, by namespace and key."""
    found: dict[tuple[str, str], list[Need]] = defaultdict(list)
    guarded = {quota.given_namespace for quota in world.of("ResourceQuota")}
    for item in world.workloads:
        if item.given_namespace in guarded and item.kind in WORKLOADS:
            for key, need in _pod_need(item, world):
                found[item.given_namespace, key].append(need)
    return found


def _pod_need(item: Object, world: World) -> Iterator[tuple[str, Need]]:
    defaults = defaults_for(item, world)
    raises = vertical.maxima(item, world)

    def raised(container: Mapping[str, Any]) -> Stated:
        return vertical.raised(stated(container, defaults), raises, text(container.get("name")))

    pods = replicas(item, world)
    plain = pod_amounts(item, lambda container: stated(container, defaults))
    upper = pod_amounts(item, raised) if raises else plain
    for key in PODS:
        yield key, _need(item, pods, Decimal(1), Decimal(1))
    for key, (side, name) in COUNTED.items():
        yield key, _need(item, pods, plain[side].get(name, ZERO), upper[side].get(name, ZERO))


def _need(item: Object, pods: Replicas, each: Decimal, upper: Decimal) -> Need:
    most = pods.most + pods.surge
    return Need(item, pods, each * pods.now, each * most, upper * most)


@fact
def _object_needs(world: World) -> Mapping[tuple[str, str], list[Need]]:
    """The objects and claims that quotas count, by namespace and key."""
    found: dict[tuple[str, str], list[Need]] = defaultdict(list)

    def add(item: Object, key: str, now: Decimal, full: Decimal, pods: Replicas) -> None:
        found[item.given_namespace, key].append(Need(item, pods, now, full, full))

    once = Replicas(1, 1, 0)
    for key, kind in OBJECTS.items():
        for item in world.of(kind):
            add(item, key, Decimal(1), Decimal(1), once)
    for item in world.of("PersistentVolumeClaim"):
        amount = _storage(item.manifest)
        add(item, "requests.storage", amount, amount, once)
    for item in world.of("StatefulSet"):
        pods = replicas(item, world)
        for _, claim in mappings(item.spec.get("volumeClaimTemplates")):
            for key in sorted(CLAIMS):
                each = _storage(claim) if key == "requests.storage" else Decimal(1)
                add(item, key, each * pods.now, each * pods.most, pods)
    return found


def _storage(claim: Mapping[str, Any]) -> Decimal:
    return quantity(lookup(claim, ("spec", "resources", "requests", "storage"))) or ZERO


def _of(key: str, need: Need, why: str) -> str:
    """How many pods the largest part has, unless pods are not what is counted."""
    if key not in COUNTED and key not in PODS:
        return ""
    pods = need.pods
    surge = f", {pods.surge} of them of a rollout" if pods.surge else ""
    who = "it" if str(need.item) in why else str(need.item)
    return f"; {who} has up to {pods.most + pods.surge} pods{surge}"


def _shown(key: str, value: Decimal) -> str:
    if key.endswith("cpu"):
        return cores(value)
    return size(value) if key.endswith(("memory", "storage")) else str(value.normalize())


@check(Severity.ERROR, *WORKLOADS)
def quota_refuses(item: Object, world: World) -> Iterator[Flaw]:
    """Each container states what a quota of its namespace counts, or a LimitRange states it.

    The API server refuses to create a pod that does not, whoever creates it.
    """
    asked = _asked(world).get(item.given_namespace, {})
    whole_pod = mapping(item.pod_spec.get("resources"))
    defaults = defaults_for(item, world) if asked else None
    if defaults is None:
        return
    for path, container in item.all_containers:
        said = stated(container, defaults)
        if "ephemeralContainers" in path:
            continue
        for (side, name), quota in asked.items():
            if name not in said[side] and name not in mapping(whole_pod.get(side)):
                message = f"must be given: ResourceQuota {quota} counts {side}.{name}"
                mend = f"Set resources.{side}.{name}, or add a LimitRange with a default for it."
                yield Flaw((*path, "resources", side, name), message, mend)


@check(Severity.WARNING, "ResourceQuota")
def quota_defaults(item: Object, world: World) -> Iterator[Flaw]:
    """A quota that counts what containers state has a LimitRange that states it for the rest.

    Otherwise one container without it, of a job, a sidecar or a debug session, is refused.
    """
    lacking = sorted(
        key
        for key, (side, name) in COUNTED.items()
        if key in ASKED
        and key in mapping(item.spec.get("hard"))
        and name not in _given(item.given_namespace, world)[side]
    )
    if lacking and running(world).inside(item.given_namespace) and _counts_all(item):
        listed = ", ".join(lacking)
        message = f"counts {listed}, and no LimitRange gives containers that do not say a default"
        mend = "Add a LimitRange of type Container with default and defaultRequest."
        yield Flaw(("spec", "hard"), message, mend)


def _given(namespace: str, world: World) -> Stated:
    return limit_ranges(world).get(namespace) or {"requests": {}, "limits": {}}


def _counts_all(quota: Object) -> bool:
    """Whether a quota counts every pod, and not those of some scope."""
    return not quota.spec.get("scopes") and not quota.spec.get("scopeSelector")


@fact
def _asked(world: World) -> Mapping[str, Mapping[tuple[Side, str], str]]:
    """What containers must state, with the quota that asks, by namespace."""
    found: dict[str, dict[tuple[Side, str], str]] = defaultdict(dict)
    for quota in sorted(world.of("ResourceQuota"), key=str):
        hard = mapping(quota.spec.get("hard"))
        for key in ASKED if _counts_all(quota) else ():
            if key in hard:
                found[quota.given_namespace].setdefault(COUNTED[key], quota.ref.name)
    return found


CHECKS = (quota_holds, quota_refuses, quota_defaults)
