"""Disruption budgets, quotas, limit ranges and priority classes.

Source: pkg/apis/policy/validation, pkg/apis/core/validation and pkg/apis/scheduling/validation
of k8s.io/kubernetes, `ValidateResourceQuotaSpec`, `ValidateLimitRange` and their like.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields.amounts import COUNTED, HUGE, resource_amount
from mistersmith_k8s.checks.fields.faults import forbidden, invalid, required, under
from mistersmith_k8s.checks.fields.formats import (
    at_most_all,
    int_or_percent,
    qualified_name,
    wrong_key,
)
from mistersmith_k8s.checks.fields.rules import (
    both,
    dicts,
    field_check,
    fields,
    is_int,
    one_of,
    pick,
    strings,
    struct,
)
from mistersmith_k8s.checks.fields.selectors import selector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.fields.faults import Fault

_count = both(int_or_percent, at_most_all)
_budget = fields(
    {
        "minAvailable": _count,
        "maxUnavailable": _count,
        "selector": selector,
        "unhealthyPodEvictionPolicy": pick("AlwaysAllow", "IfHealthyBudget"),
    }
)


@field_check("policy", "PodDisruptionBudget")
def disruption_budget_fields(manifest: Any) -> Iterator[Fault]:
    """A budget counts what must stay or what may go, and not both."""
    spec = struct(manifest.get("spec"))
    yield from under(_budget(spec), "spec")
    if spec.get("minAvailable") is not None and spec.get("maxUnavailable") is not None:
        detail = "minAvailable and maxUnavailable cannot be both set"
        yield invalid(spec["maxUnavailable"], detail, "Keep one.", ("spec", "maxUnavailable"))


COMPUTE = frozenset(
    f"{side}{name}" for side in ("", "requests.", "limits.") for name in ("cpu", "memory")
)
QUOTA_RESOURCES = COUNTED | COMPUTE | {"requests.storage"}
QUOTA_RESOURCES |= {f"{side}ephemeral-storage" for side in ("", "requests.", "limits.")}
OF_PODS = COMPUTE | {"pods"}
OF_CLAIMS = frozenset(("persistentvolumeclaims", "requests.storage"))
# The resources that a scope can be applied to.
VALUED_SCOPES = ("PriorityClass", "VolumeAttributesClass")
SCOPES = {
    "Terminating": OF_PODS,
    "NotTerminating": OF_PODS,
    "NotBestEffort": OF_PODS,
    "PriorityClass": OF_PODS,
    "CrossNamespacePodAffinity": OF_PODS,
    "BestEffort": frozenset(("pods",)),
    "VolumeAttributesClass": OF_CLAIMS,
}
EXISTING_SCOPES = tuple(scope for scope in SCOPES if scope not in VALUED_SCOPES)
OPPOSED = (("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating"))


@field_check("", "ResourceQuota")
def quota_fields(manifest: Any) -> Iterator[Fault]:
    """A quota limits resources that can be counted, in scopes that can hold them."""
    spec = struct(manifest.get("spec"))
    hard = struct(spec.get("hard"))
    for name, value in hard.items():
        if isinstance(name, str):
            yield from under(_quota_resource(name), "spec", "hard", name)
            yield from under(resource_amount(name, value), "spec", "hard", name)
    scopes = list(strings(spec.get("scopes")))
    for index, scope in scopes:
        yield from under(_scope(scope, hard), "spec", "scopes", index)
    yield from under(_opposed([scope for _, scope in scopes]), "spec", "scopes")
    terms = struct(spec.get("scopeSelector")).get("matchExpressions")
    at = ("spec", "scopeSelector", "matchExpressions")
    for index, term in dicts(terms):
        yield from under(_scope_term(term, hard), *at, index)
    names = [term.get("scopeName") for _, term in dicts(terms)]
    yield from under(_opposed(names), *at)


def _quota_resource(name: str) -> Iterator[Fault]:
    if wrong_key(name):
        yield from qualified_name(name)
    elif "/" not in name and not _is_standard(name):
        detail = "must be a standard resource for quota"
        mend = "Use a standard resource, or count/resource.group, or a domain/name."
        yield invalid(name, detail, mend)


def _is_standard(name: str) -> bool:
    return name in QUOTA_RESOURCES or name.startswith((HUGE, f"requests.{HUGE}"))


def _scope(scope: str, hard: dict[str, Any]) -> Iterator[Fault]:
    allowed = SCOPES.get(scope)
    if allowed is None:
        yield invalid(scope, "unsupported scope", f"Use one of {', '.join(SCOPES)}.")
        return
    for name in hard:
        if _is_standard(str(name)) and name not in allowed:
            detail = f"unsupported scope applied to resource {name}"
            yield invalid(scope, detail, f"Limit {name} in a quota without this scope.")


def _opposed(scopes: list[Any]) -> Iterator[Fault]:
    for pair in OPPOSED:
        if all(scope in scopes for scope in pair):
            yield invalid(scopes, "conflicting scopes", f"Keep {' or '.join(pair)}.")


def _scope_term(term: dict[str, Any], hard: dict[str, Any]) -> Iterator[Fault]:
    scope, operator, values = (term.get(name) for name in ("scopeName", "operator", "values"))
    if isinstance(scope, str | None):
        yield from under(_scope(scope or "", hard), "scopeName")
    if operator != "Exists" and scope in EXISTING_SCOPES:
        detail = f"must be 'Exists' when scope is {scope}"
        yield invalid(operator, detail, "Use Exists.", ("operator",))
    if operator in ("In", "NotIn"):
        if not values:
            detail = "must be at least one value when `operator` is 'In' or 'NotIn'"
            yield required(f"{detail} for scope selector", "List values.", ("values",))
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            detail = "must be no value when `operator` is 'Exist' or 'DoesNotExist'"
            yield invalid(values, f"{detail} for scope selector", "Remove them.", ("values",))
    elif isinstance(operator, str | None):
        mend = "Use one of In, NotIn, Exists, DoesNotExist."
        yield invalid(operator, "not a valid selector operator", mend, ("operator",))


HIGHEST_PRIORITY = 10**9
SYSTEM_CLASSES = {
    "system-node-critical": 2 * HIGHEST_PRIORITY + 1000,
    "system-cluster-critical": 2 * HIGHEST_PRIORITY,
}


@field_check("scheduling.k8s.io", "PriorityClass")
def priority_class_fields(manifest: Any) -> Iterator[Fault]:
    """A priority is at most a thousand million; higher ones are the system's."""
    name, value = struct(manifest.get("metadata")).get("name"), manifest.get("value")
    value = 0 if value is None else value
    policy = one_of("PreemptLowerPriority", "Never")(manifest.get("preemptionPolicy"))
    yield from under(policy, "preemptionPolicy")
    if manifest.get("preemptionPolicy") == "":
        yield required("", "Remove it.", ("preemptionPolicy",))
    if isinstance(name, str) and name.startswith("system-"):
        if SYSTEM_CLASSES.get(name) != value or manifest.get("globalDefault") is True:
            detail = "priority class names with 'system-' prefix are reserved for system use only"
            yield forbidden(detail, "Use another name.", ("metadata", "name"))
    elif is_int(value) and value > HIGHEST_PRIORITY:
        detail = f"maximum allowed value of a user defined priority is {HIGHEST_PRIORITY}"
        yield forbidden(detail, f"Use {HIGHEST_PRIORITY} or less.", ("value",))
    if is_int(value) and value < -(2**31):
        yield invalid(
            value, f"must be greater than or equal to {-(2**31)}", "Raise it.", ("value",)
        )


CHECKS = (disruption_budget_fields, quota_fields, priority_class_fields)
