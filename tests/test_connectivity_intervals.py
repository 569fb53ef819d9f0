"""Sets of integers, on which ports and addresses are built."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mistersmith_k8s.connectivity import Ports
from mistersmith_k8s.connectivity import intervals as sets

SETS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 6)), max_size=6).map(
    lambda pairs: sets.normal((first, first + length) for first, length in pairs)
)


def members(intervals: sets.Intervals) -> set[int]:
    """The integers of a set."""
    return {number for first, last in intervals for number in range(first, last + 1)}


@given(SETS, SETS)
def test_intervals_are_sets_of_integers(left: sets.Intervals, right: sets.Intervals) -> None:
    """Every operation gives what Python's sets give, and the one way to write it."""
    for operation, expected in (
        (sets.union, members(left) | members(right)),
        (sets.intersection, members(left) & members(right)),
        (sets.difference, members(left) - members(right)),
    ):
        found = operation(left, right)
        assert expected == members(found)
        assert sets.normal(found) == found
    assert members(left) == {number for number in range(50) if sets.contains(left, number)}


@given(SETS, SETS)
def test_ports_are_sets_of_ports_of_each_protocol(tcp: sets.Intervals, udp: sets.Intervals) -> None:
    """What is declared can be compared with what is computed."""
    left, right = Ports.of("TCP", *tcp), Ports.of("UDP", *udp)
    both = left | right
    assert (both - left, both - right, both & left) == (right, left, left)
    assert left <= both
    assert (both <= left) == (not udp)
    assert bool(both) == bool(tcp or udp)
    assert both.ranges("TCP") == tcp
    assert both.ranges("ICMP") == ()
