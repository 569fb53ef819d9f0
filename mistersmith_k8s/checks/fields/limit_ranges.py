"""Limit ranges: minimum, defaults and maximum in this order.

Source: pkg/apis/core/validation of k8s.io/kubernetes, `ValidateLimitRange`;
pkg/apis/core/v1/defaults.go, `SetDefaults_LimitRangeItem`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields.amounts import amounts, is_overcommittable, milli, quantity
from mistersmith_k8s.checks.fields.faults import duplicate, forbidden, invalid, required, under
from mistersmith_k8s.checks.fields.formats import qualified_name, wrong_key
from mistersmith_k8s.checks.fields.policies import QUOTA_RESOURCES
from mistersmith_k8s.checks.fields.resources import container_resource
from mistersmith_k8s.checks.fields.rules import dicts, field_check, struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from decimal import Decimal

    from mistersmith_k8s.checks.fields.faults import Fault

TYPES = ("Pod", "Container", "PersistentVolumeClaim")
SIDES = ("min", "max", "default", "defaultRequest", "maxLimitRequestRatio")
# Each pair with what is wrong when the first is greater than the second.
ORDER = (
    ("min", "max", "min value {} is greater than max value {}"),
    ("min", "defaultRequest", "min value {} is greater than default request value {}"),
    ("defaultRequest", "max", "default request value {} is greater than max value {}"),
    (
        "defaultRequest",
        "default",
        "default request value {} is greater than default limit value {}",
    ),
    ("min", "default", "min value {} is greater than default value {}"),
    ("default", "max", "default value {} is greater than max value {}"),
)


@field_check("", "LimitRange")
def limit_range_fields(manifest: Any) -> Iterator[Fault]:
    """For each resource, the minimum is no more than the defaults, and they than the maximum."""
    seen: set[str] = set()
    for index, limit in dicts(struct(manifest.get("spec")).get("limits")):
        kind, at = limit.get("type"), ("spec", "limits", index)
        if isinstance(kind, str | None):
            yield from under(_type(kind or ""), *at, "type")
            if kind in seen:
                yield duplicate(kind, (*at, "type"))
            seen.add(kind or "")
        yield from under(_item(limit), *at)


def _type(kind: str) -> Iterable[Fault]:
    if wrong_key(kind):
        return qualified_name(kind)
    if "/" in kind or kind in TYPES:
        return ()
    detail = "must be a standard limit type or fully qualified"
    return (invalid(kind, detail, f"Use one of {', '.join(TYPES)}."),)


def _resource(name: str, kind: Any) -> Iterable[Fault]:
    if kind in ("Pod", "Container"):
        return container_resource(name)
    if wrong_key(name):
        return qualified_name(name)
    if "/" in name or name in QUOTA_RESOURCES or name == "storage" or "hugepages-" in name:
        return ()
    detail = "must be a standard resource type or fully qualified"
    return (invalid(name, detail, "Use storage, or a domain/name."),)


def _item(limit: dict[str, Any]) -> Iterator[Fault]:
    kind = limit.get("type")
    for side in SIDES:
        values = amounts(limit.get(side))
        if kind == "Pod" and side.startswith("default") and values:
            detail = "may not be specified when `type` is 'Pod'"
            yield forbidden(detail, f"Remove {side}.", (side,))
            continue
        for name, value in values.items():
            if isinstance(name, str):
                yield from under((*_resource(name, kind), *quantity(value)), side, name)
    if kind == "PersistentVolumeClaim":
        bounds = {**struct(limit.get("min")), **struct(limit.get("max"))}
        if "storage" not in bounds:
            detail = "either minimum or maximum storage value is required, but neither was provided"
            yield required(detail, "Set max.storage.", ("max", "storage"))
    found = {side: _amounts(limit, side) for side in SIDES}
    if kind == "Container":
        _default(found)
    for name in sorted({name for side in found.values() for name in side}):
        yield from _ordered(name, {side: found[side].get(name) for side in SIDES})


def _amounts(limit: dict[str, Any], side: str) -> dict[str, Decimal]:
    if limit.get("type") == "Pod" and side.startswith("default"):
        return {}
    found = ((name, milli(value)) for name, value in amounts(limit.get(side)).items())
    return {str(name): value for name, value in found if value is not None}


def _default(found: dict[str, dict[str, Decimal]]) -> None:
    """What the API server sets where a container's limits say nothing."""
    found["default"] = {**found["max"], **found["default"]}
    floor = {**found["min"], **found["default"]}
    found["defaultRequest"] = {**floor, **found["defaultRequest"]}


def _ordered(name: str, of: dict[str, Decimal | None]) -> Iterator[Fault]:
    for lower, upper, detail in ORDER:
        low, high = of[lower], of[upper]
        if low is not None and high is not None and low > high:
            said = detail.format(f"{low:f}", f"{high:f}")
            yield invalid(f"{low:f}", said, f"Lower {lower} or raise {upper}.", (lower, name))
    request, limit = of["defaultRequest"], of["default"]
    if not is_overcommittable(name) and None not in (request, limit) and request != limit:
        detail = f"default value {limit} must equal to defaultRequest value {request} in {name}"
        yield invalid(f"{request}", detail, "Make them equal.", ("defaultRequest", name))
    yield from under(_ratio(of), "maxLimitRequestRatio", name)


def _ratio(of: dict[str, Decimal | None]) -> Iterator[Fault]:
    ratio, low, high = of["maxLimitRequestRatio"], of["min"], of["max"]
    if ratio is None:
        return
    if ratio < 1:
        yield invalid(f"{ratio:f}", f"ratio {ratio:f} is less than 1", "Use 1 or more.")
    if low and high is not None and ratio > high / low:
        detail = f"ratio {ratio:f} is greater than max/min = {high / low:f}"
        yield invalid(f"{ratio:f}", detail, "Lower it.")


CHECKS = (limit_range_fields,)
