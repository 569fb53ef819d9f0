"""One side of connections: what the policies of each endpoint allow in one direction."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, TypeAlias

from mistersmith_k8s.connectivity import claims, intervals
from mistersmith_k8s.connectivity.addresses import EVERY_IPV4, IPV4, IPV6, Block
from mistersmith_k8s.connectivity.endpoints import bits
from mistersmith_k8s.connectivity.ports import ALL, NONE, Ports

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.connectivity.endpoints import Endpoints
    from mistersmith_k8s.connectivity.intervals import Intervals
    from mistersmith_k8s.connectivity.policies import Direction, Rule
    from mistersmith_k8s.connectivity.universe import Universe
    from mistersmith_k8s.connectivity.workloads import ContainerPort, Pods

# The endpoints on the other side, for each set of ports that is allowed with exactly them.
View: TypeAlias = dict[Ports, int]
Claim: TypeAlias = tuple[Block, Ports]

EVERYWHERE: Claim = (Block(IPV4, (EVERY_IPV4,)), ALL)


class Side:
    """The policies of a universe in one direction."""

    def __init__(self, direction: Direction, universe: Universe, endpoints: Endpoints) -> None:
        """Find which policies isolate which endpoints."""
        self._ingress = direction == "ingress"
        self._endpoints = endpoints
        self._rules: list[tuple[tuple[Rule, int], ...]] = []
        isolating: list[list[int]] = [[] for _ in endpoints.pods]
        for policy in universe.policies:
            rules = policy.rules(direction)
            if rules is not None:
                for endpoint in bits(endpoints.selected(policy)):
                    isolating[endpoint].append(len(self._rules))
                self._rules.append(tuple((rule, endpoints.peers(policy, rule)) for rule in rules))
        self._isolating = [tuple(numbers) for numbers in isolating]

    def views(self) -> list[View]:
        """What each endpoint allows; endpoints that allow the same share one view."""
        known: dict[tuple[tuple[int, ...], tuple[ContainerPort, ...]], View] = {}
        views = []
        for isolating, pods in zip(self._isolating, self._endpoints.pods, strict=True):
            key = (isolating, pods.ports if self._ingress else ())
            if key not in known:
                known[key] = self._view(isolating, pods)
            views.append(known[key])
        return views

    def outside(self, endpoint: int) -> list[Claim]:
        """The addresses that an endpoint allows, with ports; claims may overlap.

        IPv6 addresses count as far as a policy of the endpoint names them.
        """
        if not self._isolating[endpoint]:
            return [EVERYWHERE]
        rules = [rule for number in self._isolating[endpoint] for rule, _ in self._rules[number]]
        named = [block for rule in rules for block in _blocks(rule)]
        sixes = intervals.union(*(block.addresses for block in named if block.version == IPV6))
        whole = (EVERYWHERE[0], Block(IPV6, sixes))
        return [
            (block, self._fixed(rule, self._endpoints.pods[endpoint]))
            for rule in rules
            for block in (whole if rule.peers is None else _blocks(rule))
        ]

    def _view(self, isolating: tuple[int, ...], pods: Pods) -> View:
        if not isolating:
            return {ALL: self._endpoints.everyone}
        found = [claim for number in isolating for claim in self._claims(number, pods)]
        return claims.disjoint(found, claims.MASKS)

    def _claims(self, policy: int, pods: Pods) -> Iterator[tuple[int, Ports]]:
        for rule, peers in self._rules[policy]:
            yield peers, self._fixed(rule, pods)
            if not self._ingress:
                yield from self._resolved(rule, peers)

    def _resolved(self, rule: Rule, peers: int) -> Iterator[tuple[int, Ports]]:
        """The named ports of an egress rule, which each of its peers resolves for itself."""
        for port in rule.ports or ():
            for number, those in self._endpoints.named(port.name, port.protocol).items():
                yield peers & those, Ports.of(port.protocol, (number, number))

    def _fixed(self, rule: Rule, pods: Pods) -> Ports:
        """The ports of a rule that are the same for all of its peers.

        For ingress that includes named ports, which the isolated pods themselves resolve.
        """
        if rule.ports is None:
            return ALL
        ranges = defaultdict(list)
        for port in rule.ports:
            if port.numbers:
                ranges[port.protocol].append(port.numbers)
            elif self._ingress and port.name:
                numbers = pods.numbers(port.name, port.protocol)
                ranges[port.protocol] += [(number, number) for number in numbers]
        found = NONE
        for protocol, some in ranges.items():
            found = found | Ports.of(protocol, *some)
        return found


def addresses_by_ports(found: list[Claim], version: int) -> dict[Ports, Intervals]:
    """The addresses of one IP version, for each set of ports that is allowed with exactly them."""
    chosen = [(block.addresses, ports) for block, ports in found if block.version == version]
    return claims.disjoint(chosen, claims.INTERVALS)


def _blocks(rule: Rule) -> list[Block]:
    return [peer.block for peer in rule.peers or () if peer.block]
