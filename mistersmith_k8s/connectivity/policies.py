"""NetworkPolicies as the API server understands them, with its defaults applied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias, TypeVar

from mistersmith_k8s.connectivity import addresses, selectors
from mistersmith_k8s.connectivity.addresses import Block
from mistersmith_k8s.connectivity.ports import EVERY_PORT, FIRST_PORT, LAST_PORT, PROTOCOLS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mistersmith_k8s.connectivity.fields import Field, Path
    from mistersmith_k8s.connectivity.intervals import Interval
    from mistersmith_k8s.connectivity.selectors import Selector

T = TypeVar("T")
Direction: TypeAlias = Literal["ingress", "egress"]

DIRECTIONS: tuple[Direction, ...] = ("ingress", "egress")
PEERS_KEY: dict[Direction, str] = {"ingress": "from", "egress": "to"}
POLICY_TYPES: dict[str, Direction] = {"Ingress": "ingress", "Egress": "egress"}


class Peer(NamedTuple):
    """One element of `from` or `to`: pods by selectors, or else a block and no pods."""

    path: Path
    namespaces: Selector | None  # None: the namespace of the policy
    pods: Selector
    block: Block | None

    def same(self, other: Peer) -> bool:
        """Whether both mean the same, wherever they are written."""
        return self[1:] == other[1:]


class PortMatch(NamedTuple):
    """One element of `ports`: a range of numbers, or a name that the target resolves."""

    path: Path
    protocol: str
    numbers: Interval | None
    name: str


class Rule(NamedTuple):
    """One ingress or egress rule. None means every peer, every port."""

    path: Path
    place: int
    peers: tuple[Peer, ...] | None
    ports: tuple[PortMatch, ...] | None


class Policy(NamedTuple):
    """A NetworkPolicy. A direction that it does not restrict has None for rules."""

    namespace: str
    name: str
    pods: Selector
    ingress: tuple[Rule, ...] | None
    egress: tuple[Rule, ...] | None
    ignored: tuple[Direction, ...]  # has rules, but `policyTypes` does not list it

    def __str__(self) -> str:
        return f"NetworkPolicy {self.namespace}/{self.name}"

    def rules(self, direction: Direction) -> tuple[Rule, ...] | None:
        """The rules of one direction."""
        return self.ingress if direction == "ingress" else self.egress


def policy(field: Field) -> Policy:
    """The policy that a manifest holds.

    A peer, port or selector that the API server would refuse allows nothing.
    Source: https://kubernetes.io/docs/concepts/services-networking/network-policies/
    """
    spec = field["spec"]
    written = {
        way: tuple(_rule(item, way, place) for place, item in enumerate(spec[way].items()))
        for way in DIRECTIONS
    }
    isolated = _isolated_directions(spec, has_egress=bool(written["egress"]))
    _, namespace, name = field.subject
    return Policy(
        namespace=namespace,
        name=name,
        pods=selectors.selector(spec["podSelector"]),
        ingress=written["ingress"] if "ingress" in isolated else None,
        egress=written["egress"] if "egress" in isolated else None,
        ignored=tuple(way for way in DIRECTIONS if written[way] and way not in isolated),
    )


def _isolated_directions(spec: Field, *, has_egress: bool) -> frozenset[str]:
    """The directions in which the selected pods get only what rules allow."""
    types = list(spec["policyTypes"].items())
    for item in types:
        if not isinstance(item.value, str) or item.value not in POLICY_TYPES:
            item.problem(f"must be one of {', '.join(POLICY_TYPES)}, not {item.value!r}")
    if types:
        return frozenset(way for name, way in POLICY_TYPES.items() if _has(types, name))
    return frozenset({"ingress", "egress"} if has_egress else {"ingress"})


def _has(fields: Iterable[Field], value: str) -> bool:
    return any(field.value == value for field in fields)


def _rule(field: Field, direction: Direction, place: int) -> Rule:
    peers = _listed(field[PEERS_KEY[direction]], _peer)
    return Rule(field.path, place, peers, _listed(field["ports"], _port))


def _listed(field: Field, parse: Callable[[Field], T]) -> tuple[T, ...] | None:
    """The parsed elements of a list; None for a list that is empty or missing."""
    return tuple(map(parse, field.items())) if field.value not in (None, [], ()) else None


def _peer(field: Field) -> Peer:
    pods, namespaces, block = field["podSelector"], field["namespaceSelector"], field["ipBlock"]
    by_labels = pods.given or namespaces.given
    if by_labels == block.given:
        field.problem(
            "may not specify both ipBlock and another peer" if by_labels else "must specify a peer"
        )
        return Peer(field.path, None, selectors.NOTHING, None)
    if block.given:
        return Peer(field.path, None, selectors.NOTHING, _block(block))
    chosen = selectors.selector(namespaces) if namespaces.given else None
    return Peer(field.path, chosen, selectors.selector(pods), None)


def _block(field: Field) -> Block:
    whole = _cidr(field["cidr"])
    exceptions = [(item, _cidr(item)) for item in field["except"].items()]
    for item, exception in exceptions:
        if addresses.without(exception, [whole]).addresses:
            item.problem(f"must be within {field['cidr'].value}, and {item.value} is not")
    return addresses.without(whole, [exception for _, exception in exceptions])


def _cidr(field: Field) -> Block:
    text = field.text()
    try:
        return addresses.block(text)
    except ValueError:
        field.problem(f"must be a CIDR such as 10.0.0.0/8, not {text!r}")
        return Block(addresses.IPV4, ())


def _port(field: Field) -> PortMatch:
    protocol = field["protocol"].text() or "TCP"
    if protocol not in PROTOCOLS:
        field["protocol"].problem(f"must be one of {', '.join(PROTOCOLS)}, not {protocol!r}")
    port, last = field["port"], field["endPort"]
    if not port.given:
        if last.given:
            last.problem("may not be given without port")
        return PortMatch(field.path, protocol, EVERY_PORT[0], "")
    if isinstance(port.value, str):
        if last.given:
            last.problem("may not be given with a named port")
            return PortMatch(field.path, protocol, None, "")
        return PortMatch(field.path, protocol, None, port.text())
    return PortMatch(field.path, protocol, _numbers(port, last), "")


def _numbers(port: Field, last: Field) -> Interval | None:
    first_number = port.integer()
    last_number = last.integer() if last.given else first_number
    for field, number in ((port, first_number), (last, last_number)):
        if number is None or not FIRST_PORT <= number <= LAST_PORT:
            field.problem(f"must be between {FIRST_PORT} and {LAST_PORT}, not {field.value!r}")
            return None
    if first_number is None or last_number is None or last_number < first_number:
        last.problem(f"must not be below port {first_number}")
        return None
    return first_number, last_number
