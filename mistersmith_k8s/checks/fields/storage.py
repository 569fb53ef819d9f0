"""Volumes of the cluster, storage classes and CSI.

Source: pkg/apis/core/validation of k8s.io/kubernetes, `ValidatePersistentVolumeSpec`;
pkg/apis/storage/validation.
"""

from __future__ import annotations

from posixpath import normpath
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields import minors
from mistersmith_k8s.checks.fields.amounts import above_zero
from mistersmith_k8s.checks.fields.claims import VOLUME_MODES, access_modes
from mistersmith_k8s.checks.fields.faults import (
    forbidden,
    required,
    under,
    unsupported,
)
from mistersmith_k8s.checks.fields.formats import dns_label, dns_subdomain
from mistersmith_k8s.checks.fields.old_volumes import (
    OLD_SOURCES,
    STORAGE_OS,
    csi_driver,
    iscsi_too_long,
)
from mistersmith_k8s.checks.fields.paths import no_backsteps
from mistersmith_k8s.checks.fields.rules import (
    Rule,
    both,
    exactly_one,
    field_check,
    fields,
    given,
    new,
    one_of,
    pick,
    struct,
)
from mistersmith_k8s.checks.fields.scheduling import volume_node_selector
from mistersmith_k8s.checks.fields.volumes import HOST_PATH_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.fields.faults import Fault

_secret = fields(
    {"name": given(dns_subdomain), "namespace": given(dns_label)}, needs=("name", "namespace")
)
_named_secret = fields({}, needs=("name", "namespace"))
# Sources beside which the API server overlooks a flexVolume.
BEFORE_FLEX = (
    *("hostPath", "gcePersistentDisk", "awsElasticBlockStore", "glusterfs", "flocker", "nfs"),
    *("rbd", "quobyte", "cephfs", "iscsi", "cinder", "fc"),
)
_SECRETS = (
    *("controllerPublishSecretRef", "controllerExpandSecretRef"),
    *("nodePublishSecretRef", "nodeExpandSecretRef"),
)
_csi = fields(
    {"driver": csi_driver, **dict.fromkeys(_SECRETS, _secret)}, needs=("driver", "volumeHandle")
)


def _namespace_if_any(name: str) -> Rule:
    """An optional namespace that is not the empty text."""

    def look(value: Any) -> Iterator[Fault]:
        if struct(value).get(name) == "":
            yield required(path=(name,))

    return look


_SOURCES: dict[str, Rule] = {
    **{name: rule for name, rule in OLD_SOURCES.items() if name != "flexVolume"},
    "flexVolume": OLD_SOURCES["flexVolume"],
    "azureFile": both(OLD_SOURCES["azureFile"], _namespace_if_any("secretNamespace")),
    "cinder": fields({"secretRef": _named_secret}, needs=("volumeID",)),
    "csi": _csi,
    "glusterfs": both(OLD_SOURCES["glusterfs"], fields({"endpointsNamespace": dns_label})),
    "hostPath": fields(
        {"path": given(no_backsteps), "type": one_of(*HOST_PATH_TYPES)}, needs=("path",)
    ),
    "iscsi": both(OLD_SOURCES["iscsi"], fields({"secretRef": fields({}, needs=("name",))})),
    "local": fields({"path": given(no_backsteps)}, needs=("path",)),
    "storageos": fields({**STORAGE_OS, "secretRef": _named_secret}, needs=("volumeName",)),
}
_positive = above_zero("must be greater than zero")
_spec = fields(
    {
        "accessModes": access_modes,
        "capacity": fields({"storage": _positive}),
        "persistentVolumeReclaimPolicy": one_of("Delete", "Recycle", "Retain"),
        "storageClassName": given(dns_subdomain),
        "volumeAttributesClassName": new(minors.ATTRIBUTES_CLASS, dns_subdomain),
        "volumeMode": pick(*VOLUME_MODES),
        "nodeAffinity": fields({"required": volume_node_selector}, needs=("required",)),
    },
    needs=("accessModes", "capacity"),
)
_source = exactly_one(_SOURCES, "volume type")


@field_check("", "PersistentVolume")
def persistent_volume_fields(manifest: Any) -> Iterator[Fault]:
    """A volume has a size, access modes and one source; a local one says on which nodes."""
    spec = struct(manifest.get("spec"))
    flex_beside = spec.get("flexVolume") is not None and any(spec.get(k) for k in BEFORE_FLEX)
    source = {k: v for k, v in spec.items() if not (flex_beside and k == "flexVolume")}
    yield from under((*_spec(spec), *_source(source)), "spec")
    capacity = spec.get("capacity")
    if isinstance(capacity, dict) and "storage" in capacity and capacity["storage"] is None:
        yield from under(_positive(0), "spec", "capacity", "storage")
    if isinstance(capacity, dict) and set(capacity) != {"storage"}:
        yield unsupported(sorted(map(str, capacity)), ("storage",), ("spec", "capacity"))
    if spec.get("local") is not None and spec.get("nodeAffinity") is None:
        detail = "Local volume requires node affinity"
        yield required(detail, "Name the nodes.", ("spec", "nodeAffinity"))
    if spec.get("volumeAttributesClassName") is not None and spec.get("csi") is None:
        detail = "has to be specified when using volumeAttributesClassName"
        yield required(detail, path=("spec", "csi"))
    host = struct(spec.get("hostPath")).get("path")
    recycled = spec.get("persistentVolumeReclaimPolicy") == "Recycle"
    if recycled and isinstance(host, str) and host.startswith("/") and _is_root(host):
        detail = "may not be 'recycle' for a hostPath mount of '/'"
        yield forbidden(detail, "Use Retain.", ("spec", "persistentVolumeReclaimPolicy"))
    name = struct(manifest.get("metadata")).get("name")
    if isinstance(spec.get("iscsi"), dict):
        yield from under(iscsi_too_long(spec["iscsi"], str(name)), "spec", "iscsi")


def _is_root(path: str) -> bool:
    return normpath(path).lstrip("/") == ""


CHECKS = (persistent_volume_fields,)
