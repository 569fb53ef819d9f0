"""HorizontalPodAutoscalers.

Source: pkg/apis/autoscaling/validation of k8s.io/kubernetes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields import minors
from mistersmith_k8s.checks.fields.amounts import above_zero, not_negative
from mistersmith_k8s.checks.fields.faults import forbidden, invalid, required, since, under, until
from mistersmith_k8s.checks.fields.formats import dns_label, path_segment
from mistersmith_k8s.checks.fields.resources import container_resource
from mistersmith_k8s.checks.fields.rules import (
    Rule,
    at_least,
    between,
    both,
    dicts,
    each,
    field_check,
    fields,
    gated,
    given,
    is_int,
    needs_value,
    new,
    pick,
    struct,
    text,
)
from mistersmith_k8s.checks.fields.selectors import selector

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mistersmith_k8s.checks.fields.faults import Fault

LONGEST_PERIOD, LONGEST_WINDOW = 1800, 3600
METRICS = {
    "ContainerResource": "containerResource",
    "External": "external",
    "Object": "object",
    "Pods": "pods",
    "Resource": "resource",
}
POPULATE = "must populate information for the given metric source"
_positive = above_zero("must be positive")


def _group_version(value: str) -> str:
    many = value.count("/") > 1
    return f"unexpected GroupVersion string: {value}" if many else ""


_REFERENCE: dict[str, Rule] = {
    "kind": given(path_segment),
    "name": given(path_segment),
    "apiVersion": new(minors.SCALED_GROUP, text(_group_version, "Write group/version.")),
}
_reference = fields(_REFERENCE, needs=("kind", "name"))


def _scalable(value: Any) -> Iterator[Fault]:
    """Only a ReplicationController can be scaled without naming an API group."""
    target = struct(value)
    version, kind = target.get("apiVersion") or "", target.get("kind")
    group = isinstance(version, str) and version.rpartition("/")[0]
    if group == "" and kind != "ReplicationController":
        detail = "apiVersion must specify API group"
        fault = invalid(version, detail, "Write group/version.", ("apiVersion",))
        yield since(fault, minors.SCALED_GROUP)


_target_fields = fields(
    {
        "type": pick("Utilization", "Value", "AverageValue"),
        "value": _positive,
        "averageValue": _positive,
        "averageUtilization": at_least(1, "must be greater than 0"),
    },
    needs=("type",),
)
_metric = fields({"name": given(path_segment), "selector": gated(selector)}, needs=("name",))


def _resource_name(value: Any) -> Iterable[Fault]:
    return container_resource(value) if isinstance(value, str) else ()


def _target(value: Any, one_of: tuple[str, ...], *, exactly: bool) -> Iterator[Fault]:
    """A target of a known type, with one of the values that its source can compare."""
    target = struct(value)
    yield from _target_fields(target)
    present = [name for name in one_of if target.get(name) is not None]
    if not present:
        names = " or ".join(one_of)
        yield required(f"must set a target {names}", f"Set {names}.", (one_of[-1],))
    elif exactly and len(present) > 1:
        detail = f"may not set both {' and '.join(one_of)}"
        yield forbidden(detail, "Keep one of them.", (present[0],))


# Each source: what its fields obey, what it needs, which target values it compares.
_SOURCES: dict[str, tuple[Rule, tuple[str, ...], bool]] = {
    "object": (
        fields(
            {"describedObject": _reference, "metric": _metric},
            needs=("describedObject", "metric"),
        ),
        ("value", "averageValue"),
        False,
    ),
    "external": (fields({"metric": _metric}, needs=("metric",)), ("value", "averageValue"), True),
    "pods": (fields({"metric": _metric}, needs=("metric",)), ("averageValue",), False),
    "resource": (fields({}, needs=("name",)), ("averageValue", "averageUtilization"), True),
    "containerResource": (
        fields(
            {"name": given(_resource_name), "container": given(dns_label)},
            needs=("name", "container"),
        ),
        ("averageValue", "averageUtilization"),
        True,
    ),
}


def _metric_spec(value: Any) -> Iterator[Fault]:
    """A metric has the one source that its type names."""
    if not isinstance(value, dict):
        return
    kind = value.get("type")
    yield from needs_value(kind, tuple(METRICS), ("type",))
    expected = METRICS.get(kind) if isinstance(kind, str) else None
    if expected is not None and value.get(expected) is None:
        yield required(POPULATE, path=(expected,))
    for name, (rule, one_of, exactly) in _SOURCES.items():
        source = value.get(name)
        if source is not None and expected is not None and name != expected:
            detail = "must populate the given metric source only"
            yield forbidden(detail, f"Remove {name}.", (name,))
        if isinstance(source, dict):
            yield from under(rule(source), name)
            target = _target(source.get("target"), one_of, exactly=exactly)
            yield from under(target, name, "target")


_policy = fields(
    {
        "type": pick("Percent", "Pods"),
        "value": at_least(1, "must be greater than zero"),
        "periodSeconds": between(1, LONGEST_PERIOD),
    },
    needs=("type", "value", "periodSeconds"),
)
_rules_fields = fields(
    {
        "stabilizationWindowSeconds": between(0, LONGEST_WINDOW),
        "selectPolicy": pick("Disabled", "Max", "Min"),
        "policies": each(_policy),
        "tolerance": new(minors.TOLERANCE, not_negative),
    }
)


def _some_policy(value: Any) -> Iterator[Fault]:
    if struct(value).get("policies") == []:
        detail = "must specify at least one Policy"
        yield required(detail, "Remove it, or add a policy.", ("policies",))


_rules = both(_some_policy, _rules_fields)
_behavior = fields({"scaleUp": _rules, "scaleDown": _rules})
_spec = fields(
    {
        "minReplicas": at_least(0),
        "scaleTargetRef": both(_reference, _scalable),
        "metrics": each(_metric_spec),
        "behavior": _behavior,
        "targetCPUUtilizationPercentage": at_least(1, "must be greater than 0"),
    },
    needs=("scaleTargetRef",),
)


@field_check("autoscaling", "HorizontalPodAutoscaler")
def autoscaler_fields(manifest: Any) -> Iterator[Fault]:
    """An autoscaler has a target, a maximum above the minimum, and metrics that are complete."""
    spec = struct(manifest.get("spec"))
    yield from under(_spec(spec), "spec")
    low, high = spec.get("minReplicas"), spec.get("maxReplicas")
    low = 1 if low is None else low
    if high is None or high == 0:
        detail = "must be set and greater than 0"
        yield required(detail, path=("spec", "maxReplicas"))
    elif is_int(high):
        yield from under(at_least(1)(high), "spec", "maxReplicas")
        if is_int(low) and high < low:
            detail = "must be greater than or equal to `minReplicas`"
            yield invalid(high, detail, f"Use {low} or more.", ("spec", "maxReplicas"))
    kinds = {str(metric.get("type")) for _, metric in dicts(spec.get("metrics"))}
    if low == 0 and not kinds & {"Object", "External"}:
        detail = (
            "must specify at least one Object or External metric "
            "to support scaling to zero replicas"
        )
        yield forbidden(detail, "Set minReplicas to 1.", ("spec", "metrics"))
    elif low == 0:
        fault = invalid(0, "must be greater than or equal to 1", "Use 1 or more.")
        yield until(fault._replace(path=("spec", "minReplicas")), minors.NO_SCALE_TO_ZERO)


CHECKS = (autoscaler_fields,)
