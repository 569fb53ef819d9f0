"""What hurts about a change: what the cluster refuses, deletes, opens or fights over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from mistersmith_k8s.checks.shape import lookup, mapping
from mistersmith_k8s.connectivity import Connection, External, connections, render_txt, universe
from mistersmith_k8s.differences.changes import ABSENT, FieldChange, ObjectChange
from mistersmith_k8s.manifest import ObjectRef, ref
from mistersmith_k8s.pod_security import Level, namespace_policy
from mistersmith_k8s.quantity import amount

Manifests = Sequence[Mapping[str, Any]]


class Hazard(NamedTuple):
    """One thing about a change that a reviewer should know before it is applied."""

    id: str
    object: ObjectRef
    message: str


# Fields that the API server refuses to change, by kind; a prefix covers all below it.
# Source: k8s.io/kubernetes, pkg/apis/*/validation, `Validate*Update`.
IMMUTABLE: Mapping[str, tuple[str, ...]] = {
    "Deployment": ("spec.selector",),
    "DaemonSet": ("spec.selector",),
    "ReplicaSet": ("spec.selector",),
    "Job": ("spec.selector", "spec.template", "spec.completionMode"),
    "Service": ("spec.clusterIP",),
    "PersistentVolumeClaim": ("spec.storageClassName", "spec.accessModes", "spec.volumeName"),
    "PriorityClass": ("value", "preemptionPolicy"),
    "StorageClass": ("provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"),
    "RoleBinding": ("roleRef",),
    "ClusterRoleBinding": ("roleRef",),
}
# All of a StatefulSet's spec but these.
STATEFUL_SET_MUTABLE = (
    "spec.replicas",
    "spec.ordinals",
    "spec.template",
    "spec.updateStrategy",
    "spec.revisionHistoryLimit",
    "spec.persistentVolumeClaimRetentionPolicy",
    "spec.minReadySeconds",
)
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
    found += _opened(old, new)
    return sorted(found, key=lambda hazard: (hazard.object, hazard.id, hazard.message))


def _deleted(change: ObjectChange) -> Iterator[Hazard]:
    loss = LOSES_DATA.get(change.object.kind)
    if change.new is None and loss:
        yield Hazard("deleted", change.object, f"is removed: {loss}")


def _immutable(change: ObjectChange) -> Iterator[Hazard]:
    for field in change.fields:
        if _is_immutable(change, field):
            message = f"{field.field} cannot be changed: delete and create the object again"
            yield Hazard("immutable", change.object, message)


def _is_immutable(change: ObjectChange, field: FieldChange) -> bool:
    kind, name = change.object.kind, field.field
    if kind == "StatefulSet":
        return name.startswith("spec.") and not _below(name, STATEFUL_SET_MUTABLE)
    if kind in {"ConfigMap", "Secret"}:
        frozen = mapping(change.old).get("immutable") is True
        return frozen and _below(name, ("data", "binaryData", "immutable"))
    if kind == "Service" and ABSENT in (field.old, field.new):
        return False
    return _below(name, IMMUTABLE.get(kind, ()))


def _below(name: str, prefixes: Iterable[str]) -> bool:
    return any(name == p or name.startswith((f"{p}.", f"{p}[")) for p in prefixes)


def _selector(change: ObjectChange) -> Iterator[Hazard]:
    kinds = {"Service", "PodDisruptionBudget", "NetworkPolicy"}
    fields = [f.field for f in change.fields if _below(f.field, SELECTORS)]
    if change.object.kind in kinds and fields:
        yield Hazard("selector", change.object, f"{fields[0]} selects other pods than before")


SELECTORS = ("spec.selector", "spec.podSelector")


def _looser(change: ObjectChange) -> Iterator[Hazard]:
    if change.object.kind != "Namespace" or change.new is None or change.old is None:
        return
    was, now = (_policy(manifest) for manifest in (change.old, change.new))
    levels = list(Level)
    for mode in ("enforce", "audit", "warn"):
        before, after = getattr(was, mode), getattr(now, mode)
        if levels.index(after.level) < levels.index(before.level):
            message = f"Pod Security {mode} goes from {before.level} down to {after.level}"
            yield Hazard("pod-security", change.object, message)


def _policy(namespace: Mapping[str, Any]) -> Any:
    labels = mapping(lookup(namespace, ("metadata", "labels")))
    return namespace_policy({str(key): str(value) for key, value in labels.items()})


def _quota(change: ObjectChange) -> Iterator[Hazard]:
    if change.object.kind != "ResourceQuota":
        return
    for field in change.fields:
        if field.path[:2] == ("spec", "hard") and _less(field.old, field.new):
            message = f"{field.field} goes from {field.old} down to {field.new}"
            yield Hazard("quota", change.object, message)


def _less(old: Any, new: Any) -> bool:
    if ABSENT in (old, new):
        return old is ABSENT
    try:
        return amount(str(new)) < amount(str(old))
    except ValueError:
        return False


def _replicas_under_autoscaler(old: Manifests, new: Manifests) -> Iterator[Hazard]:
    """A workload that begins to name replicas while an autoscaler owns them."""
    named = {identity for identity, manifest in _workloads(old) if _replicas(manifest)}
    targets = set(_targets(new))
    for identity, manifest in _workloads(new):
        key = (identity.kind, identity.namespace, identity.name)
        if _replicas(manifest) and key in targets and identity not in named:
            message = "spec.replicas is set, and an autoscaler owns it: each apply resets it"
            yield Hazard("replicas", identity, message)


def _workloads(manifests: Manifests) -> Iterator[tuple[ObjectRef, Mapping[str, Any]]]:
    for manifest in manifests:
        if manifest.get("kind") in {"Deployment", "StatefulSet", "ReplicaSet"}:
            yield ref(manifest), manifest


def _replicas(manifest: Mapping[str, Any]) -> bool:
    return lookup(manifest, ("spec", "replicas")) is not None


def _targets(manifests: Manifests) -> Iterator[tuple[str, str, str]]:
    for manifest in manifests:
        if manifest.get("kind") in {"HorizontalPodAutoscaler", "ScaledObject"}:
            target = mapping(lookup(manifest, ("spec", "scaleTargetRef")))
            place = str(lookup(manifest, ("metadata", "namespace")) or "")
            yield str(target.get("kind") or "Deployment"), place, str(target.get("name"))


def _opened(old: Manifests, new: Manifests) -> Iterator[Hazard]:
    """Connections between pods that were there before, which no policy allowed then."""
    before, after = connections(universe(old)), connections(universe(new))
    known = {str(workload) for workload in universe(old).workloads}
    were = set(_lines(before))
    for connection, line in zip(after, _lines(after), strict=True):
        ends = (connection.src, connection.dst)
        old_ends = all(isinstance(end, External) or str(end) in known for end in ends)
        if line not in were and old_ends:
            yield Hazard("connectivity", CONNECTIVITY, f"opened or changed: {line}")


CONNECTIVITY = ObjectRef("", "NetworkPolicies", "", "")


def _lines(found: Sequence[Connection]) -> list[str]:
    return [render_txt([connection]).strip() for connection in found]


_LOOKS: tuple[Callable[[ObjectChange], Iterator[Hazard]], ...] = (
    _deleted,
    _immutable,
    _selector,
    _looser,
    _quota,
)
