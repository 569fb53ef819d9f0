"""Mounts and devices: what they name exists in the pod, and paths stand once.

Source: pkg/apis/core/validation of k8s.io/kubernetes, `ValidateVolumeMounts`,
`ValidateVolumeDevices`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields import minors
from mistersmith_k8s.checks.fields.faults import forbidden, invalid, missing, since, under
from mistersmith_k8s.checks.fields.paths import descending, no_backsteps
from mistersmith_k8s.checks.fields.pods import Container, Pod, container_check
from mistersmith_k8s.checks.fields.rules import dicts, each, fields, given, new, pick, struct

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.fields.faults import Fault

_mounts = each(
    fields(
        {
            "subPath": given(descending),
            "subPathExpr": given(descending),
            "mountPropagation": pick("Bidirectional", "HostToContainer", "None"),
            "recursiveReadOnly": new(
                minors.RECURSIVE_READ_ONLY, pick("Disabled", "Enabled", "IfPossible")
            ),
        },
        needs=("name", "mountPath"),
    )
)
_devices = each(fields({"devicePath": given(no_backsteps)}, needs=("name", "devicePath")))


@container_check
def volume_mounts(container: Container, pod: Pod) -> Iterator[Fault]:
    """A mount names a volume of the pod, and no other mount or device has its path."""
    mounts = container.get("volumeMounts")
    if not mounts:
        return
    yield from under(_mounts(mounts), "volumeMounts")
    volumes = volume_names(pod)
    devices = list(dicts(container.get("volumeDevices")))
    taken = {device.get("devicePath") for _, device in devices if _is_text(device, "devicePath")}
    used = {device.get("name") for _, device in devices if _is_text(device, "name")}
    for index, mount in dicts(mounts):
        for fault in _mount(mount, volumes, taken, used):
            yield fault._replace(path=("volumeMounts", index, *fault.path))
        if mount.get("mountPropagation") or mount.get("recursiveReadOnly"):
            yield from under(_modes(mount, container), "volumeMounts", index)
        if _is_text(mount, "mountPath"):
            taken.add(mount["mountPath"])


def _mount(
    mount: dict[str, Any], volumes: set[str], taken: set[Any], used: set[Any]
) -> Iterator[Fault]:
    name, path = mount.get("name"), mount.get("mountPath")
    if isinstance(name, str) and name:
        if name not in volumes:
            yield missing(name, "Add a volume of this name, or correct the name.", ("name",))
        if name in used:
            detail = "must not already exist in volumeDevices"
            yield invalid(name, detail, "Mount it or use it as a device.", ("name",))
    if isinstance(path, str) and path in taken:
        yield invalid(path, "must be unique", "Mount it at another path.", ("mountPath",))
    if mount.get("subPath") and mount.get("subPathExpr"):
        detail = "subPathExpr and subPath are mutually exclusive"
        yield invalid(mount["subPathExpr"], detail, "Keep one of them.", ("subPathExpr",))


def _modes(mount: dict[str, Any], container: Container) -> Iterator[Fault]:
    propagation, recursive = mount.get("mountPropagation"), mount.get("recursiveReadOnly")
    privileged = struct(container.get("securityContext")).get("privileged") is True
    if propagation == "Bidirectional" and not privileged:
        detail = "Bidirectional mount propagation is available only to privileged containers"
        yield forbidden(detail, "Use HostToContainer.", ("mountPropagation",))
    if recursive in ("Enabled", "IfPossible"):
        if mount.get("readOnly") is not True:
            detail = "may only be specified when readOnly is true"
            fault = forbidden(detail, "Set readOnly: true.", ("recursiveReadOnly",))
            yield since(fault, minors.RECURSIVE_READ_ONLY)
        if propagation not in (None, "None"):
            detail = "may only be specified when mountPropagation is None or not specified"
            fault = forbidden(detail, "Remove mountPropagation.", ("recursiveReadOnly",))
            yield since(fault, minors.RECURSIVE_READ_ONLY)


@container_check
def volume_devices(container: Container, pod: Pod) -> Iterator[Fault]:
    """A block device names a claim of the pod, and stands once."""
    devices = container.get("volumeDevices")
    if not devices:
        return
    yield from under(_devices(devices), "volumeDevices")
    volumes, claims = volume_names(pod), _claim_names(pod)
    names: set[str] = set()
    paths: set[str] = set()
    for index, device in dicts(devices):
        name, path = device.get("name"), device.get("devicePath")
        if isinstance(name, str) and name:
            yield from under(_device(name, volumes, claims, names), "volumeDevices", index, "name")
            names.add(name)
        if isinstance(path, str) and path:
            if path in paths:
                at = ("volumeDevices", index, "devicePath")
                yield invalid(path, "must be unique", "Use another path.", at)
            paths.add(path)


def _device(name: str, volumes: set[str], claims: set[str], seen: set[str]) -> Iterator[Fault]:
    if name not in volumes:
        yield missing(name, "Add a volume of this name, or correct the name.")
    elif name not in claims:
        detail = (
            "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"
        )
        yield invalid(name, detail, "Use a claim, or mount the volume.")
    if name in seen:
        yield invalid(name, "must be unique", "Use a volume as one device.")


def volume_names(pod: Pod) -> set[str]:
    """The names of the volumes of a pod, those from a StatefulSet's claim templates included."""
    own = {volume["name"] for _, volume in dicts(pod.spec.get("volumes")) if _is_text(volume)}
    return own | template_names(pod)


def _claim_names(pod: Pod) -> set[str]:
    claims = {
        volume["name"]
        for _, volume in dicts(pod.spec.get("volumes"))
        if _is_text(volume)
        and (volume.get("persistentVolumeClaim") is not None or volume.get("ephemeral") is not None)
    }
    return claims | template_names(pod)


def template_names(pod: Pod) -> set[str]:
    """The names of the claim templates of a StatefulSet; they replace volumes of the same name."""
    if pod.kind != "StatefulSet":
        return set()
    templates = dicts(pod.owner.get("volumeClaimTemplates"))
    metadata = (struct(template.get("metadata")) for _, template in templates)
    return {item["name"] for item in metadata if _is_text(item)}


def _is_text(value: dict[str, Any], key: str = "name") -> bool:
    return isinstance(value.get(key), str)


CHECKS = (volume_mounts, volume_devices)
