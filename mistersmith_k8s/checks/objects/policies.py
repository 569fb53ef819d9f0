"""NetworkPolicies: each rule means what it says."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from mistersmith_k8s.checks.check import Flaw, check
from mistersmith_k8s.checks.finding import Severity
from mistersmith_k8s.checks.objects.netpol import (
    NAME_LABEL,
    POLICY,
    WAYS,
    container_ports,
    is_wide,
    isolates,
    meant_namespaces,
    namespace_labels,
    numbers,
    rules,
    subject,
    targets,
    written,
)
from mistersmith_k8s.checks.objects.services import selects_nothing
from mistersmith_k8s.checks.outside import outside
from mistersmith_k8s.checks.selection import OUTSIDE, alike, equality, running, shown
from mistersmith_k8s.checks.shape import integer, mappings, text
from mistersmith_k8s.checks.world import fact

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mistersmith_k8s.checks.objects.netpol import Peer, Port, Rule
    from mistersmith_k8s.checks.world import Object, World

DNS_PORTS = frozenset({53, 5353})


@check(Severity.WARNING, POLICY)
def policy_selects(item: Object, world: World) -> Iterator[Flaw]:
    """A NetworkPolicy selects pods of some workload; else it restricts nobody."""
    about = subject(item)
    if item.annotations.get(OUTSIDE) == "outside" or not about or not about.requirements:
        return
    if selects_nothing(item.given_namespace, about, world):
        message = f"selects no pod: nothing has {shown(about)}"
        mend = "Make the selector a part of the labels of the pods that it means."
        yield Flaw(("spec", "podSelector"), message, mend)


@check(Severity.WARNING, POLICY)
def policy_dead_rule(item: Object, world: World) -> Iterator[Flaw]:
    """A rule of a NetworkPolicy means somebody, and its direction is restricted at all."""
    for way in WAYS:
        if written(item, way) and not isolates(item, way):
            message = f"is ignored: policyTypes does not list {way.capitalize()}"
            mend = f"Add {way.capitalize()} to policyTypes, or remove the rules."
            yield Flaw(("spec", way), message, mend)
        for rule in rules(item, way):
            if rule.peers and all(_means_nobody(item, peer, world) for peer in rule.peers):
                message = f"means no pod: {' or '.join(map(_described, rule.peers))} is nowhere"
                yield Flaw(rule.path, message, "Correct the selectors, or remove the rule.")
            yield from _unnamed_ports(item, rule, world)


def _means_nobody(policy: Object, peer: Peer, world: World) -> bool:
    """Whether a peer evidently means no pod in any namespace that it names."""
    spaces = meant_namespaces(policy, peer, world)
    if peer.block or is_wide(peer) or not (peer.pods and peer.pods.requirements and spaces):
        return False
    return all(selects_nothing(namespace, peer.pods, world) for namespace in spaces)


def _described(peer: Peer) -> str:
    pods = shown(peer.pods) if peer.pods else "all pods"
    where = f" in namespaces with {shown(peer.namespaces)}" if peer.namespaces else ""
    return f"{pods}{where}"


def _unnamed_ports(item: Object, rule: Rule, world: World) -> Iterator[Flaw]:
    """The named ports of a rule that no pod has which it evidently is about."""
    chosen = _destinations(item, rule, world)
    for port in rule.ports:
        if port.name and chosen and not any(numbers(port, o) for o in chosen):
            who = ", ".join(str(o) for o in chosen[:3])
            message = f"is {port.name}, and {who} has no {port.protocol} port of this name"
            mend = "Use the name or the number of a container port."
            yield Flaw((*port.path, "port"), message, mend)


def _destinations(item: Object, rule: Rule, world: World) -> Sequence[Object]:
    """The workloads that a rule lets be connected to; none where there may be others."""
    if rule.way == "egress":
        spaces = {s for peer in rule.peers for s in meant_namespaces(item, peer, world)}
        known = not any(peer.block or is_wide(peer) for peer in rule.peers)
        found = targets(item, rule, world) if known else []
    else:
        spaces, about = {item.given_namespace}, subject(item)
        chosen = running(world).selected(item.given_namespace, about) if about else []
        found = sorted(chosen, key=str)
    return [] if any(outside(world).brings_pods(space) for space in spaces) else found


@check(Severity.ERROR, POLICY)
def policy_peers_ored(item: Object, world: World) -> Iterator[Flaw]:
    """Pods of another namespace are one peer with both selectors: two peers are alternatives.

    Fires where the pods that a peer selects are not in the policy's namespace, but in that of
    the peer beside it.
    """
    for way in WAYS:
        for rule in rules(item, way):
            wide = [p for p in rule.peers if p.namespaces is not None and p.pods is None]
            for peer in rule.peers:
                if peer.namespaces is None and peer.pods and peer.pods.requirements:
                    yield from _torn_apart(item, peer, wide, world)


def _torn_apart(item: Object, peer: Peer, wide: list[Peer], world: World) -> Iterator[Flaw]:
    pods, here = running(world), item.given_namespace
    if not (wide and peer.pods) or outside(world).brings_pods(here):
        return
    if pods.maybe_selected(here, peer.pods):
        return
    for other in wide:
        for namespace in meant_namespaces(item, other, world):
            if namespace != here and pods.selected(namespace, peer.pods):
                message = (
                    f"means pods of {here} with {shown(peer.pods)}, which has none, and the peer"
                    f" beside it means every pod of {namespace}"
                )
                mend = "Put namespaceSelector and podSelector into one peer: both then must match."
                yield Flaw(peer.path, message, mend)
                return


@check(Severity.ERROR, POLICY)
def policy_service_port(item: Object, world: World) -> Iterator[Flaw]:
    """A rule names the port of the pods, not that of the Service in front of them.

    Policies see connections after the Service's port was replaced by its target port.
    """
    for way in WAYS:
        for rule in rules(item, way):
            chosen = alike(_destinations(item, rule, world)) if rule.ports else ()
            for port in rule.ports:
                service = _mistaken(port, chosen, world) if chosen else None
                if service:
                    message = (
                        f"is {port.first}, the port of {service}, and its pods listen on "
                        f"{_listening(chosen, port.protocol)}"
                    )
                    mend = "Use the number or the name of the container port."
                    yield Flaw((*port.path, "port"), message, mend)


def _mistaken(port: Port, chosen: Sequence[Object], world: World) -> Object | None:
    """The Service whose port was taken for that of its pods."""
    if port.first is None or (port.last or port.first) != port.first:
        return None
    declared = [[n for _, kind, n in container_ports(o) if kind == port.protocol] for o in chosen]
    if not all(declared) or any(port.first in found for found in declared):
        return None
    for workload in chosen:
        for service in _services_of(world).get(id(workload), ()):
            if _maps_away(service, port):
                return service
    return None


def _maps_away(service: Object, port: Port) -> bool:
    """Whether a Service has the port and sends its connections to another one."""
    return any(
        integer(entry.get("port")) == port.first
        and (text(entry.get("protocol")) or "TCP") == port.protocol
        and entry.get("targetPort") not in (None, port.first)
        for _, entry in mappings(service.spec.get("ports"))
    )


def _listening(chosen: Sequence[Object], protocol: str) -> str:
    found = {n for item in chosen for _, kind, n in container_ports(item) if kind == protocol}
    return ", ".join(map(str, sorted(found)))


@fact
def _services_of(world: World) -> Mapping[int, Sequence[Object]]:
    """The Services in front of each workload."""
    found: dict[int, list[Object]] = defaultdict(list)
    for service in sorted(world.of("Service"), key=str):
        selector = equality(service.spec.get("selector"))
        if selector and service.spec.get("clusterIP") != "None":
            for item in running(world).selected(service.given_namespace, selector):
                found[id(item)].append(service)
    return found


@check(Severity.WARNING, POLICY)
def policy_namespace_label(item: Object, world: World) -> Iterator[Flaw]:
    """A rule knows namespaces by the label that the API server protects.

    Whoever may label a namespace can give it a `name`, and so enter.
    """
    for way in WAYS:
        for rule in rules(item, way):
            for peer in rule.peers:
                for name in _own_names(peer, world):
                    message = f"knows the namespace by the label {name}, which anybody may give"
                    mend = f"Select by {NAME_LABEL}, which every namespace has."
                    yield Flaw((*peer.path, "namespaceSelector"), message, mend)


def _own_names(peer: Peer, world: World) -> Iterator[str]:
    """The labels of a peer that stand for the name of a namespace."""
    for requirement in peer.namespaces.requirements if peer.namespaces else ():
        key, operator, values = requirement
        declared = namespace_labels(world)
        named = any(declared.get(value, {}).get(key) == value for value in values)
        if operator == "In" and key != NAME_LABEL and named:
            yield key


@check(Severity.WARNING, POLICY)
def policy_dns_anywhere(item: Object, _: World) -> Iterator[Flaw]:
    """DNS is allowed to the cluster's resolver, not to every address: it carries data out."""
    for rule in rules(item, "egress"):
        found = {port.first for port in rule.ports}
        if not rule.peers and found and found <= DNS_PORTS:
            message = "allows DNS to any address inside and outside of the cluster"
            mend = f"Add a peer: namespace {NAME_LABEL}: kube-system and pods k8s-app: kube-dns."
            yield Flaw(rule.path, message, mend)


CHECKS = (
    policy_selects,
    policy_dead_rule,
    policy_peers_ored,
    policy_service_port,
    policy_namespace_label,
    policy_dns_anywhere,
)
