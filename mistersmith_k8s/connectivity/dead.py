"""Dead rules: what is written in policies and allows nothing, or nothing more than the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias, TypeVar

from mistersmith_k8s.connectivity import intervals
from mistersmith_k8s.connectivity.endpoints import Endpoints
from mistersmith_k8s.connectivity.fields import path_text
from mistersmith_k8s.connectivity.policies import DIRECTIONS
from mistersmith_k8s.connectivity.ports import EVERY_PORT
from mistersmith_k8s.connectivity.selectors import EVERYTHING, RUNTIME_LABELS, Selector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mistersmith_k8s.connectivity.fields import Path, Problem
    from mistersmith_k8s.connectivity.policies import Direction, Peer, Policy, PortMatch, Rule
    from mistersmith_k8s.connectivity.universe import Universe

T = TypeVar("T")
Reason: TypeAlias = Literal[
    "selects-nothing",
    "section-ignored",
    "no-namespace",
    "no-pod",
    "no-address",
    "no-port",
    "covered",
]

MESSAGES: Mapping[Reason, str] = {
    "selects-nothing": "selects no pod of the manifests",
    "section-ignored": "is ignored, because policyTypes does not list it",
    "no-namespace": "means namespaces that the manifests do not have",
    "no-pod": "means no pod in the namespaces that it selects",
    "no-address": "means no address: its exceptions take all of them",
    "no-port": "is a port name that no pod it applies to gives to a port of that protocol",
    "covered": "adds nothing to another rule of the policy",
}

CERTAIN: frozenset[Reason] = frozenset({"section-ignored", "no-address", "covered"})


class DeadRule(NamedTuple):
    """A part of a policy that does nothing; `path` leads to it in the manifest.

    It is judged by the manifests alone: pods that they do not have may give it a meaning. Where
    labels decide that come at run time, it is not called dead.
    """

    policy: Policy
    direction: Direction | None
    rule: int | None
    path: Path
    why: Reason

    @property
    def certain(self) -> bool:
        """Whether it does nothing whatever pods and namespaces there are."""
        return self.why in CERTAIN

    def __str__(self) -> str:
        return f"{self.policy}: {path_text(self.path)} {MESSAGES[self.why]}"


def dead_rules(universe: Universe) -> list[DeadRule]:
    """Every part of the policies that does nothing, in the order of policies and paths.

    What is malformed is a problem of the universe and not listed again.
    """
    search = _Search(universe, Endpoints(universe, universe.workloads))
    return [
        dead
        for policy in universe.policies
        for dead in search.of(policy)
        if not any(_is_at(problem, dead) for problem in universe.problems)
    ]


class _Search(NamedTuple):
    """Where the selectors of policies are looked up."""

    universe: Universe
    endpoints: Endpoints

    def of(self, policy: Policy) -> Iterator[DeadRule]:
        """What does nothing in one policy."""
        known = _known(policy)
        if not self.endpoints.selected(known):
            yield DeadRule(policy, None, None, ("spec", "podSelector"), "selects-nothing")
        for way in policy.ignored:
            yield DeadRule(policy, way, None, ("spec", way), "section-ignored")
        for way in DIRECTIONS:
            rules = policy.rules(way) or ()
            for rule in known.rules(way) or ():
                for path, why in self._of_rule(known, way, rule):
                    yield DeadRule(policy, way, rule.place, path, why)
                if any(_covers(other, rules[rule.place]) for other in rules):
                    yield DeadRule(policy, way, rule.place, rule.path, "covered")

    def _of_rule(self, policy: Policy, way: Direction, rule: Rule) -> Iterator[tuple[Path, Reason]]:
        """The peers and ports of a rule that mean nothing."""
        reasons = {peer.path: self._of_peer(policy, peer) for peer in rule.peers or ()}
        yield from ((path, why) for path, why in reasons.items() if why)
        if way == "ingress":
            targets = self.endpoints.selected(policy)
            unclear = not targets
        else:  # a peer that is not in the manifests may well have a port of that name
            targets = self.endpoints.peers(policy, rule)
            unclear = rule.peers is None or not {"no-namespace", "no-pod"}.isdisjoint(
                reasons.values()
            )
        for port in rule.ports or ():
            if port.name and not unclear and not self._resolves(port, targets):
                yield port.path, "no-port"

    def _of_peer(self, policy: Policy, peer: Peer) -> Reason | None:
        if peer.block:
            return None if peer.block.addresses else "no-address"
        if self.endpoints.peer(policy, peer):
            return None
        spaces = self.universe.namespaces.values()
        if peer.namespaces is None or any(map(peer.namespaces.matches, spaces)):
            return "no-pod"
        return "no-namespace"

    def _resolves(self, port: PortMatch, targets: int) -> bool:
        named = self.endpoints.named(port.name, port.protocol).values()
        return any(mask & targets for mask in named)


def _known(policy: Policy) -> Policy:
    """The policy without what depends on labels that come at run time."""
    return policy._replace(
        pods=_settled(policy.pods),
        ingress=_settled_rules(policy.ingress),
        egress=_settled_rules(policy.egress),
    )


def _settled_rules(rules: tuple[Rule, ...] | None) -> tuple[Rule, ...] | None:
    return rules and tuple(
        rule._replace(
            peers=rule.peers
            and tuple(peer._replace(pods=_settled(peer.pods)) for peer in rule.peers)
        )
        for rule in rules
    )


def _settled(selector: Selector) -> Selector:
    runtime = frozenset[str]().union(*RUNTIME_LABELS.values())
    return Selector(tuple(one for one in selector.requirements if one.key not in runtime))


def _is_at(problem: Problem, dead: DeadRule) -> bool:
    """Whether the problem is in the part that is called dead."""
    same = (problem.namespace, problem.name) == (dead.policy.namespace, dead.policy.name)
    return same and problem.path[: len(dead.path)] == dead.path


def _covers(wide: Rule, narrow: Rule) -> bool:
    """Whether a rule allows all of another one, whatever pods there are.

    Of two rules that allow the same, the first covers the second.
    """
    if wide.place == narrow.place or not _includes(wide, narrow):
        return False
    return wide.place < narrow.place or not _includes(narrow, wide)


def _includes(wide: Rule, narrow: Rule) -> bool:
    return _among(wide.peers, narrow.peers, _peer_includes) and _among(
        wide.ports, narrow.ports, _port_includes
    )


def _among(
    wide: Sequence[T] | None, narrow: Sequence[T] | None, includes: Callable[[T, T], bool]
) -> bool:
    """Whether each narrow element is included in one wide element; None includes everything."""
    if wide is None or narrow is None:
        return wide is None
    return all(any(includes(big, small) for big in wide) for small in narrow)


def _peer_includes(wide: Peer, narrow: Peer) -> bool:
    if wide.block and narrow.block:
        same = wide.block.version == narrow.block.version
        return same and not intervals.difference(narrow.block.addresses, wide.block.addresses)
    if wide.block or narrow.block or not _selects_all_of(wide.pods, narrow.pods):
        return False
    if wide.namespaces is None or narrow.namespaces is None:
        return wide.namespaces in (narrow.namespaces, EVERYTHING)
    return _selects_all_of(wide.namespaces, narrow.namespaces)


def _selects_all_of(wide: Selector, narrow: Selector) -> bool:
    """Whether one selector has no condition that the other has not."""
    return set(wide.requirements) <= set(narrow.requirements)


def _port_includes(wide: PortMatch, narrow: PortMatch) -> bool:
    if wide.protocol != narrow.protocol:
        return False
    if wide.numbers and narrow.numbers:
        return not intervals.difference((narrow.numbers,), (wide.numbers,))
    return wide.numbers == EVERY_PORT[0] or (wide.numbers, wide.name) == narrow[2:]
