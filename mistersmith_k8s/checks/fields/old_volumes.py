"""Volume sources of single storage systems: most say only what they cannot do without.

Source: pkg/apis/core/validation of k8s.io/kubernetes, `validateISCSIVolumeSource` and its like.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields.faults import invalid, required, too_long, under, unsupported
from mistersmith_k8s.checks.fields.formats import dns_label, wrong_subdomain
from mistersmith_k8s.checks.fields.paths import absolute
from mistersmith_k8s.checks.fields.rules import (
    Rule,
    between,
    both,
    fields,
    given,
    pick,
    struct,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.fields.faults import Fault

PARTITION = between(0, 255)
LUN = between(0, 255)
TARGET_LENGTH = 64
TENANT_LENGTH = 64
DRIVER_LENGTH = 63
INITIATORS = {
    "iqn": re.compile(r"iqn\.[0-9]{4}-[0-9]{2}\.([A-Za-z0-9.-]+)(:[^,;*&$|\s]+)\Z").search,
    "eui": re.compile(r"eui.[A-Za-z0-9]{16}").fullmatch,
    "naa": re.compile(r"naa.[A-Za-z0-9]{32}").fullmatch,
}


def _wrong_initiator(value: str) -> str:
    matched = INITIATORS.get(value[:3])
    if matched is None:
        return "must be valid format starting with iqn, eui, or naa"
    return "" if matched(value) else "must be valid format"


_initiator = text(_wrong_initiator, "Write a name such as iqn.2001-04.com.example:storage.")


def iscsi_too_long(source: dict[str, Any], name: str) -> Iterator[Fault]:
    """With an initiator name, the volume's name and portal are short together."""
    portal = source.get("targetPortal")
    long = isinstance(portal, str) and len(f"{name}:{portal}") > TARGET_LENGTH
    if long and source.get("initiatorName") is not None:
        detail = (
            "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters "
            "if iscsi.initiatorName is specified."
        )
        yield invalid(name, detail, "Use a shorter name.", ("name",))


def _chap(value: Any) -> Iterator[Fault]:
    source = struct(value)
    chap = source.get("chapAuthDiscovery") is True or source.get("chapAuthSession") is True
    if chap and source.get("secretRef") is None:
        yield required(path=("secretRef",))


def _fibre_channel(value: Any) -> Iterator[Fault]:
    source = struct(value)
    names, ids = source.get("targetWWNs"), source.get("wwids")
    if not names and not ids:
        detail = "must specify either targetWWNs or wwids, but not both"
        yield required(detail, "Set targetWWNs and lun, or wwids.", ("targetWWNs",))
    elif names and ids:
        detail = "targetWWNs and wwids can not be specified simultaneously"
        yield invalid(names, detail, "Keep one of them.", ("targetWWNs",))
    if names and source.get("lun") is None:
        yield required("lun is required if targetWWNs is specified", path=("lun",))
    elif names:
        yield from under(LUN(source["lun"]), "lun")


def _flocker(value: Any) -> Iterator[Fault]:
    source = struct(value)
    name, uuid = source.get("datasetName"), source.get("datasetUUID")
    if not name and not uuid:
        yield required("one of datasetName and datasetUUID is required", "Set datasetUUID.")
    elif name and uuid:
        detail = "datasetName and datasetUUID can not be specified simultaneously"
        yield invalid("resource", detail, "Keep datasetUUID.")
    if isinstance(name, str) and "/" in name:
        yield invalid(name, "must not contain '/'", "Remove the slash.", ("datasetName",))


def _quobyte(value: Any) -> Iterator[Fault]:
    source = struct(value)
    registry, tenant = source.get("registry"), source.get("tenant")
    detail = "must be a host:port pair or multiple pairs separated by commas"
    if registry in (None, ""):
        yield required(detail, path=("registry",))
    elif isinstance(tenant, str) and len(tenant) > TENANT_LENGTH:
        detail = "must be a UUID and may not exceed a length of 64 characters"
        yield required(detail, path=("tenant",))
    elif isinstance(registry, str):
        for pair in registry.split(","):
            if pair.count(":") != 1 and not re.fullmatch(r"\[[^\[\]]*\]:[^:\[\]]*", pair):
                yield invalid(registry, detail, "Write host:port.", ("registry",))


