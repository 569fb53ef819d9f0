"""Where pods may run: affinity, tolerations, topology spread, node selectors.

Source: pkg/apis/core/validation of k8s.io/kubernetes, `validateAffinity`,
`ValidateTolerations`, `validateTopologySpreadConstraints`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields import minors
from mistersmith_k8s.checks.fields.faults import (
    duplicate,
    forbidden,
    invalid,
    required,
    under,
    unsupported,
)
from mistersmith_k8s.checks.fields.formats import (
    dns_label,
    dns_subdomain,
    label_value,
    qualified_name,
    wrong_label_value,
)
from mistersmith_k8s.checks.fields.pods import Pod, pod_check
from mistersmith_k8s.checks.fields.rules import (
    Rule,
    at_least,
    between,
    both,
    dicts,
    each,
    fields,
    given,
    needs_value,
    new,
    one_of,
    pick,
    scalar,
    strings,
    struct,
)
from mistersmith_k8s.checks.fields.selectors import (
    NEED_VALUES,
    TAKE_NO_VALUES,
    key_is_there,
    labels,
    selector,
    unknown_operator,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.fields.faults import Fault

NODE_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt")
EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
SPREAD_KEY = ("topologyKey", "whenUnsatisfiable")
_is_integer = re.compile(r"0|-?[1-9][0-9]{0,18}").fullmatch


def _node_values(value: Any) -> Iterator[Fault]:
    term = struct(value)
    operator, values = term.get("operator"), term.get("values") or []
    if not isinstance(values, list):
        return
    if operator in ("In", "NotIn") and not values:
        yield required(NEED_VALUES, "List the values, or use Exists.", ("values",))
    elif operator in ("Exists", "DoesNotExist") and values:
        yield forbidden(TAKE_NO_VALUES, "Remove the values, or use In.", ("values",))
    elif operator in ("Gt", "Lt") and len(values) != 1:
        detail = "must be specified single value when `operator` is 'Lt' or 'Gt'"
        yield required(detail, "Give one number.", ("values",))
    elif operator is None or (isinstance(operator, str) and operator not in NODE_OPERATORS):
        yield unknown_operator(operator or "", NODE_OPERATORS)


def _node_field(value: Any) -> Iterator[Fault]:
    term = struct(value)
    operator, values = term.get("operator"), term.get("values") or []
    if operator not in ("In", "NotIn"):
        yield unknown_operator(str(operator or ""), ("In", "NotIn"))
    elif isinstance(values, list) and len(values) != 1:
        detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
        yield required(detail, "Give one node name.", ("values",))
    if term.get("key") != "metadata.name":
        detail = "not a valid field selector key"
        yield invalid(term.get("key"), detail, "Use metadata.name.", ("key",))
    else:
        yield from under(each(dns_subdomain)(values), "values")


_key = {"key": given(qualified_name)}
_soft_term = both(_node_values, key_is_there, fields(_key))
_soft = fields({"matchExpressions": each(_soft_term), "matchFields": each(_node_field)})


def _selecting(value: Rule) -> Rule:
    """Nodes that must be; their labels have values that obey a rule."""
    term = both(_node_values, key_is_there, fields({**_key, "values": each(value)}))
    hard = fields({"matchExpressions": each(term), "matchFields": each(_node_field)})
    return fields({"nodeSelectorTerms": each(hard)}, needs=("nodeSelectorTerms",))


node_selector = _selecting(new(minors.POD_NODES, label_value))
volume_node_selector = _selecting(new(minors.VOLUME_NODES, label_value))
WEIGHT = between(1, 100)
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_node_affinity = fields(
    {
        _REQUIRED: node_selector,
        _PREFERRED: each(fields({"weight": WEIGHT, "preference": _soft}, needs=("weight",))),
    }
)


def label_keys(value: Any) -> Iterator[Fault]:
    """Keys of labels whose values the pod brings; they need a selector, and add to it."""
    term = struct(value)
    chosen = term.get("labelSelector")
    for name in ("matchLabelKeys", "mismatchLabelKeys"):
        keys = list(strings(term.get(name)))
        if keys and chosen is None:
            detail = "must not be specified when labelSelector is not set"
            yield forbidden(detail, "Set labelSelector.", (name,))
        for index, key in keys:
            yield from under(qualified_name(key), name, index)
    against = {key for _, key in strings(term.get("mismatchLabelKeys"))}
    for index, key in strings(term.get("matchLabelKeys")):
        if key in against:
            detail = "exists in both matchLabelKeys and mismatchLabelKeys"
            yield invalid(key, detail, "Keep one of the two.", ("matchLabelKeys", index))
    yield from _keys_in_selector(
        struct(chosen), [key for _, key in strings(term.get("matchLabelKeys"))]
    )


def _keys_in_selector(chosen: dict[str, Any], keys: list[str]) -> Iterator[Fault]:
    """The API server adds each key to the selector once; a second one by hand is too many."""
    seen = {str(key) for key in struct(chosen.get("matchLabels"))}
    for _, term in dicts(chosen.get("matchExpressions")):
        key = term.get("key")
        if isinstance(key, str):
            if key in keys and key in seen:
                detail = "exists in both matchLabelKeys and labelSelector"
                yield invalid(key, detail, "Remove it from the selector.", ("matchLabelKeys",))
            seen.add(key)


_pod_term = both(
    new(minors.MATCH_LABEL_KEYS, label_keys),
    fields(
        {
            "labelSelector": selector,
            "namespaceSelector": selector,
            "namespaces": each(dns_label),
            "topologyKey": given(qualified_name),
        },
        needs=("topologyKey",),
    ),
)
_weighted = each(
    fields({"weight": WEIGHT, "podAffinityTerm": _pod_term}, needs=("weight", "podAffinityTerm"))
)
_pod_affinity = fields({_REQUIRED: each(_pod_term), _PREFERRED: _weighted})
_affinity = fields(
    {
        "nodeAffinity": _node_affinity,
        "podAffinity": _pod_affinity,
        "podAntiAffinity": _pod_affinity,
    }
)


@pod_check
def affinity(pod: Pod) -> Iterator[Fault]:
    """Terms name a topology, weights are from 1 to 100, operators have the values they need."""
    value = pod.spec.get("affinity")
    if value:
        yield from under(_affinity(value), "spec", "affinity")
    if pod.spec.get("nodeSelector"):
        yield from under(labels(pod.spec["nodeSelector"]), "spec", "nodeSelector")


_toleration = fields({"key": given(qualified_name), "effect": one_of(*EFFECTS)})


def tolerates(value: Any) -> Iterator[Fault]:
    """A toleration whose operator fits its key, value, effect and seconds."""
    if not isinstance(value, dict):
        return
    yield from _toleration(value)
    operator, own = value.get("operator"), value.get("value")
    if value.get("key") in (None, "") and operator != "Exists":
        detail = "operator must be Exists when `key` is empty"
        yield invalid(operator or "", detail, "Set key, or operator: Exists.", ("operator",))
    if value.get("tolerationSeconds") is not None and value.get("effect") != "NoExecute":
        detail = "effect must be 'NoExecute' when `tolerationSeconds` is set"
        yield invalid(value.get("effect") or "", detail, "Use NoExecute.", ("effect",))
    if isinstance(own, str):
        yield from _toleration_value(operator, own)
    if isinstance(operator, str) and operator not in ("", "Equal", "Exists"):
        yield unsupported(operator, ("Equal", "Exists"), ("operator",))


def _toleration_value(operator: Any, value: str) -> Iterator[Fault]:
    if operator == "Exists" and value:
        detail = "value must be empty when `operator` is 'Exists'"
        yield invalid(value, detail, "Remove value.", ("value",))
    elif operator in (None, "", "Equal") and wrong_label_value(value):
        yield from under(label_value(value), "value")


@pod_check
def tolerations(pod: Pod) -> Iterator[Fault]:
    """A toleration names a taint, or all of them by Exists."""
    value = pod.spec.get("tolerations")
    if value:
        yield from under(each(tolerates)(value), "spec", "tolerations")


_spread = fields(
    {
        "maxSkew": at_least(1, "must be greater than zero"),
        "minDomains": at_least(1, "must be greater than zero"),
        "labelSelector": selector,
        "nodeAffinityPolicy": pick("Honor", "Ignore"),
        "nodeTaintsPolicy": pick("Honor", "Ignore"),
    },
    needs=("topologyKey",),
)


@pod_check
def topology_spread(pod: Pod) -> Iterator[Fault]:
    """A constraint has a skew, a topology and an action; only a hard one has minDomains."""
    seen: set[Any] = set()
    for index, constraint in dicts(pod.spec.get("topologySpreadConstraints")):
        at = ("spec", "topologySpreadConstraints", index)
        yield from under(_constraint(constraint), *at)
        key = tuple(scalar(constraint.get(name)) for name in SPREAD_KEY)
        if key in seen:
            yield duplicate(f"{{{key[0]}, {key[1]}}}", at)
        seen.add(key)


def _constraint(value: dict[str, Any]) -> Iterator[Fault]:
    yield from _spread(value)
    yield from label_keys(value)
    action = value.get("whenUnsatisfiable")
    yield from needs_value(action, ("DoNotSchedule", "ScheduleAnyway"), ("whenUnsatisfiable",))
    if value.get("maxSkew") is None:
        yield invalid(0, "must be greater than zero", "Set maxSkew to 1.", ("maxSkew",))
    if value.get("minDomains") is not None and action != "DoNotSchedule":
        detail = f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}"
        yield invalid(value["minDomains"], detail, "Remove it.", ("minDomains",))


CHECKS = (affinity, tolerations, topology_spread)
