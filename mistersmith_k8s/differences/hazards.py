"""What hurts about a change: what the cluster refuses, deletes, opens or fights over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from mistersmith_k8s.checks import examine, load
from mistersmith_k8s.checks.shape import lookup, mapping, text
from mistersmith_k8s.checks.world import Object, World
from mistersmith_k8s.differences.changes import ABSENT, ObjectChange
from mistersmith_k8s.differences.immutable import below, is_immutable
from mistersmith_k8s.differences.opened import opened
from mistersmith_k8s.manifest import ObjectRef, ref
from mistersmith_k8s.pod_security import LATEST, Level, evaluate, namespace_policy, pod_of
from mistersmith_k8s.quantity import amount

if TYPE_CHECKING:
    from mistersmith_k8s.pod_security import Template

Manifests = Sequence[Mapping[str, Any]]
LEVELS = tuple(Level)


class Hazard(NamedTuple):
    """One thing about a change that a reviewer should know before it is applied."""

    id: str
    object: ObjectRef
    message: str


LOSES_DATA = {
    "PersistentVolumeClaim": "its data goes with it unless the volume is retained",
    "Namespace": "everything in it is deleted",
    "StatefulSet": "its claims stay behind, unused",
    "CustomResourceDefinition": "all its objects are deleted",
}


def hazards(changes: Iterable[ObjectChange], old: Manifests, new: Manifests) -> list[Hazard]:
    """Everything about some changes that hurts, sorted by object."""
    found = [hazard for change in changes for look in _LOOKS for hazard in look(change)]
    found += _replicas_under_autoscaler(old, new)
    found += _exceeded(old, new)
    found += _opened(old, new)
    return sorted(found, key=lambda hazard: (hazard.object, hazard.id, hazard.message))


def _deleted(change: ObjectChange) -> Iterator[Hazard]:
    loss = LOSES_DATA.get(change.object.kind)
    if change.new is None and loss:
        kept = lookup(change.old, ("spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted"))
        loss = "its claims are deleted with it" if kept == "Delete" else loss
        yield Hazard("deleted", change.object, f"is removed: {loss}")


def _immutable(change: ObjectChange) -> Iterator[Hazard]:
    for field in change.fields:
        if is_immutable(change, field):
            message = f"{field.field} cannot be changed: delete and create the object again"
            yield Hazard("immutable", change.object, message)


def _shrunk(change: ObjectChange) -> Iterator[Hazard]:
    """Source: k8s.io/kubernetes pkg/apis/core/validation, ValidatePersistentVolumeClaimUpdate."""
    for field in change.fields if change.object.kind == "PersistentVolumeClaim" else ():
        if field.path[:2] == ("spec", "resources") and _less(field.old, field.new):
            message = f"{field.field} goes from {field.old} down to {field.new}: claims only grow"
            yield Hazard("immutable", change.object, message)


def _selector(change: ObjectChange) -> Iterator[Hazard]:
    kinds = {"Service", "PodDisruptionBudget", "NetworkPolicy"}
    fields = [f.field for f in change.fields if below(f.field, SELECTORS)]
    if change.object.kind in kinds and fields:
        yield Hazard("selector", change.object, f"{fields[0]} selects other pods than before")


SELECTORS = ("spec.selector", "spec.podSelector")


def _looser(change: ObjectChange) -> Iterator[Hazard]:
    if change.object.kind != "Namespace" or change.new is None or change.old is None:
        return
    was, now = (_policy(manifest) for manifest in (change.old, change.new))
    for mode in ("enforce", "audit", "warn"):
        before, after = getattr(was, mode), getattr(now, mode)
        if LEVELS.index(after.level) < LEVELS.index(before.level):
            message = f"Pod Security {mode} goes from {before.level} down to {after.level}"
            yield Hazard("pod-security", change.object, message)


def _policy(namespace: Mapping[str, Any]) -> Any:
    labels = mapping(lookup(namespace, ("metadata", "labels")))
    return namespace_policy({str(key): str(value) for key, value in labels.items()})


def _looser_pods(change: ObjectChange) -> Iterator[Hazard]:
    """Pods that fitted a level of Pod Security, and fit only a lower one now."""
    if change.old is None or change.new is None:
        return
    was, now = pod_of(change.old), pod_of(change.new)
    if was is None or now is None or was == now:
        return
    before, after = _fitted(was), _fitted(now)
    if LEVELS.index(after) < LEVELS.index(before):
        message = f"its pods fitted Pod Security {before}, and now only {after}"
        yield Hazard("pod-security", change.object, message)


def _fitted(pod: Template) -> Level:
    """The strictest level that forbids nothing about a pod."""
    fits = (
        level
        for level in reversed(LEVELS)
        if level is Level.PRIVILEGED or not evaluate(pod.metadata, pod.spec, level, LATEST)
    )
    return next(fits)


def _quota(change: ObjectChange) -> Iterator[Hazard]:
    if change.object.kind != "ResourceQuota":
        return
    for field in change.fields:
        if field.path[:2] == ("spec", "hard") and _less(field.old, field.new):
            was = "no limit" if field.old is ABSENT else field.old
            message = f"{field.field} goes from {was} down to {field.new}"
            yield Hazard("quota", change.object, message)


def _exceeded(old: Manifests, new: Manifests) -> Iterator[Hazard]:
    """Quotas that cannot hold what is to run, and could before."""
    known = {(quota, key) for quota, key, _ in _too_small(old)}
    for quota, key, message in _too_small(new):
        if (quota, key) not in known:
            yield Hazard("quota", quota, message)


def _too_small(manifests: Manifests) -> Iterator[tuple[ObjectRef, str, str]]:
    world = World(map(Object, manifests))
    for finding in examine(world, load(("quota-holds",))).findings:
        name = str(finding.path[-1])
        yield finding.object, name, f"spec.hard[{name}]: {finding.message}"


def _less(old: Any, new: Any) -> bool:
    if ABSENT in (old, new):
        return old is ABSENT
    try:
        return amount(str(new)) < amount(str(old))
    except ValueError:
        return False


def _replicas_under_autoscaler(old: Manifests, new: Manifests) -> Iterator[Hazard]:
    """Workloads that name other replicas than before while an autoscaler owns them."""
    were = dict(_owned(old))
    for identity, replicas in _owned(new):
        if were.get(identity) != replicas:
            message = "spec.replicas is set, and an autoscaler owns it: each apply resets it"
            yield Hazard("replicas", identity, message)


def _owned(manifests: Manifests) -> Iterator[tuple[ObjectRef, Any]]:
    """The autoscaled workloads that name replicas, with how many."""
    targets = set(_targets(manifests))
    for manifest in manifests:
        identity, replicas = ref(manifest), lookup(manifest, ("spec", "replicas"))
        place = (identity.kind, identity.namespace, identity.name)
        if replicas is not None and place in targets:
            yield identity, replicas


def _targets(manifests: Manifests) -> Iterator[tuple[str, str, str]]:
    for manifest in manifests:
        if ref(manifest).kind in {"HorizontalPodAutoscaler", "ScaledObject"}:
            target = mapping(lookup(manifest, ("spec", "scaleTargetRef")))
            kind = text(target.get("kind")) or "Deployment"
            yield kind, ref(manifest).namespace, text(target.get("name"))


def _opened(old: Manifests, new: Manifests) -> Iterator[Hazard]:
    for line in opened(old, new):
        yield Hazard("connectivity", CONNECTIVITY, f"opened: {line}")


CONNECTIVITY = ObjectRef("", "NetworkPolicies", "", "")


_LOOKS: tuple[Callable[[ObjectChange], Iterator[Hazard]], ...] = (
    _deleted,
    _immutable,
    _shrunk,
    _selector,
    _looser,
    _looser_pods,
    _quota,
)
