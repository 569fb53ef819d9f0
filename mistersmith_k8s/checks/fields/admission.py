"""Webhooks and admission policies, as far as they can be judged without CEL.

Source: pkg/apis/admissionregistration/validation of k8s.io/kubernetes;
k8s.io/apiserver/pkg/util/webhook, `ValidateWebhookURL` and `ValidateWebhookService`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields.admission_matching import (
    MATCH,
    blank,
    match_conditions,
    match_resources,
    param_kind,
    param_reference,
    variables,
)
from mistersmith_k8s.checks.fields.admission_rules import rule_with_operations
from mistersmith_k8s.checks.fields.faults import (
    duplicate,
    invalid,
    required,
    under,
)
from mistersmith_k8s.checks.fields.formats import (
    dns1035,
    dns_subdomain,
    qualified_name,
    wrong_fully_qualified,
)
from mistersmith_k8s.checks.fields.hooks import client_config
from mistersmith_k8s.checks.fields.rules import (
    Rule,
    both,
    dicts,
    distinct,
    each,
    field_check,
    fields,
    given,
    is_int,
    pick,
    strings,
    struct,
    text,
    unique,
)
from mistersmith_k8s.checks.fields.selectors import selector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.fields.faults import Fault

GROUP = "admissionregistration.k8s.io"
REVIEWS = ("v1", "v1beta1")
LONGEST_WAIT, AUDITS = 30, 20
FAILURE = pick("Fail", "Ignore")


def _seconds(value: Any) -> Iterator[Fault]:
    if is_int(value) and not 1 <= value <= LONGEST_WAIT:
        detail = f"the timeout value must be between 1 and {LONGEST_WAIT} seconds"
        yield invalid(value, detail, f"Use 1 to {LONGEST_WAIT}.")


def review_versions(value: Any) -> Iterator[Fault]:
    """Versions of the review that are distinct, one of which the API server speaks."""
    versions = [version for _, version in strings(value)]
    if not versions:
        detail = f"must specify one of {', '.join(REVIEWS)}"
        yield required(detail, "List v1.")
        return
    for index, version in strings(value):
        if version in versions[:index]:
            yield invalid(version, "duplicate version", "Remove it.", (index,))
        yield from under(dns1035(version), index)
    if not set(versions) & set(REVIEWS):
        detail = f"must include at least one of {', '.join(REVIEWS)}"
        yield invalid(versions, detail, "Add v1.")


_name = text(wrong_fully_qualified, "Write a domain with three parts, such as a.example.com.")
_hook = fields(
    {
        "name": given(_name),
        "failurePolicy": FAILURE,
        "matchPolicy": MATCH,
        "sideEffects": given(pick("None", "NoneOnDryRun")),
        "reinvocationPolicy": pick("IfNeeded", "Never"),
        "timeoutSeconds": _seconds,
        "namespaceSelector": selector,
        "objectSelector": selector,
        "rules": each(rule_with_operations),
        "matchConditions": match_conditions,
    },
    needs=("name", "sideEffects"),
)


@field_check(GROUP, "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")
def webhook_fields(manifest: Any) -> Iterator[Fault]:
    """A webhook has a full name of its own, one address, and versions that are spoken."""
    seen: set[str] = set()
    for index, hook in dicts(manifest.get("webhooks")):
        at = ("webhooks", index)
        yield from under(_hook(hook), *at)
        yield from under(client_config(hook.get("clientConfig")), *at, "clientConfig")
        versions = review_versions(hook.get("admissionReviewVersions"))
        yield from under(versions, *at, "admissionReviewVersions")
        name = hook.get("name")
        if isinstance(name, str) and name:
            if name in seen:
                yield duplicate(name, (*at, "name"))
            seen.add(name)


REASONS = ("Forbidden", "Invalid", "RequestEntityTooLarge", "Unauthorized")
_VALIDATION: dict[str, Rule] = {
    "expression": given(blank),
    "reason": pick(*REASONS),
    "message": text(
        lambda v: "must not contain line breaks" if "\n" in v.strip() else "", "Write one line."
    ),
}
_policy = fields(
    {
        "failurePolicy": FAILURE,
        "paramKind": param_kind,
        "matchConstraints": match_resources,
        "matchConditions": match_conditions,
        "validations": each(fields(_VALIDATION, needs=("expression",))),
        "variables": variables,
    }
)


@field_check(GROUP, "ValidatingAdmissionPolicy")
def admission_policy_fields(manifest: Any) -> Iterator[Fault]:
    """A policy says what it matches, and validates or annotates something."""
    spec = struct(manifest.get("spec"))
    yield from under(_policy(spec), "spec")
    constraints = spec.get("matchConstraints")
    at = ("spec", "matchConstraints")
    if constraints is None:
        yield required(path=at)
    elif not struct(constraints).get("resourceRules"):
        yield required(path=(*at, "resourceRules"))
    audits = spec.get("auditAnnotations")
    if not spec.get("validations") and not audits:
        detail = "validations or auditAnnotations must contain at least one item"
        yield required(detail, "Add a validation.", ("spec", "validations"))
    if isinstance(audits, list) and len(audits) > AUDITS:
        detail = f"must not have more than {AUDITS} auditAnnotations"
        yield invalid(len(audits), detail, f"Keep {AUDITS}.", ("spec", "auditAnnotations"))
    yield from under(unique("key")(audits), "spec", "auditAnnotations")
    name = struct(manifest.get("metadata")).get("name")
    for index, audit in dicts(audits):
        key = f"{name}/{audit.get('key') or ''}"
        yield from under(qualified_name(key), "spec", "auditAnnotations", index, "key")
        value = audit.get("valueExpression")
        if value is None or (isinstance(value, str) and not value.strip()):
            yield required(path=("spec", "auditAnnotations", index, "valueExpression"))


_binding = fields(
    {
        "policyName": given(dns_subdomain),
        "paramRef": param_reference,
        "matchResources": match_resources,
        "validationActions": both(distinct, each(pick("Audit", "Deny", "Warn"))),
    },
    needs=("policyName", "validationActions"),
)


@field_check(GROUP, "ValidatingAdmissionPolicyBinding")
def admission_binding_fields(manifest: Any) -> Iterator[Fault]:
    """A binding names a policy, and what happens when it fails."""
    spec = struct(manifest.get("spec"))
    yield from under(_binding(spec), "spec")
    actions = [action for _, action in strings(spec.get("validationActions"))]
    if "Deny" in actions and "Warn" in actions:
        detail = "must not contain both Deny and Warn"
        yield invalid(actions, detail, "Keep one of them.", ("spec", "validationActions"))


CHECKS = (webhook_fields, admission_policy_fields, admission_binding_fields)
