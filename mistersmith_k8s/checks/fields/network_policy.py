"""NetworkPolicies.

Source: pkg/apis/networking/validation of k8s.io/kubernetes, `ValidateNetworkPolicySpec`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields.addresses import block, cidr
from mistersmith_k8s.checks.fields.faults import forbidden, invalid, required, under
from mistersmith_k8s.checks.fields.formats import port_number, port_reference
from mistersmith_k8s.checks.fields.rules import (
    Rule,
    both,
    each,
    field_check,
    fields,
    given,
    is_int,
    pick,
    strings,
    struct,
)
from mistersmith_k8s.checks.fields.selectors import selector

if TYPE_CHECKING:
    from collections.abc import Iterator
    from ipaddress import IPv4Network, IPv6Network

    from mistersmith_k8s.checks.fields.faults import Fault

TYPES = ("Ingress", "Egress")


def _end_port(value: Any) -> Iterator[Fault]:
    """A range starts at a number and does not end before it."""
    port = struct(value)
    start, end = port.get("port"), port.get("endPort")
    if end is None:
        return
    at = ("endPort",)
    if start is None:
        detail = "may not be specified when `port` is not specified"
        yield invalid(end, detail, "Set port.", at)
    elif isinstance(start, str):
        detail = "may not be specified when `port` is non-numeric"
        yield invalid(end, detail, "Write port as a number.", at)
    elif is_int(start) and is_int(end) and end < start:
        detail = "must be greater than or equal to `port`"
        yield invalid(end, detail, f"Use {start} or more.", at)


_port = both(
    _end_port,
    fields(
        {
            "port": port_reference,
            "endPort": port_number,
            "protocol": pick("TCP", "UDP", "SCTP"),
        }
    ),
)


def _except(value: Any) -> Iterator[Fault]:
    """What is excepted lies inside the block, and is less than the whole."""
    ip_block = struct(value)
    whole = ip_block.get("cidr")
    network = block(whole) if isinstance(whole, str) else None
    for index, part in strings(ip_block.get("except")):
        inner = block(part)
        if network is not None and inner is not None and not _inside(inner, network):
            detail = "must be a strict subset of `cidr`"
            yield invalid(part, detail, f"Write a part of {whole}.", ("except", index))


def _inside(inner: IPv4Network | IPv6Network, outer: IPv4Network | IPv6Network) -> bool:
    same = inner.version == outer.version
    return same and inner.prefixlen > outer.prefixlen and inner.network_address in outer


_ip_block = both(_except, fields({"cidr": given(cidr), "except": each(cidr)}, needs=("cidr",)))
_PEER: dict[str, Rule] = {
    "podSelector": selector,
    "namespaceSelector": selector,
    "ipBlock": _ip_block,
}


def _peer(value: Any) -> Iterator[Fault]:
    """A peer is pods, or namespaces, or pods in namespaces, or a block of addresses."""
    if not isinstance(value, dict):
        return
    yield from _peer_fields(value)
    present = [name for name in _PEER if value.get(name) is not None]
    if not present:
        yield required("must specify a peer", "Set podSelector, namespaceSelector or ipBlock.")
    elif len(present) > 1 and "ipBlock" in present:
        detail = "may not specify both ipBlock and another peer"
        yield forbidden(detail, "Write two peers.", ("ipBlock",))


_peer_fields = fields(_PEER)
_spec = fields(
    {
        "podSelector": selector,
        "ingress": each(fields({"ports": each(_port), "from": each(_peer)})),
        "egress": each(fields({"ports": each(_port), "to": each(_peer)})),
        "policyTypes": each(pick(*TYPES)),
    }
)


@field_check("networking.k8s.io", "NetworkPolicy")
def network_policy_fields(manifest: Any) -> Iterator[Fault]:
    """Peers are of one sort, blocks can be read, port ranges do not run backwards."""
    spec = struct(manifest.get("spec"))
    yield from under(_spec(spec), "spec")
    types = spec.get("policyTypes")
    if isinstance(types, list) and len(types) > len(TYPES):
        detail = "may not specify more than two policyTypes"
        yield invalid(types, detail, "Name each once.", ("spec", "policyTypes"))


CHECKS = (network_policy_fields,)
