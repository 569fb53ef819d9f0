"""The connections that the policies of a universe allow."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from mistersmith_k8s.connectivity.addresses import External
from mistersmith_k8s.connectivity.entries import CONTROLLER
from mistersmith_k8s.connectivity.ports import NONE, Ports
from mistersmith_k8s.connectivity.reach import Reach
from mistersmith_k8s.connectivity.workloads import Workload

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.connectivity.universe import Universe

Party: TypeAlias = Workload | External


class Connection(NamedTuple):
    """One party reaches another on some ports; at most one of them is outside."""

    src: Party
    dst: Party
    ports: Ports

    def __str__(self) -> str:
        return f"{self.src} => {self.dst} : {self.ports}"


def connections(universe: Universe) -> list[Connection]:
    """Every connection that both sides allow, sorted by the texts of source and destination.

    Workloads stand for their pods, and reach themselves without a line. A range of addresses is as
    long as the ports stay the same. What an ingress controller forwards comes from its own source.
    """
    reach = _reach(universe)
    rows: dict[str, list[Connection]] = {}
    for source, workload in enumerate(universe.workloads):
        rows[str(workload)] = _row(reach, source)
        for external, ports in reach.outside(source, "ingress"):
            row = rows.setdefault(str(external), [])
            row.append(Connection(external, workload, ports))
    rows[str(CONTROLLER)] = list(_entering(universe, reach))
    return [connection for text in sorted(rows) for connection in rows[text]]


def reachable_ports(universe: Universe, src: Workload, dst: Workload) -> Ports:
    """The ports on which one workload reaches another one."""
    return _reach(universe).between(universe.place(src), universe.place(dst))


def _row(reach: Reach, source: int) -> list[Connection]:
    """The connections from one workload, sorted."""
    workload = reach.workloads[source]
    outside = [Connection(workload, *found) for found in reach.outside(source, "egress")]
    inside = [
        Connection(workload, reach.workloads[place], ports)
        for place, ports in reach.destinations(source)
        if place < len(reach.workloads) - 1
    ]
    return sorted([*outside, *inside], key=lambda connection: str(connection.dst))


def _entering(universe: Universe, reach: Reach) -> Iterator[Connection]:
    """What the ingress controller connects to, as far as policies allow it."""
    allowed = dict(reach.destinations(len(universe.workloads)))
    for entry in universe.entries:
        ports = entry.ports & allowed.get(universe.place(entry.workload), NONE)
        if ports:
            yield Connection(CONTROLLER, entry.workload, ports)


@lru_cache(maxsize=2)
def _reach(universe: Universe) -> Reach:
    """The universe joined; the controller comes after all workloads."""
    return Reach(universe, (*universe.workloads, CONTROLLER))
