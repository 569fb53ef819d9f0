"""Devices that pods ask for, as far as that can be judged without CEL.

Source: pkg/apis/resource/validation of k8s.io/kubernetes.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields.amounts import is_extended
from mistersmith_k8s.checks.fields.claims import template_metadata
from mistersmith_k8s.checks.fields.faults import (
    duplicate,
    invalid,
    required,
    too_long,
    too_many,
    under,
)
from mistersmith_k8s.checks.fields.formats import (
    dns_label,
    dns_subdomain,
    label_value,
    longer,
    qualified_name,
    wrong_label,
    wrong_subdomain,
)
from mistersmith_k8s.checks.fields.rules import (
    Rule,
    dicts,
    each,
    field_check,
    fields,
    given,
    is_int,
    needs_value,
    pick,
    strings,
    struct,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.fields.faults import Fault

GROUP = "resource.k8s.io"
# In the version before these, a request has its fields in another place.
VERSIONS = ("resource.k8s.io/v1", "resource.k8s.io/v1beta2")
MOST, MOST_CHOICES = 32, 8
DRIVER_LENGTH, NAME_LENGTH = 63, 32
PARAMETERS_SIZE = EXPRESSION_SIZE = 10 * 1024
MODES = ("All", "ExactCount")
EFFECTS = ("NoExecute", "NoSchedule", "None")
NOT_A_REQUEST = (
    "must be the name of a request in the claim or the name of a request and a subrequest "
    "separated by '/'"
)
_is_identifier = re.compile(r"[A-Za-z_][A-Za-z0-9_]*").fullmatch


def _driver(value: str) -> str:
    return longer(value, DRIVER_LENGTH) or wrong_subdomain(value.lower())


def _attribute(value: str) -> str:
    """What is wrong with a domain, a slash and a name."""
    domain, slash, name = value.partition("/")
    if not slash:
        return "a fully qualified name must be a domain and a name separated by a slash"
    if "/" in name:
        return ""  # the API server does not look further
    if not domain or not name:
        return "the domain must not be empty" if not domain else "the name must not be empty"
    return _wrong_identifier(name) or _driver(domain)


def _wrong_identifier(value: str) -> str:
    if _is_identifier(value) is None:
        return "a valid C identifier must start with alphabetic character or '_'"
    return longer(value, NAME_LENGTH)


def _wrong_name(value: str) -> str:
    """What is wrong with a name, before which a domain and a slash may stand."""
    return _attribute(value) if "/" in value else _wrong_identifier(value)


identifier = text(_wrong_name, "Write a name such as model, or domain/model.")
driver_name = text(_driver, "Write a DNS name.")


def short(most: int, rule: Rule) -> Rule:
    """A list of no more than so many items, which are looked at only then."""

    def look(value: Any) -> Iterator[Fault]:
        if isinstance(value, list) and len(value) > most:
            yield too_many(len(value), most)
        else:
            yield from rule(value)

    return look


def named_once(value: Any) -> Iterator[Fault]:
    """Names that differ from each other."""
    seen: set[str] = set()
    for index, item in dicts(value):
        name = item.get("name") or ""
        if isinstance(name, str):
            if name in seen:
                yield duplicate(name, (index,))
            seen.add(name)


def _parameters(value: Any) -> Iterator[Fault]:
    if not isinstance(value, dict):
        yield invalid("<value omitted>", "must be a valid JSON object", "Write a mapping.")
    elif len(json.dumps(value, separators=(",", ":"), default=str)) > PARAMETERS_SIZE:
        yield too_long(PARAMETERS_SIZE, "Write less.")


def _expression(value: Any) -> Iterator[Fault]:
    if isinstance(value, str) and len(value.encode("utf-8", "replace")) > EXPRESSION_SIZE:
        yield too_long(EXPRESSION_SIZE, "Write less.")
    elif isinstance(value, str) and not value.strip():
        yield invalid(value, "must be an expression", "Write a CEL expression.")


_selectors = short(
    MOST,
    each(fields({"cel": fields({"expression": _expression}, needs=("expression",))}, ("cel",))),
)
_opaque = fields(
    {"driver": given(driver_name), "parameters": _parameters},
    needs=("driver", "parameters"),
)
_config = {"opaque": _opaque}


def _amount(value: Any) -> Iterator[Fault]:
    """So many devices, or all that there are."""
    request = struct(value)
    mode, count = request.get("allocationMode") or "ExactCount", request.get("count") or 0
    if mode == "All" and count:
        detail = "must not be specified when allocationMode is 'All'"
        yield invalid(count, detail, "Remove it.", ("count",))
    if mode == "ExactCount" and is_int(count) and count < 0:
        yield invalid(count, "must be greater than zero", "Use 1 or more.", ("count",))


def _tolerates(value: Any) -> Iterator[Fault]:
    toleration = struct(value)
    operator, own = toleration.get("operator") or "Equal", toleration.get("value") or ""
    yield from needs_value(operator, ("Equal", "Exists"), ("operator",))
    if operator == "Exists" and own:
        detail = "must be empty for operator `Exists`"
        yield invalid(own, detail, "Remove value.", ("value",))
    elif operator == "Equal":
        yield from under(label_value(own), "value")


_toleration = fields({"key": given(qualified_name), "effect": given(pick(*EFFECTS))})
_DEVICES: dict[str, Rule] = {
    "deviceClassName": given(dns_subdomain),
    "allocationMode": given(pick(*MODES)),
    "selectors": _selectors,
    "tolerations": each(_tolerates),
}
_exact = fields(_DEVICES, needs=("deviceClassName",))
_choice = fields({"name": given(dns_label), **_DEVICES}, needs=("name", "deviceClassName"))


def _devices(value: Any, rule: Rule) -> Iterator[Fault]:
    yield from rule(value)
    yield from _amount(value)
    tolerations = struct(value).get("tolerations")
    yield from under(each(_toleration)(tolerations), "tolerations")


def _request(value: Any) -> Iterator[Fault]:
    """Devices of one class, or the first of several choices that can be had."""
    request = struct(value)
    name, exact, choices = (request.get(key) for key in ("name", "exactly", "firstAvailable"))
    yield from under(dns_label("" if name is None else name), "name")
    if exact is None and not choices:
        yield required("exactly one of `exactly` or `firstAvailable` is required", "Set exactly.")
    elif exact is not None and choices:
        detail = (
            "exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set"
        )
        yield invalid(None, detail, "Keep one of them.")
    elif choices:
        all_of = each(lambda choice: _devices(choice, _choice))
        yield from under(short(MOST_CHOICES, all_of)(choices), "firstAvailable")
        yield from under(named_once(choices), "firstAvailable")
    else:
        yield from under(_devices(exact, _exact), "exactly")


def _names(requests: Any) -> set[str]:
    """What constraints and configuration may refer to."""
    found: set[str] = set()
    for _, request in dicts(requests):
        name = str(request.get("name") or "")
        choices = dicts(request.get("firstAvailable"))
        found |= {name, *(f"{name}/{choice.get('name')}" for _, choice in choices)}
    return found


def _references(value: Any, known: set[str]) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, name in strings(value):
        if name not in known or any(map(wrong_label, name.split("/"))):
            yield invalid(name, NOT_A_REQUEST, "Name a request of the claim.", (index,))
        if name in seen:
            yield duplicate(name, (index,))
        seen.add(name)


def _constraint(value: Any) -> Iterator[Fault]:
    constraint = struct(value)
    attributes = ("matchAttribute", "distinctAttribute")
    found = [name for name in attributes if constraint.get(name) is not None]
    if not found:
        yield required("exactly one of `matchAttribute` or `distinctAttribute` is required", "")
    for name in found[:1]:
        yield from under(text(_attribute, "Write domain/name.")(constraint[name]), name)


def _claim(value: Any) -> Iterator[Fault]:
    """Requests with names of their own, and constraints and configuration for some of them."""
    claim = struct(value)
    requests = claim.get("requests")
    yield from under(short(MOST, each(_request))(requests), "requests")
    yield from under(named_once(requests), "requests")
    known = _names(requests)

    def referring(rule: Rule) -> Rule:
        def look(item: Any) -> Iterator[Fault]:
            names = struct(item).get("requests")
            yield from under(short(MOST, lambda n: _references(n, known))(names), "requests")
            yield from rule(item)

        return look

    yield from under(
        short(MOST, each(referring(_constraint)))(claim.get("constraints")), "constraints"
    )
    config = referring(fields(_config, needs=("opaque",)))
    yield from under(short(MOST, each(config))(claim.get("config")), "config")


@field_check(GROUP, "ResourceClaim", "ResourceClaimTemplate")
def resource_claim_fields(manifest: Any) -> Iterator[Fault]:
    """A claim asks for devices of classes, and speaks only of its own requests."""
    if manifest.get("apiVersion") not in VERSIONS:
        return
    spec, at = struct(manifest.get("spec")), ["spec"]
    if manifest.get("kind") == "ResourceClaimTemplate":
        yield from under(template_metadata(spec.get("metadata")), "spec", "metadata")
        spec, at = struct(spec.get("spec")), ["spec", "spec"]
    yield from under(_claim(spec.get("devices")), *at, "devices")


def _extended(value: str) -> str:
    return "" if is_extended(value) else "must be a valid extended resource name"


_class = fields(
    {
        "selectors": _selectors,
        "config": short(MOST, each(fields(_config, needs=("opaque",)))),
        "extendedResourceName": text(_extended, "Write a name such as example.com/gpu."),
    }
)


@field_check(GROUP, "DeviceClass")
def device_class_fields(manifest: Any) -> Iterator[Fault]:
    """A class of devices selects by expressions, and configures drivers that it names."""
    yield from under(_class(manifest.get("spec")), "spec")


CHECKS = (resource_claim_fields, device_class_fields)
