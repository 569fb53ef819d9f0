"""Connections that a change opens: computed from the policies of both sides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.connectivity import Connection, External, connections, render_txt, universe

if TYPE_CHECKING:
    from collections.abc import Iterator

Manifests = Sequence[Mapping[str, Any]]
Pair = tuple[str, str]


def opened(old: Manifests, new: Manifests) -> Iterator[str]:
    """The connections with ports that were closed before, between pods that were there before."""
    before = universe(old)
    known = {str(workload) for workload in before.workloads}
    inside, outside = _allowed(connections(before))
    for connection in connections(universe(new)):
        ends = (connection.src, connection.dst)
        there = all(isinstance(end, External) or str(end) in known for end in ends)
        if there and not _was_open(connection, inside, outside):
            yield render_txt([connection]).strip()


Inside = Mapping[Pair, Connection]
Outside = Mapping[tuple[str, bool], Sequence[Connection]]


def _allowed(found: Sequence[Connection]) -> tuple[Inside, Outside]:
    """What was allowed between pods, and with the outside by the pod and whether it starts."""
    inside: dict[Pair, Connection] = {}
    outside: dict[tuple[str, bool], list[Connection]] = defaultdict(list)
    for connection in found:
        if isinstance(connection.src, External):
            outside[str(connection.dst), False].append(connection)
        elif isinstance(connection.dst, External):
            outside[str(connection.src), True].append(connection)
        else:
            inside[str(connection.src), str(connection.dst)] = connection
    return inside, outside


def _was_open(connection: Connection, inside: Inside, outside: Outside) -> bool:
    src, dst, ports = connection
    if isinstance(src, External):
        return _covered(src, connection, [(c.src, c) for c in outside[str(dst), False]])
    if isinstance(dst, External):
        return _covered(dst, connection, [(c.dst, c) for c in outside[str(src), True]])
    known = inside.get((str(src), str(dst)))
    return known is not None and ports <= known.ports


def _covered(
    addresses: External, connection: Connection, known: Sequence[tuple[Any, Connection]]
) -> bool:
    """Whether each address of a range was allowed all of the ports."""
    version, at, last = addresses
    ranges = sorted(r for r, c in known if r.version == version and connection.ports <= c.ports)
    for _, first, end in ranges:
        if first <= at:
            at = max(at, end + 1)
    return at > last
