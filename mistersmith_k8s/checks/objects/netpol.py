"""NetworkPolicies as checks read them: rules, peers, and the pods that these mean."""

from __future__ import annotations

from collections import defaultdict
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from mistersmith_k8s.checks.selection import fixed_label, label_selector, running, selects
from mistersmith_k8s.checks.shape import integer, items, mappings, pairs, text
from mistersmith_k8s.checks.world import fact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mistersmith_k8s.checks.finding import Path
    from mistersmith_k8s.checks.world import Object, World
    from mistersmith_k8s.connectivity.selectors import Selector

Way = Literal["ingress", "egress"]
WAYS: tuple[Way, ...] = ("ingress", "egress")
PEERS: Mapping[Way, str] = {"ingress": "from", "egress": "to"}
TYPES: Mapping[Way, str] = {"ingress": "Ingress", "egress": "Egress"}
NAME_LABEL = "kubernetes.io/metadata.name"  # the API server sets it on every namespace
POLICY = "NetworkPolicy"

# Policies of other projects, which may allow more than NetworkPolicies do.
OTHER_POLICIES = frozenset(
    {"cilium.io", "crd.projectcalico.org", "policy.networking.k8s.io", "projectcalico.org"}
)


class Peer(NamedTuple):
    """One element of `from` or `to`; a block of addresses has no selectors."""

    path: Path
    namespaces: Selector | None
    pods: Selector | None
    block: bool


class Port(NamedTuple):
    """One element of `ports`: from a number to another, or a name, or every port."""

    path: Path
    protocol: str
    first: int | None
    last: int | None
    name: str

    def has(self, protocol: str, number: int) -> bool:
        """Whether a number is among them; a name has none here."""
        if protocol != self.protocol or self.name:
            return False
        return self.first is None or self.first <= number <= (self.last or self.first)


class Rule(NamedTuple):
    """One rule; without peers it means everybody, without ports every port."""

    path: Path
    way: Way
    peers: tuple[Peer, ...]
    ports: tuple[Port, ...]


def written(policy: Object, way: Way) -> tuple[Rule, ...]:
    """The rules that a policy has for a direction, whether it restricts that or not."""
    return _written(policy)[way]


@fact
def _written(policy: Object) -> Mapping[Way, tuple[Rule, ...]]:
    return {way: _rules(policy, way) for way in WAYS}


def _rules(policy: Object, way: Way) -> tuple[Rule, ...]:
    return tuple(
        Rule(
            ("spec", way, index),
            way,
            tuple(_peers(rule, ("spec", way, index, PEERS[way]))),
            tuple(_ports(rule, ("spec", way, index, "ports"))),
        )
        for index, rule in mappings(policy.spec.get(way))
    )


def rules(policy: Object, way: Way) -> tuple[Rule, ...]:
    """The rules of a policy that count in a direction."""
    return written(policy, way) if isolates(policy, way) else ()


def isolates(policy: Object, way: Way) -> bool:
    """Whether the selected pods get only what rules allow in a direction.

    Source: k8s.io/api/networking/v1, NetworkPolicySpec.policyTypes.
    """
    types = items(policy.spec.get("policyTypes"))
    if types:
        return TYPES[way] in types
    return way == "ingress" or bool(items(policy.spec.get("egress")))


@fact
def subject(policy: Object) -> Selector | None:
    """The selector of the pods that a policy is about; None when it is malformed."""
    return label_selector(policy.spec.get("podSelector"))


def denies_by_default(policy: Object, way: Way = "ingress") -> bool:
    """Whether a policy isolates every pod of its namespace and allows nothing itself."""
    about = subject(policy)
    everybody = about is not None and not about.requirements
    return everybody and isolates(policy, way) and not written(policy, way)


def _peers(rule: Mapping[str, Any], path: Path) -> Iterator[Peer]:
    for index, peer in mappings(rule.get(str(path[-1]))):
        namespaces, pods = peer.get("namespaceSelector"), peer.get("podSelector")
        yield Peer(
            (*path, index),
            None if namespaces is None else label_selector(namespaces),
            None if pods is None else label_selector(pods),
            peer.get("ipBlock") is not None or _malformed(namespaces) or _malformed(pods),
        )


def _malformed(selector: Any) -> bool:
    return selector is not None and label_selector(selector) is None


def _ports(rule: Mapping[str, Any], path: Path) -> Iterator[Port]:
    for index, port in mappings(rule.get("ports")):
        number = integer(port.get("port"))
        last = integer(port.get("endPort"))
        protocol = text(port.get("protocol")) or "TCP"
        yield Port((*path, index), protocol, number, last, text(port.get("port")))


