"""Sets of integers: sorted, disjoint, inclusive intervals that never touch each other."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

Interval: TypeAlias = tuple[int, int]
Intervals: TypeAlias = tuple[Interval, ...]

EMPTY: Intervals = ()


def normal(intervals: Iterable[Interval]) -> Intervals:
    """The same integers as one set; the given intervals may overlap and come in any order."""
    result: list[Interval] = []
    for first, last in sorted(intervals):
        if result and first <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(result[-1][1], last))
        else:
            result.append((first, last))
    return tuple(result)


def union(*sets: Intervals) -> Intervals:
    """What is in any of the sets."""
    return normal(interval for one in sets for interval in one)


def intersection(left: Intervals, right: Intervals) -> Intervals:
    """What is in both sets."""
    result: list[Interval] = []
    i = j = 0
    while i < len(left) and j < len(right):
        first, last = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if first <= last:
            result.append((first, last))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return tuple(result)


def difference(left: Intervals, right: Intervals) -> Intervals:
    """What is in the left set and not in the right one."""
    if not left or not right:
        return left
    return intersection(left, complement(right, left[0][0], left[-1][1]))


def complement(intervals: Intervals, first: int, last: int) -> Intervals:
    """What is between first and last, both included, and not in the set."""
    result: list[Interval] = []
    start = first
    for low, high in intervals:
        if low > start:
            result.append((start, min(low - 1, last)))
        start = max(start, high + 1)
    if start <= last:
        result.append((start, last))
    return tuple(interval for interval in result if interval[0] <= interval[1])


def contains(intervals: Intervals, number: int) -> bool:
    """Whether the number is in the set."""
    place = bisect_right(intervals, number, key=lambda interval: interval[0])
    return place > 0 and number <= intervals[place - 1][1]
