"""What an admission policy or webhook looks at, and with which parameters.

Source: pkg/apis/admissionregistration/validation of k8s.io/kubernetes, `validateMatchResources`,
`validateMatchConditions`, `validateParamKind`, `validateParamRef`, `validateVariable`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields.admission_rules import rule_with_operations
from mistersmith_k8s.checks.fields.faults import forbidden, invalid, required, too_many
from mistersmith_k8s.checks.fields.formats import (
    path_segment,
    qualified_name,
    wrong_dns1035,
    wrong_subdomain,
)
from mistersmith_k8s.checks.fields.rules import (
    both,
    distinct,
    each,
    fields,
    given,
    needs_value,
    pick,
    struct,
    text,
    unique,
)
from mistersmith_k8s.checks.fields.selectors import selector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.fields.faults import Fault

CONDITIONS = 64
MATCH = pick("Equivalent", "Exact")
_is_identifier = re.compile(r"[_a-zA-Z][_a-zA-Z0-9]*").fullmatch
# Words of CEL that name no variable.
RESERVED = frozenset(
    (
        *("true", "false", "null", "in", "as", "break", "const", "continue", "else", "for"),
        *("function", "if", "import", "let", "loop", "package", "namespace", "return", "var"),
        *("void", "while"),
    )
)


def blank(value: Any) -> Iterator[Fault]:
    """A text that says nothing."""
    if isinstance(value, str) and not value.strip():
        yield required("expression is not specified", "Write a CEL expression.")


_condition = fields(
    {"name": given(qualified_name), "expression": given(blank)}, needs=("name", "expression")
)


def match_conditions(value: Any) -> Iterator[Fault]:
    """Conditions with distinct names, each with an expression."""
    if isinstance(value, list) and len(value) > CONDITIONS:
        yield too_many(len(value), CONDITIONS)
    yield from each(_condition)(value)
    yield from unique("name")(value)


_named_rule = both(
    rule_with_operations, fields({"resourceNames": both(distinct, each(path_segment))})
)
match_resources = fields(
    {
        "matchPolicy": MATCH,
        "namespaceSelector": selector,
        "objectSelector": selector,
        "resourceRules": each(_named_rule),
        "excludeResourceRules": each(_named_rule),
    }
)


def _group_version(value: str) -> str:
    group, slash, version = value.rpartition("/")
    if "/" in group or (slash and not group and not version):
        return "unexpected GroupVersion string"
    wrong_group = wrong_subdomain(group) if group else ""
    return wrong_group or (wrong_dns1035(version) if version else "version must be specified")


def _lower_kind(value: str) -> str:
    wrong = wrong_dns1035(value.lower())
    return f"may have mixed case, but should otherwise match: {wrong}" if wrong else ""


param_kind = fields(
    {
        "apiVersion": given(text(_group_version, "Write group/version.")),
        "kind": given(text(_lower_kind, "Write a kind such as ConfigMap.")),
    },
    needs=("apiVersion", "kind"),
)


def _variable_name(value: Any) -> Iterator[Fault]:
    if isinstance(value, str) and not value.strip():
        yield required("name is not specified")
    elif isinstance(value, str) and (_is_identifier(value) is None or value in RESERVED):
        yield invalid(value, "must be a valid CEL identifier", "Use letters, digits and '_'.")


variables = each(
    fields(
        {"name": given(_variable_name), "expression": given(blank)}, needs=("name", "expression")
    )
)


def _param_choice(value: Any) -> Iterator[Fault]:
    ref = struct(value)
    if ref.get("name") and ref.get("selector") is not None:
        detail = "name and selector are mutually exclusive"
        yield forbidden(detail, "Keep one of them.", ("name",))
    elif not ref.get("name") and ref.get("selector") is None:
        yield required("one of name or selector must be specified", "Set name.")
    action = ref.get("parameterNotFoundAction")
    yield from needs_value(action, ("Deny", "Allow"), ("parameterNotFoundAction",))


param_reference = both(_param_choice, fields({"name": path_segment, "selector": selector}))
