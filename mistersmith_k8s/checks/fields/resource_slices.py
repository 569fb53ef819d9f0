"""Devices that a driver publishes: what they are, and where they are.

Source: pkg/apis/resource/validation of k8s.io/kubernetes, `ValidateResourceSlice`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields import minors
from mistersmith_k8s.checks.fields.devices import (
    GROUP,
    VERSIONS,
    driver_name,
    identifier,
    named_once,
    short,
)
from mistersmith_k8s.checks.fields.faults import invalid, later, required, too_long, under
from mistersmith_k8s.checks.fields.formats import (
    SUBDOMAIN_LENGTH,
    dns_label,
    dns_subdomain,
    longer,
    wrong_subdomain,
)
from mistersmith_k8s.checks.fields.rules import (
    Rule,
    at_least,
    dicts,
    each,
    field_check,
    fields,
    given,
    new,
    struct,
    text,
)
from mistersmith_k8s.checks.fields.scheduling import node_selector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.fields.faults import Fault

MOST_DEVICES, MOST_TRAITS, VALUE_LENGTH = 128, 32, 64
PLACES = ("nodeName", "nodeSelector", "allNodes", "perDeviceNodeSelection")
DEVICE_PLACES = PLACES[:3]
NO_PLACE_HERE = (
    "`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set "
    "to true in the ResourceSlice spec"
)
VALUES = ("bool", "int", "string", "version")
_NUMBER = r"(0|[1-9]\d*)"
_WORD = r"(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)"
_is_version = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(-{_WORD}(\.{_WORD})*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?",
    re.ASCII,
).fullmatch


def _wrong_pool(value: str) -> str:
    wrong = (wrong_subdomain(part) for part in value.split("/"))
    return longer(value, SUBDOMAIN_LENGTH) or next(filter(None, wrong), "")


def _value(value: Any) -> Iterator[Fault]:
    if isinstance(value, str) and len(value.encode("utf-8", "replace")) > VALUE_LENGTH:
        yield too_long(VALUE_LENGTH, "Write less.")


def _version(value: Any) -> Iterator[Fault]:
    if isinstance(value, str) and _is_version(value) is None:
        detail = "must be a string compatible with semver.org spec 2.0.0"
        yield invalid(value, detail, "Write a version such as 1.2.3.")
    yield from _value(value)


_attribute_fields = fields({"string": _value, "version": _version})


def _attribute(value: Any) -> Iterator[Fault]:
    attribute = struct(value)
    found = [name for name in VALUES if attribute.get(name) is not None]
    if len(found) != 1:  # lists of values are left out by default
        yield invalid(value or "", "exactly one value must be specified", "Keep one value.")
    yield from _attribute_fields(value)


def _keyed(value: Any, rule: Rule) -> Iterator[Fault]:
    """Identifiers, with an optional domain in front, each with a value that obeys the rule."""
    for key, item in struct(value).items():
        if isinstance(key, str):
            yield from under(identifier(key), key)
            yield from under(rule(item), key)


def _device(value: Any) -> Iterator[Fault]:
    device = struct(value)
    name = device.get("name")
    yield from under(dns_label("" if name is None else name), "name")
    yield from under(_keyed(device.get("attributes"), _attribute), "attributes")
    yield from under(_keyed(device.get("capacity"), lambda _: ()), "capacity")
    count = sum(len(struct(device.get(traits))) for traits in ("attributes", "capacity"))
    if count > MOST_TRAITS:
        detail = f"the total number of attributes and capacities must not exceed {MOST_TRAITS}"
        yield invalid(count, detail, f"Keep {MOST_TRAITS}.")


def _node_name(value: Any) -> Iterator[Fault]:
    if value == "":
        detail = "must be either unset or set to a non-empty string"
        yield invalid(value, detail, "Name a node, or remove it.")
    else:
        yield from dns_subdomain(value)


def _true(value: Any) -> Iterator[Fault]:
    if value is False:
        detail = "must be either unset or set to true"
        yield invalid(value=False, detail=detail, mend="Remove it.")


def _one_term(value: Any) -> Iterator[Fault]:
    yield from node_selector(value)
    terms = struct(value).get("nodeSelectorTerms")
    if isinstance(terms, list) and len(terms) != 1:
        detail = "must have exactly one node selector term"
        yield invalid(terms, detail, "Keep one term.", ("nodeSelectorTerms",))


_spec = fields(
    {
        "driver": given(driver_name),
        "pool": fields(
            {
                "name": given(text(_wrong_pool, "Write DNS names with '/' between them.")),
                "generation": at_least(0, most=2**63 - 1),
            },
            needs=("name",),
        ),
        "nodeName": _node_name,
        "nodeSelector": _one_term,
        "allNodes": _true,
        "perDeviceNodeSelection": new(minors.PARTITIONS, _true),
        "devices": short(MOST_DEVICES, each(_device)),
    },
    needs=("driver",),
)


@field_check(GROUP, "ResourceSlice")
def resource_slice_fields(manifest: Any) -> Iterator[Fault]:
    """A slice is of one driver and of one place, and each of its devices has a name of its own."""
    if manifest.get("apiVersion") not in VERSIONS:
        return
    spec = struct(manifest.get("spec"))
    yield from under(_spec(spec), "spec")
    yield from under(named_once(spec.get("devices")), "spec", "devices")
    count = struct(spec.get("pool")).get("resourceSliceCount")
    at = ("spec", "pool", "resourceSliceCount")
    yield from under(at_least(1, most=2**63 - 1)(0 if count is None else count), *at)
    yield from _place(spec)
    yield from later(_partitions(spec), minors.PARTITIONS)


def _partitions(spec: dict[str, Any]) -> Iterator[Fault]:
    """Counters have slices of their own; a device says where it is only when all may."""
    if spec.get("sharedCounters") is not None and spec.get("devices") is not None:
        detail = "only one of `sharedCounters` or `devices` is allowed"
        yield invalid("", detail, "Write a slice for each.", ("spec",))
    for index, device in dicts(spec.get("devices")):
        said = [name for name in DEVICE_PLACES if device.get(name) is not None]
        at = ("spec", "devices", index)
        if said and spec.get("perDeviceNodeSelection") is not True:
            yield invalid(None, NO_PLACE_HERE, f"Remove {said[0]}.", at)


def _place(spec: dict[str, Any]) -> Iterator[Fault]:
    found = [name for name in PLACES if spec.get(name)]
    if not found and spec.get("nodeName") != "":
        places = ", ".join(f"`{name}`" for name in PLACES)
        yield required(f"exactly one of {places} is required", "Set nodeName.", ("spec",))
    elif len(found) > 1:
        detail = f"exactly one of {', '.join(PLACES)} is required, but multiple fields are set"
        yield invalid(found, detail, "Keep one of them.", ("spec",))


CHECKS = (resource_slice_fields,)
