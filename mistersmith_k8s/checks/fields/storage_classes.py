"""Storage classes and what CSI drivers say of themselves.

Source: pkg/apis/storage/validation of k8s.io/kubernetes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields import minors
from mistersmith_k8s.checks.fields.amounts import not_negative
from mistersmith_k8s.checks.fields.faults import duplicate, invalid, required, too_long, under
from mistersmith_k8s.checks.fields.formats import dns_subdomain, qualified_name
from mistersmith_k8s.checks.fields.old_volumes import csi_driver
from mistersmith_k8s.checks.fields.projected import token_seconds
from mistersmith_k8s.checks.fields.rules import (
    at_least,
    dicts,
    distinct,
    each,
    field_check,
    fields,
    given,
    natural,
    new,
    one_of,
    pick,
    struct,
)
from mistersmith_k8s.checks.fields.selectors import selector

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mistersmith_k8s.checks.fields.faults import Fault

PARAMETERS, PARAMETERS_SIZE = 512, 256 * 1024
NODE_ID_LENGTH = 256
_requirement = fields({"key": qualified_name, "values": distinct}, needs=("key", "values"))


def _lower_key(value: Any) -> Iterable[Fault]:
    return qualified_name(value.lower()) if isinstance(value, str) and value else ()


def _parameters(value: Any) -> Iterator[Fault]:
    found = struct(value)
    if len(found) > PARAMETERS:
        yield too_long(PARAMETERS, f"Keep {PARAMETERS} parameters.")
    if "" in found:
        yield invalid("", "field can not be empty.", "Name the parameter.")
    size = sum(len(str(part)) for pair in found.items() for part in pair)
    if size > PARAMETERS_SIZE:
        yield too_long(PARAMETERS_SIZE, "Use shorter parameters.")


_class = fields(
    {
        "provisioner": _lower_key,
        "parameters": _parameters,
        "reclaimPolicy": one_of("Delete", "Retain"),
        "volumeBindingMode": pick("Immediate", "WaitForFirstConsumer"),
        "allowedTopologies": each(fields({"matchLabelExpressions": each(_requirement)})),
    },
    needs=("provisioner",),
)


@field_check("storage.k8s.io", "StorageClass")
def storage_class_fields(manifest: Any) -> Iterator[Fault]:
    """A class names its provisioner, and topologies by distinct labels."""
    yield from _class(manifest)
    seen: list[Any] = [{}]  # the API server compares with empty terms too
    for index, term in dicts(manifest.get("allowedTopologies")):
        at = ("allowedTopologies", index, "matchLabelExpressions")
        terms = list(dicts(term.get("matchLabelExpressions")))
        keys = [item.get("key") for _, item in terms]
        for place, key in enumerate(keys):
            if key in keys[:place]:
                yield duplicate(key, (*at, place, "key"))
        values = {
            str(item.get("key")): sorted(map(str, item.get("values") or ()))
            for _, item in terms
            if isinstance(item.get("values"), list | None)
        }
        if values in seen:
            yield duplicate("", at)
        seen.append(values)


_attributes = fields({"driverName": _lower_key, "parameters": _parameters}, needs=("driverName",))


@field_check("storage.k8s.io", "VolumeAttributesClass")
def volume_attributes_class_fields(manifest: Any) -> Iterator[Fault]:
    """A class of attributes names its driver and sets some parameter."""
    yield from _attributes(manifest)
    if not manifest.get("parameters"):
        detail = "must contain at least one key/value pair"
        yield required(detail, path=("parameters",))


_update_period = at_least(10, "must be greater than or equal to 10 seconds", most=2**63 - 1)
_driver = fields(
    {
        "fsGroupPolicy": pick("File", "None", "ReadWriteOnceWithFSType"),
        "tokenRequests": each(fields({"expirationSeconds": token_seconds})),
        "volumeLifecycleModes": each(pick("Persistent", "Ephemeral")),
        "nodeAllocatableUpdatePeriodSeconds": new(minors.ALLOCATABLE, _update_period),
    }
)


@field_check("storage.k8s.io", "CSIDriver")
def csi_driver_fields(manifest: Any) -> Iterator[Fault]:
    """A driver's policies exist, and it asks once for a token of an audience."""
    spec = struct(manifest.get("spec"))
    yield from under(_driver(spec), "spec")
    seen: set[str] = set()
    for index, request in dicts(spec.get("tokenRequests")):
        audience = request.get("audience") or ""
        if isinstance(audience, str):
            if audience in seen:
                yield duplicate(audience, ("spec", "tokenRequests", index, "audience"))
            seen.add(audience)
    if spec.get("serviceAccountTokenInSecrets") is not None and not spec.get("tokenRequests"):
        detail = "serviceAccountTokenInSecrets is set but no tokenRequests are specified"
        at = ("spec", "serviceAccountTokenInSecrets")
        yield invalid(spec["serviceAccountTokenInSecrets"], detail, "Remove it.", at)


def _node_id(value: Any) -> Iterator[Fault]:
    if isinstance(value, str) and len(value) > NODE_ID_LENGTH:
        yield invalid(value, f"must be {NODE_ID_LENGTH} characters or less", "Use a shorter one.")


_node_driver = fields(
    {
        "name": csi_driver,
        "nodeID": _node_id,
        "allocatable": fields({"count": natural}),
        "topologyKeys": each(qualified_name),
    },
    needs=("name", "nodeID"),
)


@field_check("storage.k8s.io", "CSINode")
def csi_node_fields(manifest: Any) -> Iterator[Fault]:
    """A node's drivers have names and identities, each once."""
    seen: set[str] = set()
    for index, driver in dicts(struct(manifest.get("spec")).get("drivers")):
        at = ("spec", "drivers", index)
        yield from under(_node_driver(driver), *at)
        yield from under(distinct(driver.get("topologyKeys")), *at, "topologyKeys")
        name = driver.get("name")
        if isinstance(name, str) and name:
            if name in seen:
                yield duplicate(name, (*at, "name"))
            seen.add(name)


_capacity = fields(
    {
        "nodeTopology": selector,
        "storageClassName": given(dns_subdomain),
        "capacity": not_negative,
    }
)


@field_check("storage.k8s.io", "CSIStorageCapacity")
def csi_capacity_fields(manifest: Any) -> Iterator[Fault]:
    """A capacity is not negative, and of a named class."""
    yield from _capacity(manifest)
    if manifest.get("storageClassName") in (None, ""):
        yield required(path=("storageClassName",))


_attachment = fields(
    {
        "attacher": csi_driver,
        "nodeName": given(dns_subdomain),
        "source": fields({"persistentVolumeName": given(dns_subdomain)}),
    },
    needs=("attacher", "nodeName"),
)


@field_check("storage.k8s.io", "VolumeAttachment")
def volume_attachment_fields(manifest: Any) -> Iterator[Fault]:
    """An attachment names its driver, its node and one source."""
    spec = struct(manifest.get("spec"))
    yield from under(_attachment(spec), "spec")
    source = struct(spec.get("source"))
    named, inline = source.get("persistentVolumeName"), source.get("inlineVolumeSpec")
    if named == "" or (named is None) == (inline is None):
        detail = "must specify exactly one of inlineVolumeSpec and persistentVolumeName"
        yield required(detail, "Set persistentVolumeName.", ("spec", "source"))


CHECKS = (
    storage_class_fields,
    volume_attributes_class_fields,
    csi_driver_fields,
    csi_node_fields,
    csi_capacity_fields,
    volume_attachment_fields,
)
