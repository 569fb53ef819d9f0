"""What a check is: a named function from one object and the world to findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from mistersmith_k8s.checks.finding import Finding, Path, Severity
from mistersmith_k8s.checks.world import Object, World


class Flaw(NamedTuple):
    """What a check function yields about the object that it was given.

    `severity` overrides the check's own.
    """

    path: Path
    message: str
    mend: str
    severity: Severity | None = None


Look = Callable[[Object, World], Iterator[Flaw]]


class Check(NamedTuple):
    """A check as the catalogue lists it.

    `kinds` names the kinds that it looks at; empty means every object. `why` is the
    function's docstring.
    """

    id: str
    severity: Severity
    kinds: tuple[str, ...]
    look: Look
    why: str

    def findings(self, item: Object, world: World) -> Iterator[Finding]:
        """What this check has to say about one object."""
        for flaw in self.look(item, world):
            line = item.line_of(flaw.path) if item.line_of else None
            severity = flaw.severity or self.severity
            yield Finding(
                self.id, severity, item.ref, flaw.path, flaw.message, flaw.mend, item.file, line
            )


def check(severity: Severity, *kinds: str) -> Callable[[Look], Check]:
    """Make a function a check; its id is its name with dashes."""

    def made(look: Look) -> Check:
        name = look.__name__.replace("_", "-")
        return Check(name, severity, kinds, look, (look.__doc__ or "").strip())

    return made
