"""Connections: who talks to whom, declared once as a list of edges.

From the edges of a workload come its URLs, both of its policy directions and the annotation
that lets a check compare what policies allow with what was declared.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from mistersmith_k8s.manifest import Manifests, manifests
from mistersmith_k8s.site import DOMAIN, Pods, Site, Workload

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mistersmith_k8s import k8s
    from mistersmith_k8s.primitives import Cidr, Port, SecretKey

NAMESPACE_NAME = "kubernetes.io/metadata.name"
"""Set and protected by the API server, unlike labels that anyone may write."""

DNS = Pods("kube-dns", "kube-system", ("k8s-app", "kube-dns"))
DNS_PORTS: tuple[k8s.NetworkPolicyPort, ...] = (
    {"protocol": "TCP", "port": 53},
    {"protocol": "UDP", "port": 53},
)
DECLARED = f"{DOMAIN}/connects-to"
OUTSIDE = f"{DOMAIN}/pods-from"
"""Marks a policy whose pods somebody else brings: what they are is declared by its selector."""


class Addresses(NamedTuple):
    """Networks outside the cluster, by CIDR."""

    name: str
    cidrs: tuple[Cidr, ...]


class Url(NamedTuple):
    """A variable that tells the source where the target is.

    `secrets` are variables that the text refers to as `$(NAME)`; they come first.
    """

    variable: str
    text: str
    secrets: tuple[tuple[str, SecretKey], ...] = ()


class Edge(NamedTuple):
    """One declared connection: the source may open the ports of the target."""

    source: Pods
    target: Pods | Addresses
    ports: tuple[Port, ...]
    purpose: str
    urls: tuple[Url, ...] = ()


class Connections:
    """The declared edges of a platform, found by either end."""

    def __init__(self, edges: Iterable[Edge]) -> None:
        self._sent: dict[Pods | Addresses, list[Edge]] = defaultdict(list)
        self._taken: dict[Pods | Addresses, list[Edge]] = defaultdict(list)
        self.edges = tuple(edges)
        for edge in self.edges:
            self._sent[edge.source].append(edge)
            self._taken[edge.target].append(edge)

    def sent_by(self, pods: Pods) -> tuple[Edge, ...]:
        """The edges that start at some pods."""
        return tuple(self._sent.get(pods, ()))

    def taken_by(self, pods: Pods) -> tuple[Edge, ...]:
        """The edges that end at some pods."""
        return tuple(self._taken.get(pods, ()))

    def variables(self, pods: Pods) -> list[k8s.EnvVar]:
        """The variables with URLs, each after the secrets that it refers to."""
        return [
            variable
            for edge in self.sent_by(pods)
            for url in edge.urls
            for variable in (*map(_secret_variable, url.secrets), _plain_variable(url))
        ]

    def declared(self, pods: Pods) -> dict[str, str]:
        """The annotation that says in words what the pods may open."""
        return _declared(self.sent_by(pods), _DNS_DECLARATION)

    def policy(self, me: Workload) -> k8s.NetworkPolicy:
        """Both sides of every connection of a workload, and DNS."""
        return {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": me.metadata("-netpol"),
            "spec": {
                "podSelector": {"matchLabels": me.selector},
                "policyTypes": ["Ingress", "Egress"],
                "ingress": _ingress(self.taken_by(me.pods)) or None,  # the API server keeps no []
                "egress": [*_egress(self.sent_by(me.pods)), _DNS_RULE],
            },
        }

    def far_sides(self, me: Pods, site: Site) -> Manifests:
        """A policy for each other end of my connections, beside whatever policies it has.

        Policies add up, so this is how pods join a platform that is rendered elsewhere.
        """
        mine = [edge for edge in self.edges if me in {edge.source, edge.target}]
        ends = [end for edge in mine for end in (edge.source, edge.target) if end != me]
        others = [end for end in dict.fromkeys(ends) if isinstance(end, Pods)]
        return manifests(self._far_side(me, other, site) for other in others)

    def _far_side(self, me: Pods, other: Pods, site: Site) -> k8s.NetworkPolicy:
        taken = tuple(edge for edge in self.sent_by(me) if edge.target == other)
        sent = tuple(edge for edge in self.taken_by(me) if edge.source == other)
        directions = {"Ingress": taken, "Egress": sent}
        return {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {
                "name": f"{other.name}-with-{me.name}-netpol",
                "namespace": other.namespace,
                "labels": site.labels(me.name),
                "annotations": {OUTSIDE: "outside", **_declared(sent)},
            },
            "spec": {
                "podSelector": {"matchLabels": other.selector},
                "policyTypes": [name for name, edges in directions.items() if edges],
                "ingress": _ingress(taken) or None,
                "egress": _egress(sent) or None,
            },
        }

    def near_side(self, me: Pods, site: Site) -> k8s.NetworkPolicy:
        """Both directions of pods that no component of ours runs, and DNS."""
        return {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {
                "name": f"{me.name}-netpol",
                "namespace": me.namespace,
                "labels": site.labels(me.name),
                "annotations": {OUTSIDE: "outside"},
            },
            "spec": {
                "podSelector": {"matchLabels": me.selector},
                "policyTypes": ["Ingress", "Egress"],
                "ingress": _ingress(self.taken_by(me)) or None,  # the API server keeps no []
                "egress": [*_egress(self.sent_by(me)), _DNS_RULE],
            },
        }


def default_deny(namespace: str, site: Site) -> k8s.NetworkPolicy:
    """Nothing in or out of any pod of a namespace unless another policy allows it."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {
            "name": "deny-all-default",
            "namespace": namespace,
            "labels": site.labels(),
        },
        "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
    }