@fact
def namespace_labels(world: World) -> Mapping[str, Mapping[str, str]]:
    """The labels of every namespace that is declared."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for item in sorted(world.of("Namespace"), key=lambda item: (str(item), item.file or "")):
        found[item.ref.name].update(pairs(item.at("metadata", "labels")))
        found[item.ref.name][NAME_LABEL] = item.ref.name
    return found


def meant_namespaces(policy: Object, peer: Peer, world: World) -> tuple[str, ...]:
    """The namespaces that a peer evidently means: named ones, else declared ones that match."""
    selector = peer.namespaces
    if peer.block:
        return ()
    if selector is None:
        return (policy.given_namespace,)
    named = [r for r in selector.requirements if r.key == NAME_LABEL and r.operator == "In"]
    if named and len(selector.requirements) == len(named):
        return tuple(sorted(set.intersection(*(set(r.values) for r in named))))
    known = namespace_labels(world)
    return tuple(sorted(name for name, labels in known.items() if selector.matches(labels)))


def is_wide(peer: Peer) -> bool:
    """Whether a peer means namespaces that nobody declares too, such as that of cluster DNS."""
    selector = peer.namespaces
    return selector is not None and not any(
        r.operator in {"In", "Exists"} for r in selector.requirements
    )


def targets(policy: Object, rule: Rule, world: World) -> list[Object]:
    """The workloads whose pods the peers of a rule certainly mean."""
    found: dict[int, Object] = {}
    for peer in rule.peers:
        for namespace in meant_namespaces(policy, peer, world):
            pods = running(world)
            chosen = pods.selected(namespace, peer.pods) if peer.pods else pods.inside(namespace)
            found.update((id(item), item) for item in chosen)
    return sorted(found.values(), key=str)


@fact
def complete(world: World) -> bool:
    """Whether NetworkPolicies are all that there is to say about connections."""
    others = any(item.ref.group in OTHER_POLICIES for item in world.objects)
    return world.setting.complete and not others


@fact
def policies(world: World) -> Mapping[str, Sequence[Object]]:
    """The policies by namespace."""
    found: dict[str, list[Object]] = defaultdict(list)
    for item in sorted(world.of(POLICY), key=str):
        found[item.given_namespace].append(item)
    return found


@fact
def policies_of(world: World) -> Mapping[int, Sequence[Object]]:
    """The policies that certainly select each workload."""
    found: dict[int, list[Object]] = defaultdict(list)
    for policy in sorted(world.of(POLICY), key=str):
        about = subject(policy)
        for item in running(world).selected(policy.given_namespace, about) if about else ():
            found[id(item)].append(policy)
    return found


def isolating(workload: Object, way: Way, world: World) -> list[Object]:
    """The policies that isolate the pods of a workload in a direction."""
    return [p for p in policies_of(world).get(id(workload), ()) if isolates(p, way)]


@fact
def container_ports(workload: Object) -> Sequence[tuple[str, str, int]]:
    """Name, protocol and number of every port that the containers of a workload declare."""
    return tuple(_container_ports(workload))


def _container_ports(workload: Object) -> Iterator[tuple[str, str, int]]:
    for path, container in workload.all_containers:
        waits = "initContainers" in path and container.get("restartPolicy") != "Always"
        for _, port in mappings(container.get("ports") if not waits else None):
            number = integer(port.get("containerPort"))
            if number is not None:
                yield text(port.get("name")), text(port.get("protocol")) or "TCP", number


def numbers(port: Port, destination: Object) -> set[int]:
    """The numbers that a named port has in a workload, or the first of a range."""
    if port.name:
        declared = container_ports(destination)
        return {n for name, kind, n in declared if (name, kind) == (port.name, port.protocol)}
    return set() if port.first is None else {port.first}


def lets(rule: Rule, destination: Object, protocol: str, number: int) -> bool:
    """Whether the ports of a rule let a connection to a port of a workload through."""
    if not rule.ports:
        return True
    return any(
        port.has(protocol, number)
        or (port.protocol == protocol and port.name and number in numbers(port, destination))
        for port in rule.ports
    )


class Guests(NamedTuple):
    """The rules of a policy in a direction, by what their peers ask of pods.

    `labelled` finds a peer by a label that all its pods have; `others` have no such label. A rule
    without peers means everybody.
    """

    everybody: Sequence[Rule]
    others: Sequence[tuple[Rule, Peer]]
    labelled: Mapping[tuple[str, str], Sequence[tuple[Rule, Peer]]]


@fact
def _guests(policy: Object) -> Mapping[Way, Guests]:
    return {way: _guests_of(rules(policy, way)) for way in WAYS}


def _guests_of(found: Sequence[Rule]) -> Guests:
    others: list[tuple[Rule, Peer]] = []
    labelled: dict[tuple[str, str], list[tuple[Rule, Peer]]] = defaultdict(list)
    for rule in found:
        for peer in rule.peers:
            label = fixed_label(peer.pods) if peer.pods and not peer.block else None
            (labelled[label] if label else others).append((rule, peer))
    return Guests([rule for rule in found if not rule.peers], others, labelled)


def perhaps_for(policy: Object, way: Way, pods: Iterable[Object], world: World) -> Iterator[Rule]:
    """The rules of a policy whose peers perhaps mean pods of some workload, some more than once."""
    guests = _guests(policy)[way]
    yield from guests.everybody
    for one in pods:
        near = chain.from_iterable(guests.labelled.get(pair, ()) for pair in one.pod_labels.items())
        for rule, peer in chain(guests.others, near):
            if _peer_may_mean(policy, peer, one, world):
                yield rule


def _peer_may_mean(policy: Object, peer: Peer, other: Object, world: World) -> bool:
    if peer.block:
        return True
    if peer.pods is not None and selects(peer.pods, other) is False:
        return False
    if peer.namespaces is None:
        return "" in (near := {policy.given_namespace, other.given_namespace}) or len(near) == 1
    labels = namespace_labels(world).get(other.given_namespace)
    if labels is None:
        labels = {NAME_LABEL: other.given_namespace}
        known = (r for r in peer.namespaces.requirements if r.key == NAME_LABEL)
        return not other.given_namespace or all(r.matches(labels) for r in known)
    return peer.namespaces.matches(labels)
