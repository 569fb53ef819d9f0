"""Suppressions: findings that somebody accepted, with a reason.

On an object by the annotation `mister-smith.io/ignore.<check>: "reason"`, elsewhere by check and
object. One without a reason, or one that suppresses nothing, is itself a finding.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from mistersmith_k8s.checks.check import Flaw, check
from mistersmith_k8s.checks.finding import Finding, Severity
from mistersmith_k8s.manifest import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from mistersmith_k8s.checks.check import Check
    from mistersmith_k8s.checks.world import Object, World

PREFIX = "mister-smith.io/ignore."


class Ignore(NamedTuple):
    """A suppression that stands outside of the objects.

    `objects` is a glob of `Kind/namespace/name`, or `Kind/name` where there is no namespace.
    """

    check: str
    objects: str
    reason: str

    def matches(self, finding: Finding) -> bool:
        """Whether it suppresses a finding."""
        place = "/".join(filter(None, finding.object[1:]))
        return fnmatchcase(finding.check, self.check) and fnmatchcase(place, self.objects)


class Outcome(NamedTuple):
    """What is left of findings, and how many were suppressed."""

    findings: list[tuple[Object | None, Finding]]
    suppressed: int


@check(Severity.WARNING)
def suppression_reason(item: Object, _: World) -> Iterator[Flaw]:
    """A suppression says why the finding is accepted."""
    for key, name in _ignored(item):
        reason = item.annotations[key]
        if not isinstance(reason, str) or not reason.strip():
            message = f"suppresses {name} for no reason"
            yield Flaw(("metadata", "annotations", key), message, "Write the reason as the value.")


@check(Severity.WARNING)
def suppression_unused(item: Object, world: World) -> Iterator[Flaw]:
    """A suppression suppresses something: otherwise it hides what will come."""
    for key, name in _ignored(item):
        known = _check(name)
        if known is None:
            message = f"is no suppression: there is no check {name}"
            yield Flaw(("metadata", "annotations", key), message, "Correct the id of the check.")
        elif not any(True for _ in known.findings(item, world)) or _not_for(known, item):
            message = f"suppresses nothing: {name} finds nothing here"
            yield Flaw(("metadata", "annotations", key), message, "Remove the annotation.")


def suppressed(
    found: Iterable[tuple[Object, Finding]], ignores: Collection[Ignore] = ()
) -> Outcome:
    """The findings that nobody accepted, with what is wrong about acceptances elsewhere."""
    left: list[tuple[Object | None, Finding]] = []
    used: set[Ignore] = set()
    count = 0
    for item, finding in found:
        accepted = {ignore for ignore in ignores if ignore.matches(finding)}
        used |= accepted
        if accepted or f"{PREFIX}{finding.check}" in item.annotations:
            count += 1
        else:
            left.append((item, finding))
    left += [(None, finding) for ignore in ignores for finding in _faults(ignore, ignore in used)]
    return Outcome(left, count)


def _faults(ignore: Ignore, used: bool) -> Iterator[Finding]:  # noqa: FBT001 - it is the question
    """What is wrong with a suppression that stands outside of the objects."""
    place = ObjectRef("", "Suppression", "", f"{ignore.check} of {ignore.objects}")
    if not ignore.reason.strip():
        message, mend = "has no reason", "Write down why the findings are accepted."
        yield Finding(suppression_reason.id, Severity.WARNING, place, (), message, mend)
    if not used:
        message, mend = "suppresses nothing", "Remove it, or correct the check and the objects."
        yield Finding(suppression_unused.id, Severity.WARNING, place, (), message, mend)


def _ignored(item: Object) -> list[tuple[str, str]]:
    """The annotations of an object that suppress, each with the id of the check."""
    keys = (key for key in item.annotations if isinstance(key, str))
    return [(key, key.removeprefix(PREFIX)) for key in keys if key.startswith(PREFIX)]


def _not_for(known: Check, item: Object) -> bool:
    return bool(known.kinds) and item.kind not in known.kinds


def _check(name: str) -> Check | None:
    """The check of an id, if there is one."""
    from mistersmith_k8s.checks import INDEX, load  # noqa: PLC0415 - these checks are among them

    return load((name,))[0] if name in INDEX else None


CHECKS = (suppression_reason, suppression_unused)
