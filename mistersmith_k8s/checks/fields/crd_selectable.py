"""Fields of custom resources by which they can be selected.

Source: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation,
`ValidateCustomResourceSelectableFields`; pkg/apiserver/schema/cel, `ValidFieldPath`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields import minors
from mistersmith_k8s.checks.fields.faults import duplicate, invalid, later, required, too_many
from mistersmith_k8s.checks.fields.rules import dicts, struct

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.fields.faults import Fault

MOST = 8
TYPES = ("string", "boolean", "integer")
NO_PLAIN_VALUE = (
    "must point to a field of type string, boolean or integer. "
    "Enum string fields and strings with formats are allowed."
)
_is_plain = re.compile(r"(\.[^.\[\]']+)+").fullmatch


def selectable_fields(version: dict[str, Any]) -> Iterator[Fault]:
    """Each names one field of the schema that is a plain value."""
    yield from later(_selectable(version), minors.SELECTABLE)


def _selectable(version: dict[str, Any]) -> Iterator[Fault]:
    schema = struct(struct(version.get("schema")).get("openAPIV3Schema"))
    seen: set[str] = set()
    for index, item in dicts(version.get("selectableFields")):
        path, at = item.get("jsonPath"), ("selectableFields", index, "jsonPath")
        if path in (None, ""):
            yield required(path=at)
        elif isinstance(path, str):
            if detail := _wrong(path, schema):
                yield invalid(path, detail, "Write the path of a field, such as .spec.color.", at)
            if path in seen:
                yield duplicate(path, at)
            seen.add(path)
    if len(seen) > MOST:
        yield too_many(len(seen), MOST, ("selectableFields",))


def _wrong(path: str, schema: dict[str, Any]) -> str:
    if not path.startswith((".", "[")):
        return "is an invalid path: expected [ or ."
    if "[" in path:
        return "is an invalid path: array notation is not allowed"
    if _is_plain(path) is None:
        return ""  # too odd to be read here
    steps = path[1:].split(".")
    found = _at(schema, steps)
    if found is None:
        return "is an invalid path: does not refer to a valid field"
    if steps[0] == "metadata":
        return "must not point to fields in metadata"
    return "" if found.get("type") in TYPES else NO_PLAIN_VALUE


def _at(schema: dict[str, Any], steps: list[str]) -> dict[str, Any] | None:
    """The schema of a field; None where there is no such field."""
    for step in steps:
        fields = struct(schema.get("properties"))
        if step not in fields and (fields or not schema.get("additionalProperties")):
            return None
        schema = struct(fields.get(step, schema.get("additionalProperties")))
    return schema
