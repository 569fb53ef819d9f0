"""IP addresses and CIDR blocks, read as leniently as the API server reads them.

API servers before 1.36 take leading zeros and host bits, later ones refuse them; they are
warnings here.

Source: k8s.io/apimachinery/pkg/util/validation/ip.go; k8s.io/utils/net, `ParseIPSloppy`.
"""

from __future__ import annotations

import re
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_network,
)
from typing import TYPE_CHECKING

from mistersmith_k8s.checks.fields import minors
from mistersmith_k8s.checks.fields.faults import Faults, invalid, since
from mistersmith_k8s.checks.fields.rules import text

if TYPE_CHECKING:
    from typing import Any

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
BAD_ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
BAD_BLOCK = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
V4 = 4
_ADDRESS_MEND = "Write an address such as 10.9.8.7 or 2001:db8::1."
_BLOCK_MEND = "Write a block such as 10.9.8.0/24 or 2001:db8::/64."
_IPV4 = re.compile(r"([0-9]+)\.([0-9]+)\.([0-9]+)\.([0-9]+)", re.ASCII).fullmatch
_LENGTH = re.compile(r"[0-9]{1,6}", re.ASCII).fullmatch


def address(value: str) -> Address | None:
    """The address that a text stands for, leading zeros allowed; None when it is none.

    An IPv4 address mapped into IPv6 is the IPv4 address.
    """
    parts = _IPV4(value)
    try:
        if parts is not None:
            return IPv4Address(".".join(str(int(part[-9:])) for part in parts.groups()))
        found = None if "%" in value else IPv6Address(value)
    except ValueError:
        return None
    return (found and found.ipv4_mapped) or found


def block(value: str) -> Network | None:
    """The network that a CIDR text stands for, host bits masked; None when it is none."""
    host, slash, length = value.partition("/")
    if not slash or _LENGTH(length) is None or address(host) is None:
        return None
    try:
        start = IPv6Address(host) if ":" in host else IPv4Address(str(address(host)))
        return ip_network((start, int(length)), strict=False)
    except ValueError:
        return None


def ip(value: Any) -> Faults:
    """An IP address, for newer servers in canonical form."""
    if not isinstance(value, str):
        return ()
    found = address(value)
    if found is None:
        return (invalid(value, BAD_ADDRESS, _ADDRESS_MEND),)
    if isinstance(found, IPv4Address) and str(found) != value:
        detail = "must not have leading 0s, nor be an IPv4-mapped IPv6 address"
        return (since(invalid(value, detail, f"Write {found}."), minors.STRICT_ADDRESSES),)
    return ()


def cidr(value: Any) -> Faults:
    """A CIDR block, for newer servers without host bits and leading zeros."""
    if not isinstance(value, str):
        return ()
    found = block(value)
    if found is None:
        return (invalid(value, BAD_BLOCK, _BLOCK_MEND),)
    start = address(value.partition("/")[0])
    if start != found.network_address or (found.version == V4 and str(found) != value):
        detail = "must not have bits set beyond the prefix length, nor leading 0s"
        return (since(invalid(value, detail, f"Write {found}."), minors.STRICT_ADDRESSES),)
    return ()


def wrong_endpoint(value: str) -> str:
    """What is wrong with an address that traffic is sent to."""
    found = address(value)
    if found is None:
        return "must be a valid IP address"
    if found.is_unspecified:
        return f"may not be unspecified ({value})"
    if found.is_loopback:
        return "may not be in the loopback range (127.0.0.0/8, ::1/128)"
    if found.is_link_local:
        return "may not be in the link-local range (169.254.0.0/16, fe80::/10)"
    if any(found in scope for scope in _LINK_LOCAL_MULTICAST):
        return "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"
    return ""


_LINK_LOCAL_MULTICAST = (ip_network("224.0.0.0/24"), ip_network("ff02::/16"))
endpoint = text(wrong_endpoint, "Use an address that other machines can reach.")
