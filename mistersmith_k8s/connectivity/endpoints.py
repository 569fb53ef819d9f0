"""Endpoints: pods that no policy can tell apart, selected many at a time.

A set of endpoints is a bit mask, bit i for the i-th endpoint.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from mistersmith_k8s.connectivity.selectors import LabelIndex
from mistersmith_k8s.connectivity.universe import NAME_LABEL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mistersmith_k8s.connectivity.policies import Peer, Policy, Rule
    from mistersmith_k8s.connectivity.selectors import Selector
    from mistersmith_k8s.connectivity.universe import Universe
    from mistersmith_k8s.connectivity.workloads import Pods, Workload


class Endpoints:
    """The endpoints of some workloads."""

    def __init__(self, universe: Universe, workloads: Sequence[Workload]) -> None:
        """Index them by their labels, their namespaces and the names of their ports."""
        self.workloads = workloads
        self.pods: list[Pods] = [pods for one in workloads for pods in one.pods]
        self.owners = [index for index, one in enumerate(workloads) for _ in one.pods]
        self.everyone = (1 << len(self.pods)) - 1
        self._labels = LabelIndex([dict(pods.labels) for pods in self.pods])
        self._inhabitants: dict[str, int] = defaultdict(int)
        self._named: dict[tuple[str, str], dict[int, int]] = defaultdict(lambda: defaultdict(int))
        for index, pods in enumerate(self.pods):
            self._inhabitants[workloads[self.owners[index]].namespace] |= 1 << index
            for port in pods.ports:
                self._named[port.name, port.protocol][port.number] |= 1 << index
        namespaces: dict[str, Mapping[str, str]] = {
            **{one.namespace: {NAME_LABEL: one.namespace} for one in workloads},
            **universe.namespaces,
        }
        self._namespaces = list(namespaces)
        self._namespace_labels = LabelIndex(list(namespaces.values()))
        self._within: dict[Selector, int] = {}

    def selected(self, policy: Policy) -> int:
        """The endpoints that a policy applies to."""
        return self._inhabitants.get(policy.namespace, 0) & self._labels.select(policy.pods)

    def peers(self, policy: Policy, rule: Rule) -> int:
        """The endpoints that a rule names as its peers."""
        if rule.peers is None:
            return self.everyone
        mask = 0
        for peer in rule.peers:
            mask |= self.peer(policy, peer)
        return mask

    def peer(self, policy: Policy, peer: Peer) -> int:
        """The endpoints of one peer; the pods of a block of addresses are none."""
        pods = self._labels.select(peer.pods)
        return pods & (
            self._inhabitants.get(policy.namespace, 0)
            if peer.namespaces is None
            else self.within(peer.namespaces)
        )

    def within(self, selector: Selector) -> int:
        """The endpoints in the namespaces that a selector matches."""
        if selector not in self._within:
            chosen = bits(self._namespace_labels.select(selector))
            masks = (self._inhabitants.get(self._namespaces[index], 0) for index in chosen)
            self._within[selector] = sum(masks)
        return self._within[selector]

    def named(self, name: str, protocol: str) -> dict[int, int]:
        """Port number → the endpoints that give it this name."""
        return self._named.get((name, protocol), {}) if name else {}


def bits(mask: int) -> list[int]:
    """The places of the bits that are set, ascending."""
    return [place for place, bit in enumerate(bin(mask)[:1:-1]) if bit == "1"]
