"""Policies that change what is asked for, as far as they can be judged without CEL.

Source: pkg/apis/admissionregistration/validation of k8s.io/kubernetes,
`ValidateMutatingAdmissionPolicy`, `ValidateMutatingAdmissionPolicyBinding`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields.admission import FAILURE, GROUP
from mistersmith_k8s.checks.fields.admission_matching import (
    blank,
    match_conditions,
    match_resources,
    param_kind,
    param_reference,
    variables,
)
from mistersmith_k8s.checks.fields.faults import invalid, required, under, unsupported
from mistersmith_k8s.checks.fields.formats import dns_subdomain
from mistersmith_k8s.checks.fields.rules import (
    dicts,
    each,
    field_check,
    fields,
    given,
    needs_value,
    pick,
    strings,
    struct,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.fields.faults import Fault

OPERATIONS = ("*", "CONNECT", "CREATE", "UPDATE")
PATCHES = {"ApplyConfiguration": "applyConfiguration", "JSONPatch": "jsonPatch"}
_expression = fields({"expression": given(blank)}, needs=("expression",))


def _mutation(value: Any) -> Iterator[Fault]:
    """A patch of one type, which is the one that is said."""
    chosen = struct(value)
    said = chosen.get("patchType")
    yield from needs_value(said, tuple(PATCHES), ("patchType",))
    if not isinstance(said, str) or said not in PATCHES:
        return
    for patch, name in PATCHES.items():
        found = chosen.get(name)
        if patch == said and found is None:
            yield required(f"must be specified when patchType is {said}", path=(name,))
        elif patch == said:
            yield from under(_expression(found), name)
        elif found is not None:
            detail = f"must not be specified when patchType is {said}"
            yield invalid(f"{{{name}}}", detail, "Remove it.", (name,))


_policy = fields(
    {
        "failurePolicy": FAILURE,
        "reinvocationPolicy": given(pick("IfNeeded", "Never")),
        "paramKind": param_kind,
        "matchConstraints": match_resources,
        "matchConditions": match_conditions,
        "variables": variables,
        "mutations": each(_mutation),
    },
    needs=("matchConstraints", "reinvocationPolicy"),
)


def _operations(rules: Any) -> Iterator[Fault]:
    """Only what makes or changes an object can be changed."""
    for index, rule in dicts(rules):
        for place, item in strings(rule.get("operations")):
            if item not in OPERATIONS:
                yield unsupported(item, OPERATIONS, (index, "operations", place))


@field_check(GROUP, "MutatingAdmissionPolicy")
def mutating_policy_fields(manifest: Any) -> Iterator[Fault]:
    """A policy that changes objects says which, and has a patch of one type for each change."""
    spec = struct(manifest.get("spec"))
    yield from under(_policy(spec), "spec")
    constraints = struct(spec.get("matchConstraints"))
    rules, at = constraints.get("resourceRules"), ("spec", "matchConstraints", "resourceRules")
    if spec.get("matchConstraints") is not None and not rules:
        yield required(path=at)
    yield from under(_operations(rules), *at)
    if not spec.get("mutations"):
        detail = "mutations must contain at least one item"
        yield required(detail, "Add a mutation.", ("spec", "mutations"))


_binding = fields(
    {
        "policyName": given(dns_subdomain),
        "paramRef": param_reference,
        "matchResources": match_resources,
    },
    needs=("policyName",),
)


@field_check(GROUP, "MutatingAdmissionPolicyBinding")
def mutating_binding_fields(manifest: Any) -> Iterator[Fault]:
    """A binding names a policy that changes objects, and which of those that it may see."""
    spec = struct(manifest.get("spec"))
    yield from under(_binding(spec), "spec")
    rules = struct(spec.get("matchResources")).get("resourceRules")
    yield from under(_operations(rules), "spec", "matchResources", "resourceRules")


CHECKS = (mutating_policy_fields, mutating_binding_fields)
