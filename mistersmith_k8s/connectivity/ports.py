"""What may be connected to: sets of ports of the three protocols that policies know."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from mistersmith_k8s.connectivity import intervals

if TYPE_CHECKING:
    from mistersmith_k8s.connectivity.intervals import Interval, Intervals

# In the order in which connections are written.
PROTOCOLS = ("SCTP", "TCP", "UDP")
FIRST_PORT, LAST_PORT = 1, 65535
EVERY_PORT: Intervals = ((FIRST_PORT, LAST_PORT),)


@dataclass(frozen=True)
class Ports:
    """A set of ports; `sets` holds one set of numbers for each of `PROTOCOLS`."""

    sets: tuple[Intervals, ...]

    @classmethod
    def of(cls, protocol: str, *ranges: Interval) -> Ports:
        """Some ranges of one protocol."""
        numbers = intervals.normal(ranges)
        return cls(tuple(numbers if name == protocol else () for name in PROTOCOLS))

    def __or__(self, other: Ports) -> Ports:
        return Ports(tuple(map(intervals.union, self.sets, other.sets)))

    def __and__(self, other: Ports) -> Ports:
        return Ports(tuple(map(intervals.intersection, self.sets, other.sets)))

    def __sub__(self, other: Ports) -> Ports:
        return Ports(tuple(map(intervals.difference, self.sets, other.sets)))

    def __le__(self, other: Ports) -> bool:
        return not self - other

    def __bool__(self) -> bool:
        return any(self.sets)

    def __str__(self) -> str:
        return self._text

    @cached_property
    def _text(self) -> str:
        if self == ALL:
            return "All Connections"
        texts = (text for text in map(_ranges_text, PROTOCOLS, self.sets) if text)
        return ",".join(texts) or "No Connections"

    def ranges(self, protocol: str) -> Intervals:
        """The ports of one protocol; none of a protocol that policies do not know."""
        return dict(zip(PROTOCOLS, self.sets, strict=True)).get(protocol, ())

    def has(self, protocol: str, port: int) -> bool:
        """Whether one port is in the set."""
        return intervals.contains(self.ranges(protocol), port)


NONE = Ports(tuple(intervals.EMPTY for _ in PROTOCOLS))
ALL = Ports(tuple(EVERY_PORT for _ in PROTOCOLS))


def _ranges_text(protocol: str, ranges: Intervals) -> str:
    """Such as `TCP 80,90-95`; empty for no port."""
    numbers = ",".join(str(a) if a == b else f"{a}-{b}" for a, b in ranges)
    return f"{protocol} {numbers}" if numbers else ""
