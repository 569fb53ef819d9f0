"""Who reaches whom on which ports, for all endpoints at once.

Both sides must allow a connection. Each side has a view of the other, by ports, as bit masks; so
the work grows with policies and allowed connections, not with all pairs.
"""

from __future__ import annotations

from collections import defaultdict
from functools import reduce
from typing import TYPE_CHECKING

from mistersmith_k8s.connectivity.addresses import IPV4, IPV6, External
from mistersmith_k8s.connectivity.endpoints import Endpoints, bits
from mistersmith_k8s.connectivity.ports import NONE, Ports
from mistersmith_k8s.connectivity.sides import Side, View, addresses_by_ports

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mistersmith_k8s.connectivity.policies import Direction
    from mistersmith_k8s.connectivity.universe import Universe
    from mistersmith_k8s.connectivity.workloads import Workload


class Reach:
    """What the policies of a universe allow among some workloads and with the outside."""

    def __init__(self, universe: Universe, workloads: Sequence[Workload]) -> None:
        """Find what each side allows; pairs are joined when they are asked for."""
        self.workloads = workloads
        self._endpoints = Endpoints(universe, workloads)
        self._sides: dict[Direction, Side] = {
            "ingress": Side("ingress", universe, self._endpoints),
            "egress": Side("egress", universe, self._endpoints),
        }
        self._outbound = self._sides["egress"].views()
        self._inbound = _by_source(self._sides["ingress"].views())
        self._members: list[list[int]] = [[] for _ in workloads]
        for endpoint, owner in enumerate(self._endpoints.owners):
            self._members[owner].append(endpoint)
        self._met: dict[tuple[Ports, Ports], Ports] = {}
        self._owners: dict[int, list[int]] = {}

    def destinations(self, source: int) -> list[tuple[int, Ports]]:
        """The workloads that one workload reaches, ascending, itself not among them."""
        found: dict[int, Ports] = {}
        for endpoint in self._members[source]:
            for ports, mask in self._row(endpoint, self._endpoints.everyone).items():
                for owner in self._owners_of(mask):
                    known = found.get(owner)
                    found[owner] = ports if known is None else known | ports
        found.pop(source, None)
        return sorted(found.items(), key=lambda item: item[0])

    def between(self, source: int, destination: int) -> Ports:
        """The ports on which one workload reaches another, or its own other pods."""
        targets = sum(1 << endpoint for endpoint in self._members[destination])
        rows = [self._row(endpoint, targets) for endpoint in self._members[source]]
        return reduce(Ports.__or__, (ports for row in rows for ports in row), NONE)

    def outside(self, workload: int, direction: Direction) -> Iterator[tuple[External, Ports]]:
        """The addresses that reach a workload, or that it reaches, in ranges as long as can be."""
        side = self._sides[direction]
        found = [claim for endpoint in self._members[workload] for claim in side.outside(endpoint)]
        for version in (IPV4, IPV6):
            for ports, addresses in addresses_by_ports(found, version).items():
                for first, last in addresses:
                    yield External(version, first, last), ports

    def _row(self, source: int, targets: int) -> View:
        """Which of the targets one endpoint reaches, by ports."""
        row: View = defaultdict(int)
        for left, allowed in self._outbound[source].items():
            for right, allowing in self._inbound[source].items():
                both = allowed & allowing & targets
                if both:
                    row[self._meet(left, right)] |= both
        return {ports: mask for ports, mask in row.items() if ports}

    def _meet(self, left: Ports, right: Ports) -> Ports:
        if (left, right) not in self._met:
            self._met[left, right] = left & right
        return self._met[left, right]

    def _owners_of(self, mask: int) -> list[int]:
        if mask not in self._owners:
            self._owners[mask] = [self._endpoints.owners[endpoint] for endpoint in bits(mask)]
        return self._owners[mask]


def _by_source(views: list[View]) -> list[View]:
    """For each source, the destinations that allow it: the same facts, seen from there."""
    sharing: dict[int, int] = defaultdict(int)
    for destination, view in enumerate(views):
        sharing[id(view)] |= 1 << destination
    unique = {id(view): view for view in views}
    result: list[View] = [defaultdict(int) for _ in views]
    for identity, view in unique.items():
        for ports, sources in view.items():
            for source in bits(sources):
                result[source][ports] |= sharing[identity]
    return result
