"""Labels and label selectors.

Source: k8s.io/apimachinery/pkg/apis/meta/v1/validation, `ValidateLabels` and
`ValidateLabelSelector`; pkg/labels, `Requirement.Matches`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields.faults import Faults, forbidden, invalid, required
from mistersmith_k8s.checks.fields.formats import (
    label_value,
    qualified_name,
    wrong_key,
    wrong_label_value,
)
from mistersmith_k8s.checks.fields.rules import both, dicts, each, fields, struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mistersmith_k8s.checks.fields.faults import Fault

OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")
NEED_VALUES = "must be specified when `operator` is 'In' or 'NotIn'"
TAKE_NO_VALUES = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"


def labels(value: Any) -> Iterator[Fault]:
    """Keys that are qualified names and values that fit a label."""
    if not isinstance(value, dict):
        return
    for key, item in value.items():
        if not isinstance(key, str):
            continue
        if wrong_key(key):
            yield from (fault._replace(path=(key,)) for fault in qualified_name(key))
        if isinstance(item, str) and wrong_label_value(item):
            yield from (fault._replace(path=(key,)) for fault in label_value(item))


def operator_values(value: Any) -> Iterator[Fault]:
    """An operator that is known, with values exactly where it takes some."""
    if not isinstance(value, dict):
        return
    operator, values = value.get("operator"), value.get("values")
    if operator in ("In", "NotIn"):
        if values in (None, []):
            yield required(NEED_VALUES, "List the values, or use Exists.", ("values",))
    elif operator in ("Exists", "DoesNotExist"):
        if isinstance(values, list) and values:
            yield forbidden(TAKE_NO_VALUES, "Remove the values, or use In.", ("values",))
    elif operator is None or isinstance(operator, str):
        yield unknown_operator(operator or "", OPERATORS)


def unknown_operator(value: str, known: tuple[str, ...]) -> Fault:
    """The operator of a selector is none that there is."""
    mend = f"Use one of {', '.join(known)}."
    return invalid(value, "not a valid selector operator", mend, ("operator",))


def key_is_there(value: Any) -> Faults:
    """A requirement names the label that it looks at."""
    if isinstance(value, dict) and value.get("key") in (None, ""):
        return (invalid("", "name part must be non-empty", "Name the label.", ("key",)),)
    return ()


requirement = both(
    operator_values,
    key_is_there,
    fields({"key": lambda key: qualified_name(key) if key else (), "values": each(label_value)}),
)
selector = fields({"matchLabels": labels, "matchExpressions": each(requirement)})


def is_empty(value: Any) -> bool:
    """Whether a selector selects everything because it asks for nothing."""
    if not isinstance(value, dict):
        return False
    return not value.get("matchLabels") and not value.get("matchExpressions")


def is_sound(value: Any) -> bool:
    """Whether a selector has no fault, so that asking what it matches makes sense."""
    return next(iter(selector(value)), None) is None


def matches(value: Any, found: Mapping[str, Any]) -> bool:
    """Whether labels satisfy a selector; an absent selector matches nothing."""
    if not isinstance(value, dict):
        return False
    wanted = struct(value.get("matchLabels"))
    if any(found.get(key) != item for key, item in wanted.items()):
        return False
    return all(_meets(term, found) for _, term in dicts(value.get("matchExpressions")))


def _meets(term: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    key, values = str(term.get("key")), term.get("values")
    values = values if isinstance(values, list) else []
    match term.get("operator"):
        case "In":
            return key in found and found[key] in values
        case "NotIn":
            return key not in found or found[key] not in values
        case "Exists":
            return key in found
        case "DoesNotExist":
            return key not in found
    return True
