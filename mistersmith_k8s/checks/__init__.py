"""Checks: what is wrong with manifests, found before they are applied."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from mistersmith_k8s.checks import suppress
from mistersmith_k8s.checks.finding import Finding, Severity
from mistersmith_k8s.checks.index import INDEX
from mistersmith_k8s.checks.world import Object, Setting, World

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from mistersmith_k8s.checks.check import Check

__all__ = ["INDEX", "Report", "examine", "load", "needed", "run"]


class Report(NamedTuple):
    """What checks found: sorted by file, then by object, then by path.

    `not_checked` says what could not be checked; `suppressed` counts accepted findings.
    """

    findings: list[Finding]
    not_checked: list[Finding]
    suppressed: int


def run(objects: Iterable[Object], minors: Sequence[str] = ()) -> list[Finding]:
    """What all checks find in some objects, for the newest Kubernetes unless told."""
    return examine(World(objects, Setting(minors=tuple(minors)))).findings


def load(ids: Iterable[str] = INDEX) -> tuple[Check, ...]:
    """The checks of some ids, or all; only their modules are imported."""
    return tuple(_load(name) for name in ids)


def _load(name: str) -> Check:
    found: Check = getattr(
        import_module(f"{__name__}.{INDEX[name].module}"), name.replace("-", "_")
    )
    return found


def needed(kinds: AbstractSet[str], ids: Iterable[str] = INDEX) -> list[str]:
    """The ids of the checks that look at objects of these kinds."""
    return [name for name in ids if not INDEX[name].kinds or kinds & INDEX[name].kinds]


def examine(
    world: World,
    checks: Iterable[Check] | None = None,
    ignores: Collection[suppress.Ignore] = (),
) -> Report:
    """What some checks, or all, find in a world, but for what was accepted."""
    chosen = load(needed(world.kinds)) if checks is None else checks
    left, count = suppress.suppressed(_found(world, chosen), ignores)
    places = {id(item): place for place, item in enumerate(world.objects)}
    left.sort(key=lambda found: _order(places.get(id(found[0]), -1), found[1]))
    findings = [finding for _, finding in left]
    return Report(
        [finding for finding in findings if finding.severity is not Severity.NOT_CHECKED],
        [finding for finding in findings if finding.severity is Severity.NOT_CHECKED],
        count,
    )


def _found(world: World, checks: Iterable[Check]) -> Iterator[tuple[Object, Finding]]:
    for check in checks:
        for item in world.of(*check.kinds) if check.kinds else world.objects:
            for finding in check.findings(item, world):
                yield item, finding


def _order(place: int, finding: Finding) -> tuple[str, int, tuple[tuple[bool, str, int], ...], str]:
    path = tuple(
        (True, "", part) if isinstance(part, int) else (False, part, 0) for part in finding.path
    )
    return (finding.file or "", place, path, finding.check)
