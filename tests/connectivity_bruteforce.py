"""The rules of NetworkPolicies, read slowly: one pod, one protocol, one port, one address a time.

Shares no code with the engine, and knows only manifests as the random universes have them.
"""

from __future__ import annotations

from ipaddress import IPv4Address, ip_network
from typing import Any, NamedTuple

from tests.connectivity_universes import CIDRS, NUMBERS, Object

# Every port and every address where something can change, and their neighbours.
PORTS = sorted({n + d for n in NUMBERS for d in (-1, 0, 1)} & set(range(1, 65536)))
_BLOCKS = [ip_network(text) for cidr, holes in CIDRS.items() for text in (cidr, *holes)]
_EDGES = {int(end) + d for block in _BLOCKS for end in (block[0], block[-1]) for d in (-1, 0, 1)}
ADDRESSES = [IPv4Address(n) for n in sorted(_EDGES) if 0 <= n < 2**32]

TEMPLATES: dict[str, tuple[str, ...]] = {
    "Pod": (),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}


class Pod(NamedTuple):
    """One pod, under the text of its owner."""

    owner: str
    namespace: str
    labels: dict[str, str]
    ports: list[Object]


class Flow(NamedTuple):
    """One packet on its way."""

    src: Pod | IPv4Address
    dst: Pod | IPv4Address
    protocol: str
    port: int


def pods(objects: list[Object]) -> list[Pod]:
    """One pod for each manifest that has containers."""
    return [_pod(item) for item in objects if item["kind"] not in {"Namespace", "NetworkPolicy"}]


def _pod(item: Object) -> Pod:
    template = item
    for step in TEMPLATES.get(item["kind"], ("spec", "template")):
        template = template[step]
    metadata = item["metadata"]
    owner = (metadata.get("ownerReferences") or [{"kind": item["kind"], "name": metadata["name"]}])[
        0
    ]
    return Pod(
        owner=f"{metadata['namespace']}/{owner['name']}[{owner['kind']}]",
        namespace=metadata["namespace"],
        labels=template["metadata"]["labels"],
        ports=[port for box in template["spec"]["containers"] for port in box["ports"]],
    )


def is_allowed(objects: list[Object], flow: Flow) -> bool:
    """Whether the source may send it, and the destination may receive it."""
    sends = _side_allows(objects, "Egress", flow.src, flow.dst, flow)
    return sends and _side_allows(objects, "Ingress", flow.dst, flow.src, flow)


def _side_allows(objects: list[Object], way: str, own: Any, other: Any, flow: Flow) -> bool:
    if isinstance(own, IPv4Address):
        return True
    isolating = [item for item in objects if _isolates(item, way, own)]
    rules = [(item, rule) for item in isolating for rule in item["spec"].get(way.lower(), [])]
    peers = "to" if way == "Egress" else "from"
    return not isolating or any(
        (peers not in rule or any(_is_peer(objects, item, peer, other) for peer in rule[peers]))
        and ("ports" not in rule or any(_is_port(port, flow) for port in rule["ports"]))
        for item, rule in rules
    )


def _isolates(item: Object, way: str, pod: Pod) -> bool:
    if item["kind"] != "NetworkPolicy" or item["metadata"]["namespace"] != pod.namespace:
        return False
    spec = item["spec"]
    types = spec.get("policyTypes") or (
        ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]
    )
    return way in types and _is_selected(spec["podSelector"], pod.labels)


def _is_peer(objects: list[Object], policy: Object, peer: Object, other: Pod | IPv4Address) -> bool:
    if isinstance(other, IPv4Address):
        block = peer.get(
            "ipBlock", {"cidr": "255.255.255.255/32", "except": ["255.255.255.255/32"]}
        )
        holes = block.get("except", [])
        return other in ip_network(block["cidr"]) and not any(other in ip_network(h) for h in holes)
    if "ipBlock" in peer:
        return False
    if "namespaceSelector" not in peer:
        near = other.namespace == policy["metadata"]["namespace"]
        return near and _is_selected(peer["podSelector"], other.labels)
    labels = {"kubernetes.io/metadata.name": other.namespace}
    for item in objects:
        if item["kind"] == "Namespace" and item["metadata"]["name"] == other.namespace:
            labels.update(item["metadata"]["labels"])
    return _is_selected(peer["namespaceSelector"], labels) and _is_selected(
        peer.get("podSelector", {}), other.labels
    )


def _is_selected(selector: Object, labels: dict[str, str]) -> bool:
    pairs = selector.get("matchLabels", {}).items()
    return all(item in labels.items() for item in pairs) and all(
        {
            "In": labels.get(one["key"]) in one.get("values", []),
            "NotIn": labels.get(one["key"]) not in one.get("values", []),
            "Exists": one["key"] in labels,
            "DoesNotExist": one["key"] not in labels,
        }[one["operator"]]
        for one in selector.get("matchExpressions", [])
    )


def _is_port(match: Object, flow: Flow) -> bool:
    if match.get("protocol", "TCP") != flow.protocol:
        return False
    first: Any = match.get("port")
    if isinstance(first, str):
        target = flow.dst.ports if isinstance(flow.dst, Pod) else []
        wanted = (first, flow.protocol, flow.port)
        return any(
            (port.get("name"), port.get("protocol", "TCP"), port["containerPort"]) == wanted
            for port in target
        )
    return first is None or first <= flow.port <= match.get("endPort", first)