def _ingress(edges: tuple[Edge, ...]) -> list[k8s.NetworkPolicyIngressRule]:
    return [{"from": [_peer(edge.source)], "ports": _ports(edge)} for edge in edges]


def _egress(edges: tuple[Edge, ...]) -> list[k8s.NetworkPolicyEgressRule]:
    return [{"to": list(_targets(edge)), "ports": _ports(edge)} for edge in edges]


def _targets(edge: Edge) -> Iterator[k8s.NetworkPolicyPeer]:
    if isinstance(edge.target, Pods):
        yield _peer(edge.target)
    else:
        for cidr in edge.target.cidrs:
            yield {"ipBlock": {"cidr": cidr}}


def _peer(pods: Pods) -> k8s.NetworkPolicyPeer:
    """One peer with both selectors: they are ANDed, two peers would be ORed."""
    return {
        "namespaceSelector": {"matchLabels": {NAMESPACE_NAME: pods.namespace}},
        "podSelector": {"matchLabels": pods.selector},
    }


def _ports(edge: Edge) -> list[k8s.NetworkPolicyPort]:
    return [{"protocol": "TCP", "port": port.number} for port in edge.ports]


_DNS_RULE: k8s.NetworkPolicyEgressRule = {"to": [_peer(DNS)], "ports": DNS_PORTS}
_DNS_DECLARATION = f"{DNS.namespace}/{DNS.name} TCP 53,UDP 53"


def _declared(edges: tuple[Edge, ...], *more: str) -> dict[str, str]:
    """The annotation that declares some edges, none where there is nothing to declare."""
    lines = sorted({line for edge in edges for line in _declaration(edge)})
    text = "".join(f"{line}\n" for line in (*lines, *more))
    return {DECLARED: text} if text else {}


def _declaration(edge: Edge) -> Iterator[str]:
    numbers = ",".join(str(number) for number in sorted(port.number for port in edge.ports))
    if isinstance(edge.target, Pods):
        yield f"{edge.target.namespace}/{edge.target.name} TCP {numbers}"
    else:
        yield from (f"{cidr} TCP {numbers}" for cidr in edge.target.cidrs)


def _secret_variable(secret: tuple[str, SecretKey]) -> k8s.EnvVar:
    name, key = secret
    return secret_variable(name, key)


def secret_variable(name: str, key: SecretKey) -> k8s.EnvVar:
    """A variable whose value stays in a Secret."""
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": key.name, "key": key.key}}}


def _plain_variable(url: Url) -> k8s.EnvVar:
    return {"name": url.variable, "value": url.text}
