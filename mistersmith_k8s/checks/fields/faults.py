"""Faults in the words of the API server, so that people find what the message means.

A fault becomes a flaw of an object once it is known which versions of Kubernetes are to take it.
Paths are relative to the value that a rule was given; the rule above puts its own key in front.

Source: k8s.io/apimachinery/pkg/util/validation/field, `ErrorType` and `ErrorBody`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from mistersmith_k8s.checks.check import Flaw
from mistersmith_k8s.checks.finding import Path, Severity

if TYPE_CHECKING:
    from mistersmith_k8s.checks.world import World

LONGEST_SHOWN = 200  # a value is quoted to be recognised, not to be read
ALWAYS = (0, 999)


class Fault(NamedTuple):
    """What a rule finds, and the first and last minor (of Kubernetes 1) that refuse it."""

    path: Path
    message: str
    mend: str
    severity: Severity | None = None
    minors: tuple[int, int] = ALWAYS


Faults = Iterable[Fault]


def judged(faults: Faults, world: World) -> Iterator[Flaw]:
    """The flaws that the chosen versions find; warnings where only some of them do."""
    for fault in faults:
        if fault.minors == ALWAYS:
            yield Flaw(fault.path, fault.message, fault.mend, fault.severity)
        else:
            yield from _judged(fault, _chosen(world))


def _judged(fault: Fault, chosen: Sequence[str]) -> Iterator[Flaw]:
    first, last = fault.minors
    refusing = [minor for minor in chosen if first <= int(minor.partition(".")[2]) <= last]
    if len(refusing) == len(chosen):
        yield Flaw(fault.path, fault.message, fault.mend, fault.severity)
    elif refusing:
        message = f"{fault.message} (Kubernetes {', '.join(refusing)})"
        yield Flaw(fault.path, message, fault.mend, Severity.WARNING)


def _chosen(world: World) -> Sequence[str]:
    """The minors to judge for: the newest one where none is chosen."""
    from mistersmith_k8s.schemas import MINORS  # noqa: PLC0415 - start-up time

    return world.setting.minors or MINORS[-1:]


def required(detail: str = "", mend: str = "", path: Path = ()) -> Fault:
    """What must have a value has none."""
    name = path[-1] if path else ""
    return Fault(path, _joined("Required value", detail), mend or f"Set {name or 'it'}.")


def invalid(value: Any, detail: str, mend: str, path: Path = ()) -> Fault:
    """The value breaks a rule."""
    return Fault(path, _joined(f"Invalid value: {shown(value)}", detail), mend)


def unsupported(value: Any, choices: Iterable[str], path: Path = ()) -> Fault:
    """The value is none of the choices."""
    known = tuple(choices)
    detail = "supported values: " + ", ".join(f'"{choice}"' for choice in known)
    listed = ", ".join(choice or '""' for choice in known)
    mend = f"Use {listed}." if len(known) == 1 else f"Use one of {listed}."
    return Fault(path, f"Unsupported value: {shown(value)}: {detail}", mend)


def duplicate(value: Any, path: Path = (), detail: str = "") -> Fault:
    """The value was already there, and must be there once."""
    message = _joined(f"Duplicate value: {shown(value)}", detail)
    return Fault(path, message, "Remove it, or make it differ from the first.")


def forbidden(detail: str, mend: str, path: Path = ()) -> Fault:
    """A value stands where none may stand."""
    return Fault(path, _joined("Forbidden", detail), mend)


def missing(value: Any, mend: str, path: Path = (), detail: str = "") -> Fault:
    """The value names something that is not there."""
    return Fault(path, _joined(f"Not found: {shown(value)}", detail), mend)


def too_long(most: int, mend: str, path: Path = ()) -> Fault:
    """The value has more bytes than are allowed."""
    return Fault(path, f"Too long: may not be more than {most} bytes", mend)


def too_many(count: int, most: int, path: Path = ()) -> Fault:
    """The list has more items than are allowed."""
    message = f"Too many: {count}: must have at most {most} items"
    return Fault(path, message, f"Keep {most} items or fewer.")


def warning(fault: Fault) -> Fault:
    """The same fault, of which the API server only warns."""
    return fault._replace(severity=Severity.WARNING)


def since(fault: Fault, minor: int) -> Fault:
    """The same fault, which servers before a minor take."""
    return fault._replace(minors=(minor, fault.minors[1]))


def later(faults: Faults, minor: int) -> Iterator[Fault]:
    """The same faults, which servers before a minor take."""
    for fault in faults:
        yield since(fault, minor)


def until(fault: Fault, minor: int) -> Fault:
    """The same fault, which servers after a minor take."""
    return fault._replace(minors=(fault.minors[0], minor))


def under(faults: Faults, *parts: str | int) -> Iterator[Fault]:
    """The same faults, seen from further up."""
    for fault in faults:
        yield fault._replace(path=(*parts, *fault.path))


def shown(value: Any) -> str:
    """A value as it is quoted in messages: JSON, shortened when it is long."""
    try:
        text = json.dumps(
            value, ensure_ascii=False, default=str, skipkeys=True, separators=(",", ":")
        )
    except (ValueError, RecursionError):
        text = "…"
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _joined(head: str, detail: str) -> str:
    return f"{head}: {detail}" if detail else head
