"""Flaws in the words of the API server, so that people find what the message means.

Paths are relative to the value that a rule was given; the rule above puts its own key in front.

Source: k8s.io/apimachinery/pkg/util/validation/field, `ErrorType` and `ErrorBody`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from mistersmith_k8s.checks.check import Flaw
from mistersmith_k8s.checks.finding import Path, Severity

Flaws = Iterable[Flaw]
LONGEST_SHOWN = 200  # a value is quoted to be recognised, not to be read


def required(detail: str = "", mend: str = "", path: Path = ()) -> Flaw:
    """What must have a value has none."""
    name = path[-1] if path else ""
    return Flaw(path, _joined("Required value", detail), mend or f"Set {name or 'it'}.")


def invalid(value: Any, detail: str, mend: str, path: Path = ()) -> Flaw:
    """The value breaks a rule."""
    return Flaw(path, _joined(f"Invalid value: {shown(value)}", detail), mend)


def unsupported(value: Any, choices: Iterable[str], path: Path = ()) -> Flaw:
    """The value is none of the choices."""
    known = tuple(choices)
    detail = "supported values: " + ", ".join(f'"{choice}"' for choice in known)
    listed = ", ".join(choice or '""' for choice in known)
    mend = f"Use {listed}." if len(known) == 1 else f"Use one of {listed}."
    return Flaw(path, f"Unsupported value: {shown(value)}: {detail}", mend)


def duplicate(value: Any, path: Path = (), detail: str = "") -> Flaw:
    """The value was already there, and must be there once."""
    message = _joined(f"Duplicate value: {shown(value)}", detail)
    return Flaw(path, message, "Remove it, or make it differ from the first.")


def forbidden(detail: str, mend: str, path: Path = ()) -> Flaw:
    """A value stands where none may stand."""
    return Flaw(path, _joined("Forbidden", detail), mend)


def missing(value: Any, mend: str, path: Path = (), detail: str = "") -> Flaw:
    """The value names something that is not there."""
    return Flaw(path, _joined(f"Not found: {shown(value)}", detail), mend)


def too_long(most: int, mend: str, path: Path = ()) -> Flaw:
    """The value has more bytes than are allowed."""
    return Flaw(path, f"Too long: may not be more than {most} bytes", mend)


def too_many(count: int, most: int, path: Path = ()) -> Flaw:
    """The list has more items than are allowed."""
    message = f"Too many: {count}: must have at most {most} items"
    return Flaw(path, message, f"Keep {most} items or fewer.")


def warning(flaw: Flaw) -> Flaw:
    """The same flaw, of which the API server only warns."""
    return flaw._replace(severity=Severity.WARNING)


def under(flaws: Flaws, *parts: str | int) -> Iterator[Flaw]:
    """The same flaws, seen from further up."""
    for flaw in flaws:
        yield flaw._replace(path=(*parts, *flaw.path))


def shown(value: Any) -> str:
    """A value as it is quoted in messages: JSON, shortened when it is long."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str, skipkeys=True)
    except (ValueError, RecursionError):
        text = "…"
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _joined(head: str, detail: str) -> str:
    return f"{head}: {detail}" if detail else head
