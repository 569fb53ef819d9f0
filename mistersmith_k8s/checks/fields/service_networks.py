"""Networks of Services, and the addresses in them.

Source: pkg/apis/networking/validation of k8s.io/kubernetes, `ValidateServiceCIDR`,
`ValidateIPAddress`; k8s.io/apimachinery/pkg/util/validation/ip.go, `IsValidCIDR`, `IsValidIP`.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields.addresses import BAD_ADDRESS, BAD_BLOCK, block
from mistersmith_k8s.checks.fields.faults import invalid, required, under
from mistersmith_k8s.checks.fields.formats import dns_subdomain, path_segment
from mistersmith_k8s.checks.fields.rules import (
    each,
    field_check,
    fields,
    given,
    strings,
    struct,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.fields.faults import Fault

NETWORKS = "networking.k8s.io"
FAMILIES = 2


def wrong_canonical_address(value: str) -> str:
    """What is wrong with an address that must be in its one canonical form."""
    try:
        found = ip_address(value)
    except ValueError:
        return BAD_ADDRESS
    return _canonical(value, "%" in value or getattr(found, "ipv4_mapped", None), found)


def wrong_canonical_block(value: str) -> str:
    """What is wrong with a block that must be in its one canonical form."""
    try:
        found = ip_network(value)
    except ValueError:
        return BAD_BLOCK
    mapped = getattr(found.network_address, "ipv4_mapped", None)
    return _canonical(value, mapped or "/" not in value, found)


def _canonical(value: str, bad: object, found: object) -> str:
    if not bad and str(found) == value:
        return ""
    return f'must be in canonical form ("{found}")'


canonical_address = text(wrong_canonical_address, "Write an address such as 10.9.8.7.")
canonical_block = text(wrong_canonical_block, "Write a block such as 10.9.8.0/24.")


@field_check(NETWORKS, "ServiceCIDR")
def service_cidr_fields(manifest: Any) -> Iterator[Fault]:
    """A network of Services is one block, or one of each IP family."""
    blocks = struct(manifest.get("spec")).get("cidrs")
    found = [value for _, value in strings(blocks)]
    at = ("spec", "cidrs")
    if not found:
        yield required("at least one CIDR required", path=at)
    elif len(found) > FAMILIES:
        yield invalid(found, f"may only hold up to {FAMILIES} values", "Keep two.", at)
        return
    yield from under(each(canonical_block)(blocks), *at)
    versions = [network.version for value in found if (network := block(value))]
    if len(versions) != len(set(versions)):
        detail = (
            "may specify no more than one IP for each IP family, "
            "i.e 192.168.0.0/24 and 2001:db8::/64"
        )
        yield invalid(found, detail, "Keep one of each family.", at)


_parent = fields(
    {
        "group": given(dns_subdomain),
        "resource": given(path_segment),
        "name": given(path_segment),
        "namespace": given(path_segment),
    },
    needs=("resource", "name"),
)


@field_check(NETWORKS, "IPAddress")
def ip_address_fields(manifest: Any) -> Iterator[Fault]:
    """An address is called as it is written, and names what it belongs to."""
    name = struct(manifest.get("metadata")).get("name")
    yield from under(given(canonical_address)(name), "metadata", "name")
    parent = struct(manifest.get("spec")).get("parentRef")
    if parent is None:
        yield required(path=("spec", "parentRef"))
    yield from under(_parent(parent), "spec", "parentRef")


CHECKS = (service_cidr_fields, ip_address_fields)
