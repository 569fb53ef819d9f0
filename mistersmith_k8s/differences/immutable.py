"""Fields that the API server refuses to change, by kind.

Source: k8s.io/kubernetes, pkg/apis/*/validation, `Validate*Update`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mistersmith_k8s.checks.shape import lookup, mapping
from mistersmith_k8s.differences.changes import ABSENT, FieldChange, ObjectChange

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# A field covers all below it.
IMMUTABLE: Mapping[str, tuple[str, ...]] = {
    "ClusterRoleBinding": ("roleRef",),
    "CustomResourceDefinition": (
        *("spec.group", "spec.scope", "spec.names.kind", "spec.names.plural"),
    ),
    "DaemonSet": ("spec.selector",),
    "Deployment": ("spec.selector",),
    "IngressClass": ("spec.controller",),
    "Job": (
        *("spec.selector", "spec.template", "spec.completionMode", "spec.podFailurePolicy"),
        *("spec.backoffLimitPerIndex", "spec.managedBy", "spec.successPolicy"),
    ),
    "PriorityClass": ("value", "preemptionPolicy"),
    "ReplicaSet": ("spec.selector",),
    "RoleBinding": ("roleRef",),
    "RuntimeClass": ("handler",),
    "Secret": ("type",),
    "Service": ("spec.clusterIP",),
    "StorageClass": ("provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"),
}

# Kinds of which the whole spec stays as it is, but for some fields.
MUTABLE: Mapping[str, tuple[str, ...]] = {
    "PersistentVolumeClaim": ("spec.resources", "spec.volumeAttributesClassName"),
    "Pod": (
        *("spec.activeDeadlineSeconds", "spec.schedulingGates", "spec.tolerations"),
        *("spec.terminationGracePeriodSeconds",),
    ),
    "StatefulSet": (
        *("spec.replicas", "spec.ordinals", "spec.template", "spec.updateStrategy"),
        *("spec.revisionHistoryLimit", "spec.persistentVolumeClaimRetentionPolicy"),
        *("spec.minReadySeconds",),
    ),
}
IMAGE = re.compile(r"spec\.(?:containers|initContainers)\[[^]]*\]\.image")


def is_immutable(change: ObjectChange, field: FieldChange) -> bool:
    """Whether the API server refuses this change of a field."""
    kind, name = change.object.kind, field.field
    if kind == "Pod" and IMAGE.fullmatch(name):
        return False
    if kind in MUTABLE:
        return name.startswith("spec.") and not below(name, MUTABLE[kind])
    if kind in {"ConfigMap", "Secret"} and mapping(change.old).get("immutable") is True:
        return below(name, ("data", "stringData", "binaryData", "immutable", *_always(kind)))
    if kind == "Service" and (field.new is ABSENT or _was_external(change)):
        return False  # what is left out keeps its address
    return below(name, _always(kind))


def _always(kind: str) -> tuple[str, ...]:
    return IMMUTABLE.get(kind, ())


def _was_external(change: ObjectChange) -> bool:
    return bool(lookup(change.old, ("spec", "type")) == "ExternalName")


def below(name: str, prefixes: Iterable[str]) -> bool:
    """Whether a field is one of some fields, or below it."""
    return any(name == p or name.startswith((f"{p}.", f"{p}[")) for p in prefixes)
