"""IP addresses outside the cluster: blocks of a rule, and ranges of a result."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from mistersmith_k8s.connectivity import intervals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mistersmith_k8s.connectivity.intervals import Interval, Intervals

IPV4, IPV6 = 4, 6
EVERY_IPV4: Interval = (0, 2**32 - 1)

# The API server reads 010.0.0.0 as 10.0.0.0. Source: k8s.io/utils/net ParseCIDRSloppy.
LEADING_ZEROS = re.compile(r"(?<![\d:a-f])0+(?=\d)")


class Block(NamedTuple):
    """The addresses of one `ipBlock`."""

    version: int
    addresses: Intervals


class External(NamedTuple):
    """A range of addresses outside the cluster, both ends included."""

    version: int
    first: int
    last: int

    def __str__(self) -> str:
        first, last = (address_text(self.version, end) for end in (self.first, self.last))
        return f"{first}-{last}[External]"


def block(cidr: str) -> Block:
    """The addresses of a CIDR; bits after the prefix are ignored, as the API server does.

    Raises:
        ValueError: if it is no CIDR.
    """
    from ipaddress import ip_network  # noqa: PLC0415  start-up time

    if "/" not in cidr:
        raise ValueError(cidr)
    plain = cidr if ":" in cidr else LEADING_ZEROS.sub("", cidr)
    network = ip_network(plain, strict=False)
    ends = (int(network.network_address), int(network.broadcast_address))
    return Block(network.version, (ends,))


def without(whole: Block, exceptions: Sequence[Block]) -> Block:
    """The addresses of a block that are in none of the exceptions."""
    taken = [part.addresses for part in exceptions if part.version == whole.version]
    rest = intervals.difference(whole.addresses, intervals.union(*taken))
    return Block(whole.version, rest)


def address(text: str) -> tuple[int, int] | None:
    """The version and the number of an address, or None if it is none."""
    from ipaddress import ip_address  # noqa: PLC0415  start-up time

    try:
        parsed = ip_address(text)
    except ValueError:
        return None
    return parsed.version, int(parsed)


def address_text(version: int, number: int) -> str:
    """An address as it is written."""
    if version == IPV4:
        return ".".join(str(byte) for byte in number.to_bytes(4, "big"))
    from ipaddress import IPv6Address  # noqa: PLC0415  start-up time

    return str(IPv6Address(number))
