"""Endpoints and EndpointSlices.

Source: pkg/apis/core/validation of k8s.io/kubernetes, `validateEndpointSubsets`;
pkg/apis/discovery/validation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields.addresses import address, endpoint, ip
from mistersmith_k8s.checks.fields.faults import duplicate, invalid, required, too_many, under
from mistersmith_k8s.checks.fields.formats import (
    dns_label,
    dns_subdomain,
    label_value,
    port_number,
    qualified_name,
    wrong_label,
    wrong_subdomain,
)
from mistersmith_k8s.checks.fields.ports import PROTOCOL
from mistersmith_k8s.checks.fields.rules import (
    both,
    dicts,
    each,
    field_check,
    fields,
    given,
    needs_value,
    pick,
    struct,
    text,
    unique,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.fields.faults import Fault
    from mistersmith_k8s.checks.fields.rules import Rule

ADDRESS_TYPES = ("FQDN", "IPv4", "IPv6")
ADDRESSES, ENDPOINTS, PORTS, HINTS = 100, 1000, 20000, 8
_target = fields(
    {
        "ip": both(ip, endpoint),
        "hostname": given(dns_label),
        "nodeName": dns_subdomain,
    },
    needs=("ip",),
)
_port = fields(
    {
        "name": given(dns_label),
        "port": port_number,
        "protocol": PROTOCOL,
        "appProtocol": qualified_name,
    },
    needs=("port",),
)
_subset = fields(
    {"addresses": each(_target), "notReadyAddresses": each(_target), "ports": each(_port)}
)


@field_check("", "Endpoints")
def endpoints_fields(manifest: Any) -> Iterator[Fault]:
    """A subset has addresses that can be reached, and names for its ports when it has several."""
    for index, subset in dicts(manifest.get("subsets")):
        at = ("subsets", index)
        yield from under(_subset(subset), *at)
        if not subset.get("addresses") and not subset.get("notReadyAddresses"):
            detail = "must specify `addresses` or `notReadyAddresses`"
            yield required(detail, "Set addresses.", at)
        ports = list(dicts(subset.get("ports")))
        for place, port in ports if len(ports) > 1 else ():
            if port.get("name") in (None, ""):
                yield required(path=(*at, "ports", place, "name"))


def _wrong_domain(value: str) -> str:
    name = value.removesuffix(".")
    if wrong := wrong_subdomain(name):
        return wrong
    if "." not in name:
        return "should be a domain with at least two segments separated by dots"
    return next(filter(None, map(wrong_label, name.split("."))), "")


_domain = text(_wrong_domain, "Write a domain such as www.example.com.")


def _of_family(version: int) -> Rule:
    def look(value: Any) -> Iterator[Fault]:
        found = address(value) if isinstance(value, str) else None
        if found is not None and found.version != version:
            yield invalid(value, f"must be an IPv{version} address", "Use another slice.")

    return both(ip, look, endpoint)


_ADDRESS = {"IPv4": _of_family(4), "IPv6": _of_family(6), "FQDN": _domain}
_node_hint = fields({"name": given(dns_subdomain)}, needs=("name",))
_hints = fields(
    {
        "forZones": both(unique("name"), each(fields({"name": label_value}))),
        "forNodes": both(unique("name"), each(_node_hint)),
    }
)
_endpoint = fields(
    {
        "hostname": dns_label,
        "nodeName": dns_subdomain,
        "hints": _hints,
    }
)
_slice_port = fields(
    {
        "name": given(dns_label),
        "protocol": pick("SCTP", "TCP", "UDP"),
        "appProtocol": qualified_name,
    }
)


@field_check("discovery.k8s.io", "EndpointSlice")
def endpoint_slice_fields(manifest: Any) -> Iterator[Fault]:
    """A slice has addresses of one type that can be reached, and distinct port names."""
    kind = manifest.get("addressType")
    yield from needs_value(kind, ADDRESS_TYPES, ("addressType",))
    for name, most in (("endpoints", ENDPOINTS), ("ports", PORTS)):
        value = manifest.get(name)
        if isinstance(value, list) and len(value) > most:
            yield too_many(len(value), most, (name,))
    for index, item in dicts(manifest.get("endpoints")):
        yield from under(_one(item, kind), "endpoints", index)
    seen: set[str] = set()
    for index, port in dicts(manifest.get("ports")):
        yield from under(_slice_port(port), "ports", index)
        name = port.get("name") or ""
        if isinstance(name, str):
            if name in seen:
                yield duplicate(name, ("ports", index, "name"))
            seen.add(name)


def _one(item: dict[str, Any], kind: Any) -> Iterator[Fault]:
    yield from _endpoint(item)
    found = item.get("addresses")
    if found in (None, []):
        yield required("must contain at least 1 address", path=("addresses",))
    elif isinstance(found, list) and len(found) > ADDRESSES:
        yield too_many(len(found), ADDRESSES, ("addresses",))
    rule = _ADDRESS.get(kind) if isinstance(kind, str) else None
    if rule is not None:
        yield from under(each(rule)(found), "addresses")
    for name in ("forZones", "forNodes"):
        hints = struct(item.get("hints")).get(name)
        if isinstance(hints, list) and len(hints) > HINTS:
            yield too_many(len(hints), HINTS, ("hints", name))


CHECKS = (endpoints_fields, endpoint_slice_fields)
