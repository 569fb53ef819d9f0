"""Claims: areas with the ports that are allowed there, and the map that overlapping ones make."""

from __future__ import annotations

from collections import defaultdict
from operator import and_, or_
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from mistersmith_k8s.connectivity import intervals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mistersmith_k8s.connectivity.intervals import Intervals
    from mistersmith_k8s.connectivity.ports import Ports

Area = TypeVar("Area")


class Algebra(NamedTuple, Generic[Area]):
    """What can be done with areas of one sort."""

    nowhere: Area
    join: Callable[[Area, Area], Area]
    meet: Callable[[Area, Area], Area]
    minus: Callable[[Area, Area], Area]


MASKS: Algebra[int] = Algebra(0, or_, and_, lambda left, right: left & ~right)
INTERVALS: Algebra[Intervals] = Algebra(
    intervals.EMPTY, intervals.union, intervals.intersection, intervals.difference
)


def disjoint(claims: Iterable[tuple[Area, Ports]], of: Algebra[Area]) -> dict[Ports, Area]:
    """The area in which exactly these ports are allowed, for all sets of ports that occur.

    Where claims overlap, the ports of all of them are allowed.
    """
    parts: dict[Ports, Area] = {}
    for ports, area in _collected(((ports, area) for area, ports in claims), of).items():
        parts = _collected(_refined(parts, ports, area, of), of)
    return parts


def _refined(
    parts: dict[Ports, Area], ports: Ports, area: Area, of: Algebra[Area]
) -> Iterable[tuple[Ports, Area]]:
    """The parts, cut where the area begins and ends, with its ports added inside."""
    rest = area
    for known, place in parts.items():
        yield known | ports, of.meet(place, area)
        yield known, of.minus(place, area)
        rest = of.minus(rest, place)
    yield ports, rest


def _collected(parts: Iterable[tuple[Ports, Area]], of: Algebra[Area]) -> dict[Ports, Area]:
    """One area for each set of ports; empty ones are left out."""
    result: defaultdict[Ports, Area] = defaultdict(lambda: of.nowhere)
    for ports, area in parts:
        if area and ports:
            result[ports] = of.join(result[ports], area)
    return dict(result)
