"""Checks: what is wrong with manifests, found before they are applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mistersmith_k8s.checks.objects import CHECKS as OBJECT_CHECKS
from mistersmith_k8s.checks.world import Object, Setting, World

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mistersmith_k8s.checks.check import Check
    from mistersmith_k8s.checks.finding import Finding

CHECKS: tuple[Check, ...] = (*OBJECT_CHECKS,)


def run(objects: Iterable[Object], minors: Sequence[str] = ()) -> list[Finding]:
    """What all checks find, sorted by file, then by object, then by path."""
    return findings(World(objects, Setting(minors=tuple(minors))))


def findings(world: World, checks: Iterable[Check] = CHECKS) -> list[Finding]:
    """What some checks find in a world, sorted by file, then by object, then by path."""
    places = {id(item): place for place, item in enumerate(world.objects)}
    found = [(places[id(item)], finding) for item, finding in _found(world, checks)]
    return [finding for _, finding in sorted(found, key=_order)]


def _found(world: World, checks: Iterable[Check]) -> Iterator[tuple[Object, Finding]]:
    for check in checks:
        for item in world.of(*check.kinds) if check.kinds else world.objects:
            for finding in check.findings(item, world):
                yield item, finding


def _order(placed: tuple[int, Finding]) -> tuple[str, int, tuple[tuple[bool, str, int], ...], str]:
    place, finding = placed
    path = tuple(
        (isinstance(part, int), "", part) if isinstance(part, int) else (False, part, 0)
        for part in finding.path
    )
    return (finding.file or "", place, path, finding.check)
