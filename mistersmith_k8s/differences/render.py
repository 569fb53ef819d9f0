"""Differences as text, JSON and Markdown. Values of Secrets are never shown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.differences.changes import ABSENT, FieldChange, ObjectChange

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mistersmith_k8s.differences.hazards import Hazard

SIGNS = {"added": "+", "removed": "-", "changed": "~"}
LONGEST = 100


def text(changes: Sequence[ObjectChange], hazards: Sequence[Hazard]) -> str:
    """Hazards first, then each object with its fields below it."""
    lines = [f"! {hazard.object}: {hazard.message} [{hazard.id}]" for hazard in hazards]
    for change in changes:
        lines.append(f"{SIGNS[change.verb]} {change.object}")
        lines += [f"    {line}" for line in _fields(change)]
    lines.append(_figures(changes, hazards))
    return "".join(f"{line}\n" for line in lines)


def markdown(changes: Sequence[ObjectChange], hazards: Sequence[Hazard]) -> str:
    """A comment for a pull request: hazards in the open, fields folded by object."""
    lines = ["### Manifests", "", _figures(changes, hazards), ""]
    if hazards:
        lines += ["| Look at | Why |", "|---|---|"]
        lines += [f"| `{h.object}` | {_cell(h.message)} |" for h in hazards] + [""]
    for change in changes:
        lines += [
            f"<details><summary>{change.verb} <code>{change.object}</code></summary>",
            "",
            "```diff",
            *_diff(change),
            "```",
            "</details>",
        ]
    return "".join(f"{line}\n" for line in lines)


def json_form(changes: Sequence[ObjectChange], hazards: Sequence[Hazard]) -> str:
    """`changes` and `hazards`; a value that is absent is left out."""
    form = {
        "changes": [_change(change) for change in changes],
        "hazards": [
            {"id": h.id, "object": h.object._asdict(), "message": h.message} for h in hazards
        ],
    }
    return json.dumps(_plain(form), indent=2, ensure_ascii=False) + "\n"


def _plain(form: Any) -> Any:
    """The form as JSON has it; a number that JSON has not is a text."""
    return json.loads(json.dumps(form, default=str), parse_constant=str)


FORMS = {"text": text, "json": json_form, "md": markdown}


def _change(change: ObjectChange) -> dict[str, Any]:
    return {
        "object": change.object._asdict(),
        "change": change.verb,
        "fields": [
            {
                "path": field.field,
                **{key: value for key, value in _values(change, field) if value is not ABSENT},
            }
            for field in change.fields
        ],
    }


def _values(change: ObjectChange, field: FieldChange) -> tuple[tuple[str, Any], tuple[str, Any]]:
    if _secret(change, field):
        return ("old", ABSENT), ("new", ABSENT)
    return ("old", field.old), ("new", field.new)


def _secret(change: ObjectChange, field: FieldChange) -> bool:
    return change.object.kind == "Secret" and field.path[0] in {"data", "stringData"}


def _fields(change: ObjectChange) -> Iterator[str]:
    for field in change.fields:
        if _secret(change, field):
            yield f"{field.field}: changed"
        elif field.old is ABSENT:
            yield f"{field.field}: added {_shown(field.new)}"
        elif field.new is ABSENT:
            yield f"{field.field}: removed, was {_shown(field.old)}"
        else:
            yield f"{field.field}: {_shown(field.old)} -> {_shown(field.new)}"


def _diff(change: ObjectChange) -> Iterator[str]:
    for field in change.fields:
        if _secret(change, field):
            yield f"! {field.field} changed"
            continue
        if field.old is not ABSENT:
            yield f"- {field.field}: {_shown(field.old)}"
        if field.new is not ABSENT:
            yield f"+ {field.field}: {_shown(field.new)}"


def _shown(value: Any) -> str:
    shown = value if isinstance(value, str) and value else json.dumps(value, default=str)
    line = " ".join(shown.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 3]}..."


def _cell(words: str) -> str:
    return words.replace("|", "\\|").replace("\n", " ")


def _figures(changes: Sequence[ObjectChange], hazards: Sequence[Hazard]) -> str:
    counts = {verb: sum(change.verb == verb for change in changes) for verb in SIGNS}
    figures = ", ".join(f"{count} {verb}" for verb, count in counts.items())
    return f"{figures}, {len(hazards)} to look at"
