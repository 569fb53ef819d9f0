"""Verdicts: whether one connection is allowed, and which rules decide that."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from mistersmith_k8s.connectivity import intervals
from mistersmith_k8s.connectivity.addresses import IPV4, Block, address, block
from mistersmith_k8s.connectivity.workloads import Workload

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mistersmith_k8s.connectivity.intervals import Intervals
    from mistersmith_k8s.connectivity.policies import Direction, Peer, Policy, PortMatch, Rule
    from mistersmith_k8s.connectivity.selectors import Selector
    from mistersmith_k8s.connectivity.universe import Universe
    from mistersmith_k8s.connectivity.workloads import Pods

Answer: TypeAlias = Literal["denied", "unknown", "allowed"]
# True and False are certain; None depends on what no manifest says.
Truth: TypeAlias = bool | None

FROM_FALSE_TO_TRUE: tuple[Truth, ...] = (False, None, True)
ANSWERS: tuple[Answer, ...] = ("denied", "unknown", "allowed")

# Where pods have their addresses, as far as anybody can tell from manifests: a block outside of
# these does not mean pods. Source: RFC 1918, RFC 6598.
POD_NETWORKS = ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16")


class ConnectivityError(ValueError):
    """A question that does not fit the universe."""


class Decision(NamedTuple):
    """A policy that decides, by the rule with this index, or because none of its rules allows."""

    policy: Policy
    direction: Direction
    rule: int | None

    def __str__(self) -> str:
        if self.rule is None:
            return f"{self.policy} allows it by no {self.direction} rule"
        return f"{self.policy} {self.direction} rule {self.rule}"


class Verdict(NamedTuple):
    """The answer for one connection, and what it rests on.

    Allowed without decisions: no policy isolates either side. Unknown: it depends on labels that
    come at run time, on pods in the host network, or on whether a block of addresses means pods.
    """

    answer: Answer
    decisions: tuple[Decision, ...]

    def __str__(self) -> str:
        reasons = ", ".join(map(str, self.decisions)) or "no policy isolates either side"
        return f"{self.answer}: {reasons}"


class _Party(NamedTuple):
    """Pods, or else an address outside."""

    namespace: str
    pods: Pods | None
    address: tuple[int, int] | None


class _Question(NamedTuple):
    """Whether the policies of one side allow a connection."""

    universe: Universe
    direction: Direction
    own: _Party
    other: _Party
    protocol: str
    port: int


class _Finding(NamedTuple):
    """What one policy says: whether it selects the own side, and whether it then allows."""

    selects: Truth
    allows: Truth
    decision: Decision


def allowed(
    universe: Universe, src: Workload | str, dst: Workload | str, protocol: str, port: int
) -> Verdict:
    """The verdict for a connection between workloads, or between a workload and an address.

    A workload may be written as `namespace/name` or `namespace/name[Kind]`. A workload against
    itself means two of its pods: a pod always reaches itself.

    Raises:
        ConnectivityError: if a party is neither a workload nor an address, or both are addresses.
    """
    sources, targets = _parties(universe, src), _parties(universe, dst)
    if not (sources[0].pods or targets[0].pods):
        message = f"{src} and {dst} are both outside. Name a workload for one of them."
        raise ConnectivityError(message)
    verdicts = (_verdict(universe, *pair, protocol, port) for pair in product(sources, targets))
    return max(verdicts, key=lambda verdict: ANSWERS.index(verdict.answer))


def _parties(universe: Universe, party: Workload | str) -> list[_Party]:
    workload = party if isinstance(party, Workload) else universe.workload(party)
    if workload:
        return [_Party(workload.namespace, pods, None) for pods in workload.pods]
    outside = address(str(party))
    if outside is None:
        message = f"{party!r} is no address, and no workload among {len(universe.workloads)}."
        raise ConnectivityError(message)
    return [_Party("", None, outside)]


def _verdict(universe: Universe, src: _Party, dst: _Party, protocol: str, port: int) -> Verdict:
    sides = (
        _side(_Question(universe, "egress", src, dst, protocol, port)),
        _side(_Question(universe, "ingress", dst, src, protocol, port)),
    )
    truth = _every(truth for truth, _ in sides)
    decisions = (decision for own, side in sides if own is truth for decision in side)
    return Verdict(ANSWERS[FROM_FALSE_TO_TRUE.index(truth)], tuple(decisions))


def _side(question: _Question) -> tuple[Truth, tuple[Decision, ...]]:
    """Whether one side allows it: the union of all policies, or everything without any."""
    found = [finding for finding in _findings(question) if finding.selects is not False]
    isolating = [finding for finding in found if finding.selects]
    allowing = [finding for finding in isolating if finding.allows]
    possible = [finding for finding in found if finding.allows is not False]
    if allowing or not isolating:
        certain = allowing or all(finding.allows for finding in found)
        chosen = allowing or found
        return True if certain else None, tuple(finding.decision for finding in chosen)
    chosen = possible or isolating
    return None if possible else False, tuple(finding.decision for finding in chosen)


def _findings(question: _Question) -> Iterator[_Finding]:
    pods = question.own.pods
    if pods is None:  # outside of the cluster there are no policies
        return
    for policy in question.universe.policies:
        rules = policy.rules(question.direction)
        if rules is not None and policy.namespace == question.own.namespace:
            selects = _selects(policy.pods, pods)
            truths = [_allows(rule, question) for rule in rules]
            allows = _any(truths)
            index = None if allows is False else truths.index(allows)
            yield _Finding(selects, allows, Decision(policy, question.direction, index))


def _allows(rule: Rule, question: _Question) -> Truth:
    port = rule.ports is None or any(_has_port(port, question) for port in rule.ports)
    if not port or rule.peers is None:
        return port
    return _any(_means(peer, question) for peer in rule.peers)


def _means(peer: Peer, question: _Question) -> Truth:
    """Whether the other side is one of these peers."""
    other = question.other
    if peer.block:
        return _within(peer, other)
    if other.pods is None:
        return False
    labels = question.universe.namespaces[other.namespace]
    here = other.namespace == question.own.namespace
    if not (here if peer.namespaces is None else peer.namespaces.matches(labels)):
        return False
    return _selects(peer.pods, other.pods)


def _within(peer: Peer, other: _Party) -> Truth:
    """Whether a block means the other side; of pods nobody knows, unless they cannot be there."""
    version, numbers = peer.block or Block(IPV4, ())
    if other.address:
        return other.address[0] == version and intervals.contains(numbers, other.address[1])
    anywhere = version != IPV4 or (other.pods and other.pods.host_network)
    return None if (numbers if anywhere else _in_pod_networks(numbers)) else False


def _in_pod_networks(numbers: Intervals) -> Intervals:
    networks = (block(cidr).addresses for cidr in POD_NETWORKS)
    return intervals.intersection(numbers, intervals.union(*networks))


def _has_port(match: PortMatch, question: _Question) -> bool:
    if match.protocol != question.protocol:
        return False
    if match.numbers:
        return match.numbers[0] <= question.port <= match.numbers[1]
    target = question.own if question.direction == "ingress" else question.other
    if target.pods is None or not match.name:
        return False
    return question.port in target.pods.numbers(match.name, match.protocol)


def _selects(selector: Selector, pods: Pods) -> Truth:
    """Whether labels choose these pods; in the host network, most networks ignore labels."""
    truth = selector.decides(dict(pods.labels), pods.runtime_labels)
    return None if truth and pods.host_network else truth


def _any(truths: Iterable[Truth]) -> Truth:
    return max(truths, key=FROM_FALSE_TO_TRUE.index, default=False)


def _every(truths: Iterable[Truth]) -> Truth:
    return min(truths, key=FROM_FALSE_TO_TRUE.index, default=True)
