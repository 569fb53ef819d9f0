"""Checks of where the volumes of a pod come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mistersmith_k8s.pod_security.fields import items, mapping, present, text
from mistersmith_k8s.pod_security.forbidden import Forbidden, listed, plural, quoted, use

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from mistersmith_k8s.pod_security.pod import Pod

ALLOWED = (
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
)
# In the order in which the controller names the first of several.
RESTRICTED = (
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "gitRepo",
    "nfs",
    "iscsi",
    "glusterfs",
    "rbd",
    "flexVolume",
    "cinder",
    "cephfs",
    "flocker",
    "fc",
    "azureFile",
    "vsphereVolume",
    "quobyte",
    "azureDisk",
    "photonPersistentDisk",
    "portworxVolume",
    "scaleIO",
    "storageos",
)


def host_path(pod: Pod) -> Forbidden | None:
    """No volume is a path of the node."""
    volumes = [mapping(volume) for volume in items(pod.spec.get("volumes"))]
    bad = [i for i, volume in enumerate(volumes) if present(volume.get("hostPath")) is not None]
    if not bad:
        return None
    return Forbidden(
        "hostPath volumes",
        listed("volume", [text(volumes[index].get("name")) for index in bad]),
        tuple(("spec", "volumes", index, "hostPath") for index in bad),
    )


def restricted(pod: Pod) -> Forbidden | None:
    """Every volume is of a kind that needs no trust in whoever wrote the pod."""
    volumes = [mapping(volume) for volume in items(pod.spec.get("volumes"))]
    bad = [(i, kind) for i, volume in enumerate(volumes) if (kind := _restricted_kind(volume))]
    if not bad:
        return None
    names = [text(volumes[index].get("name")) for index, _ in bad]
    kinds = sorted({kind for _, kind in bad})
    what = plural("restricted volume type", kinds)
    return Forbidden(
        "restricted volume types",
        f"{listed('volume', names)} {use(names)} {what} {quoted(kinds)}",
        tuple(("spec", "volumes", index, kind) for index, kind in bad),
    )


def _restricted_kind(volume: Mapping[str, Any]) -> str | None:
    """The kind that makes a volume a restricted one; without any source it is an emptyDir."""
    if any(present(volume.get(kind)) is not None for kind in ALLOWED):
        return None
    return next((kind for kind in RESTRICTED if present(volume.get(kind)) is not None), None)
