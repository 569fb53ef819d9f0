"""Volumes: a name each, one source each, and what each source must say.

Source: pkg/apis/core/validation of k8s.io/kubernetes, `ValidateVolumes`, `validateVolumeSource`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields import minors
from mistersmith_k8s.checks.fields.amounts import no_less_than
from mistersmith_k8s.checks.fields.claims import claim_template
from mistersmith_k8s.checks.fields.downward import field_ref, resource_ref
from mistersmith_k8s.checks.fields.faults import (
    duplicate,
    invalid,
    later,
    required,
    under,
)
from mistersmith_k8s.checks.fields.formats import dns_label, dns_subdomain, wrong_subdomain
from mistersmith_k8s.checks.fields.mounts import template_names
from mistersmith_k8s.checks.fields.old_volumes import OLD_SOURCES, csi_driver, iscsi_too_long
from mistersmith_k8s.checks.fields.paths import FILE_MODE, descending, no_backsteps, unreserved
from mistersmith_k8s.checks.fields.pods import Pod, pod_check
from mistersmith_k8s.checks.fields.projected import projected
from mistersmith_k8s.checks.fields.rules import (
    Rule,
    dicts,
    each,
    exactly_one,
    fields,
    given,
    one_of,
    struct,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.fields.faults import Fault

VOLUME_FIELDS = (
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
)
HOST_PATH_TYPES = (
    *("BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate"),
    *("File", "FileOrCreate", "Socket"),
)

item = fields({"path": given(unreserved), "mode": FILE_MODE}, needs=("key", "path"))
_file_fields: dict[str, Rule] = {
    "path": given(unreserved),
    "mode": FILE_MODE,
    "fieldRef": field_ref(VOLUME_FIELDS),
    "resourceFieldRef": resource_ref(needs_container=True),
}


def downward_file(value: Any) -> Iterator[Fault]:
    """A file with one field of the pod, or one resource of a container."""
    if not isinstance(value, dict):
        return
    yield from fields(_file_fields, needs=("path",))(value)
    present = [key for key in ("fieldRef", "resourceFieldRef") if value.get(key) is not None]
    if not present:
        detail = "one of fieldRef and resourceFieldRef is required"
        yield required(detail, "Set fieldRef or resourceFieldRef.")
    elif len(present) > 1:
        detail = "fieldRef and resourceFieldRef can not be specified simultaneously"
        yield invalid("resource", detail, "Write one file for each.")


_host_path = fields(
    {"path": given(no_backsteps), "type": one_of(*HOST_PATH_TYPES)}, needs=("path",)
)
_csi = fields(
    {
        "driver": csi_driver,
        "nodePublishSecretRef": fields({"name": given(dns_subdomain)}, needs=("name",)),
    },
    needs=("driver",),
)
_PULL_POLICY = one_of("Always", "IfNotPresent", "Never")
_SOURCES: dict[str, Rule] = {
    "emptyDir": fields(
        {"sizeLimit": no_less_than(0, "SizeLimit field must be a valid resource quantity")}
    ),
    "hostPath": _host_path,
    "gitRepo": fields({"directory": descending}, needs=("repository",)),
    "secret": fields({"defaultMode": FILE_MODE, "items": each(item)}, needs=("secretName",)),
    "configMap": fields({"defaultMode": FILE_MODE, "items": each(item)}, needs=("name",)),
    "persistentVolumeClaim": fields({}, needs=("claimName",)),
    "downwardAPI": fields({"defaultMode": FILE_MODE, "items": each(downward_file)}),
    "projected": projected(item, downward_file),
    "csi": _csi,
    "ephemeral": fields({"volumeClaimTemplate": claim_template}, needs=("volumeClaimTemplate",)),
    "image": fields({"pullPolicy": _PULL_POLICY}),
    **OLD_SOURCES,
}
_source = exactly_one(_SOURCES, "volume type")
_named = fields({"name": given(dns_label)}, needs=("name",))


@pod_check
def volumes(pod: Pod) -> Iterator[Fault]:
    """A volume has a name of its own and one source; without a source it is an emptyDir."""
    value = pod.spec.get("volumes")
    if not value:
        return
    seen: set[str] = set()
    replaced = template_names(pod)
    for index, volume in dicts(value):
        if str(volume.get("name")) in replaced:
            continue
        found = under(_volume(volume, pod, seen), "spec", "volumes", index)
        image = volume.get("image") is not None
        yield from later(found, minors.IMAGE_VOLUME) if image else found


def _volume(volume: dict[str, Any], pod: Pod, seen: set[str]) -> Iterator[Fault]:
    name = volume.get("name")
    yield from _named(volume)
    if isinstance(name, str) and name:
        if name in seen:
            yield duplicate(name, ("name",))
        seen.add(name)
    if any(volume.get(key) is not None for key in _SOURCES):
        yield from _source(volume)
    if "iscsi" in volume:
        yield from iscsi_too_long(struct(volume["iscsi"]), str(name))
    if pod.is_pod:
        yield from _of_pod(volume, pod)


def _of_pod(volume: dict[str, Any], pod: Pod) -> Iterator[Fault]:
    """What holds for a pod whose name is known, and not for a template."""
    owner, name = pod.metadata.get("name"), volume.get("name")
    if volume.get("ephemeral") is not None and owner and name and isinstance(owner, str):
        claim = f"{owner}-{name}"
        if wrong := wrong_subdomain(claim):
            yield invalid(name, f'PVC name "{claim}": {wrong}', "Use a shorter name.", ("name",))
    image = volume.get("image")
    if isinstance(image, dict) and not image.get("reference"):
        yield required(path=("image", "reference"))


CHECKS = (volumes,)