def _azure_disk(value: Any) -> Iterator[Fault]:
    source = struct(value)
    kind, uri = source.get("kind"), source.get("diskURI")
    if not isinstance(uri, str) or not uri:
        return
    kind = "Shared" if kind is None else kind
    if kind == "Managed" and not uri.startswith("/subscriptions/"):
        form = (
            "/subscriptions/{sub-id}/resourcegroups/{group-name}"
            "/providers/microsoft.compute/disks/{disk-id}"
        )
        yield unsupported(uri, (form,), ("diskURI",))
    elif kind in ("Shared", "Dedicated") and not uri.startswith("https://"):
        form = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"
        yield unsupported(uri, (form,), ("diskURI",))


def _flex_options(value: Any) -> Iterator[Fault]:
    for key in struct(value):
        if isinstance(key, str):
            domain = f".{key.partition('/')[0].lower()}"
            if domain.endswith((".kubernetes.io", ".k8s.io")):
                detail = "kubernetes.io and k8s.io namespaces are reserved"
                yield invalid(key, detail, "Use a domain of your own.", (key,))


def csi_driver(value: Any) -> Iterator[Fault]:
    """The name of a CSI driver: a DNS subdomain in any case, 63 characters at most."""
    if isinstance(value, str) and value:
        mend = "Write the name under which the driver registers."
        if len(value) > DRIVER_LENGTH:
            yield too_long(DRIVER_LENGTH, mend)
        if wrong := wrong_subdomain(value.lower()):
            yield invalid(value, wrong, mend)


_azure_fields: dict[str, Rule] = {
    "cachingMode": pick("None", "ReadOnly", "ReadWrite"),
    "kind": pick("Dedicated", "Managed", "Shared"),
}
NFS = fields({"path": given(absolute)}, needs=("server", "path"))
ISCSI = both(
    _chap,
    fields(
        {"iqn": given(_initiator), "initiatorName": _initiator, "lun": LUN},
        needs=("targetPortal", "iqn"),
    ),
)
AZURE_DISK = both(_azure_disk, fields(_azure_fields, needs=("diskName", "diskURI")))
FLEX = fields({"options": _flex_options}, needs=("driver",))
STORAGE_OS: dict[str, Rule] = {
    "volumeName": given(dns_label),
    "volumeNamespace": given(dns_label),
}
OLD_SOURCES: dict[str, Rule] = {
    "awsElasticBlockStore": fields({"partition": PARTITION}, needs=("volumeID",)),
    "azureDisk": AZURE_DISK,
    "azureFile": fields({}, needs=("secretName", "shareName")),
    "cephfs": fields({}, needs=("monitors",)),
    "cinder": fields({"secretRef": fields({}, needs=("name",))}, needs=("volumeID",)),
    "fc": _fibre_channel,
    "flexVolume": FLEX,
    "flocker": _flocker,
    "gcePersistentDisk": fields({"partition": PARTITION}, needs=("pdName",)),
    "glusterfs": fields({}, needs=("endpoints", "path")),
    "iscsi": ISCSI,
    "nfs": NFS,
    "photonPersistentDisk": fields({}, needs=("pdID",)),
    "portworxVolume": fields({}, needs=("volumeID",)),
    "quobyte": both(_quobyte, fields({}, needs=("volume",))),
    "rbd": fields({}, needs=("monitors", "image")),
    "scaleIO": fields({}, needs=("gateway", "system", "volumeName")),
    "storageos": fields(
        {**STORAGE_OS, "secretRef": fields({}, needs=("name",))}, needs=("volumeName",)
    ),
    "vsphereVolume": fields({}, needs=("volumePath",)),
}
