"""Declared connections: what a workload says that it opens is what the policies let it open."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import chain, islice, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from mistersmith_k8s.checks.check import Flaw, check
from mistersmith_k8s.checks.finding import Severity
from mistersmith_k8s.checks.objects.netpol import isolating
from mistersmith_k8s.checks.selection import OUTSIDE, equality, running
from mistersmith_k8s.checks.shape import lookup, pairs, text
from mistersmith_k8s.checks.world import POD_TEMPLATES, WORKLOADS, fact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mistersmith_k8s.checks.world import Object, World
    from mistersmith_k8s.connectivity import Connection, Universe
    from mistersmith_k8s.connectivity.ports import Ports

DECLARED = "mister-smith.io/connects-to"
MOST = 10  # differences that are told one by one
PATH = ("metadata", "annotations", DECLARED)

# The resolver that every cluster has, and no manifest.
DNS: Mapping[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {
        "name": "kube-dns",
        "namespace": "kube-system",
        "labels": {"k8s-app": "kube-dns"},
    },
    "spec": {"containers": []},
}

_LINE = re.compile(r"(\S+)\s+(\S.*)")
_NUMBERS = r"[0-9]{1,5}(?:-[0-9]{1,5})?"
_PORTS = re.compile(rf"(TCP|UDP|SCTP)\s+({_NUMBERS}(?:\s*,\s*{_NUMBERS})*)")


class Range(NamedTuple):
    """Addresses outside, from the first to the last, and the ports there."""

    version: int
    first: int
    last: int
    ports: Ports


class DeclarationError(ValueError):
    """A line that declares nothing."""


@check(Severity.ERROR, *WORKLOADS)
def declared_connections(item: Object, world: World) -> Iterator[Flaw]:
    """Policies let a workload open the connections that it declares, and no others.

    One line of the annotation for each target: `namespace/name TCP 80,443` or `10.0.0.0/8 TCP 443`.
    """
    own = item.annotations.get(DECLARED)
    if not isinstance(own, str):
        return
    written = "\n".join((own, *_added(world).get(id(item), ())))
    try:
        inside, outside = _parsed(written)
    except DeclarationError as error:
        mend = "Write a target and its ports, such as kube-system/kube-dns UDP 53."
        yield Flaw(PATH, str(error), mend)
        return
    if not isolating(item, "egress", world):
        mend = "Add a NetworkPolicy that restricts the egress of its pods."
        yield Flaw(PATH, "declares connections, and no policy restricts what is opened", mend)
        return
    computed = _computed(world)
    source = computed.universe.workload(f"{item.namespace}/{item.ref.name}[{item.ref.kind}]")
    if source is not None:
        found = chain(
            _inside_differs(str(source), inside, computed),
            _outside_differs(outside, computed.outside.get(str(source), [])),
        )
        yield from islice(found, MOST)
        rest = sum(1 for _ in found)
        if rest:
            yield Flaw(PATH, f"differs for {rest} more targets", "Mend those above first.")


@fact
def _added(world: World) -> Mapping[int, Sequence[str]]:
    """What policies declare that open connections for workloads beside these workloads' own."""
    found: dict[int, list[str]] = defaultdict(list)
    for policy in world.of("NetworkPolicy"):
        declared = policy.annotations.get(DECLARED)
        selector = equality(lookup(policy.spec, ("podSelector", "matchLabels")))
        if isinstance(declared, str) and selector:
            for item in running(world).selected(policy.given_namespace, selector):
                found[id(item)].append(declared)
    return found


class Computed(NamedTuple):
    """The connections that policies allow, by their source."""

    universe: Universe
    inside: Mapping[str, Mapping[str, Ports]]
    outside: Mapping[str, Sequence[Range]]


@fact
def _computed(world: World) -> Computed:
    """What policies allow, among the input's pods and those that others bring."""
    from mistersmith_k8s.connectivity import (  # noqa: PLC0415 - start-up time
        External,
        connections,
        universe,
    )

    kinds = {*POD_TEMPLATES, "Namespace", "NetworkPolicy"}
    known = [item.manifest for item in world.objects if item.kind in kinds]
    everything = universe([*known, DNS, *_brought(world)])
    inside: dict[str, dict[str, Ports]] = defaultdict(dict)
    outside: dict[str, list[Range]] = defaultdict(list)
    found: list[Connection] = connections(everything)
    for src, dst, ports in found:
        if isinstance(dst, External):
            outside[str(src)].append(Range(*dst, ports))
        else:
            inside[str(src)][str(dst)] = ports
    return Computed(everything, inside, outside)


def _brought(world: World) -> Iterator[Mapping[str, Any]]:
    """Pods that others bring, as policies declare them, called after their label."""
    seen: set[tuple[str, tuple[tuple[str, str], ...]]] = set()
    for policy in world.of("NetworkPolicy"):
        labels = pairs(lookup(policy.spec, ("podSelector", "matchLabels")))
        key = (policy.namespace, tuple(sorted(labels.items())))
        selector = equality(labels)
        if policy.annotations.get(OUTSIDE) != "outside" or key in seen or selector is None:
            continue
        seen.add(key)
        if not running(world).selected(policy.given_namespace, selector):
            metadata = {"name": key[1][0][1], "namespace": policy.namespace, "labels": labels}
            yield {**DNS, "metadata": metadata}


def _inside_differs(
    source: str, declared: Mapping[str, Ports], computed: Computed
) -> Iterator[Flaw]:
    """Where the connections to workloads differ from the declared ones."""
    from mistersmith_k8s.connectivity import reachable_ports  # noqa: PLC0415 - start-up time
    from mistersmith_k8s.connectivity.ports import NONE  # noqa: PLC0415 - start-up time

    universe = computed.universe
    own = universe.workload(source)
    wanted: dict[str, Ports] = {}
    for name, ports in declared.items():
        target = universe.workload(name)
        if target is None:
            yield Flaw(PATH, f"names {name}, which is no workload", "Correct the name.")
        else:
            wanted[str(target)] = wanted.get(str(target), NONE) | ports
    allowed = dict(computed.inside.get(source, {}))
    if own is not None:
        allowed[source] = reachable_ports(universe, own, own)
    for name in sorted({*wanted, *allowed}):
        yield from _differs(name, wanted.get(name, NONE), allowed.get(name, NONE))


def _differs(name: str, wanted: Ports, allowed: Ports) -> Iterator[Flaw]:
    if wanted - allowed:
        message = f"declares {name} on {wanted - allowed}, which policies do not let through"
        yield Flaw(PATH, message, "Allow it on both sides, or declare it no more.")
    if allowed - wanted:
        message = f"does not declare {name} on {allowed - wanted}, which policies let through"
        yield Flaw(PATH, message, "Declare it, or let policies deny it.")


def _outside_differs(declared: Sequence[Range], computed: Sequence[Range]) -> Iterator[Flaw]:
    """Where the connections to addresses differ, range by range."""
    from mistersmith_k8s.connectivity import External  # noqa: PLC0415 - start-up time

    merged: list[tuple[External, Ports, Ports]] = []
    for version in (4, 6):
        ranges = [r for r in (*declared, *computed) if r.version == version]
        starts = sorted({r.first for r in ranges} | {r.last + 1 for r in ranges})
        for first, after in pairwise(starts):
            pair = (_at(declared, version, first), _at(computed, version, first))
            last = merged[-1] if merged else None
            if (
                last
                and last[1:] == pair
                and (last[0].version, last[0].last + 1) == (version, first)
            ):
                merged[-1] = (last[0]._replace(last=after - 1), *pair)
            else:
                merged.append((External(version, first, after - 1), *pair))
    for place, wanted, allowed in merged:
        yield from _differs(str(place), wanted, allowed)


def _at(ranges: Iterable[Range], version: int, address: int) -> Ports:
    from mistersmith_k8s.connectivity.ports import NONE  # noqa: PLC0415 - start-up time

    found = NONE
    for item in ranges:
        if item.version == version and item.first <= address <= item.last:
            found |= item.ports
    return found


def _parsed(written: str) -> tuple[dict[str, Ports], list[Range]]:
    """The targets inside and outside that an annotation declares.

    Raises:
        DeclarationError: a line is no declaration.
    """
    inside: dict[str, Ports] = {}
    outside: list[Range] = []
    for line in filter(None, map(str.strip, written.splitlines())):
        match = _LINE.fullmatch(line)
        target, ports = (match[1], _ports(match[2])) if match else ("", None)
        place = _range(target, ports) if ports else None
        if ports is None or (place is None and _is_block(target)):
            message = f"has a line that declares nothing: {line[:_SHOWN]!r}"
            raise DeclarationError(message)
        if place:
            outside.append(place)
        else:
            inside[target] = inside[target] | ports if target in inside else ports
    return inside, outside


_SHOWN = 60


def _is_block(target: str) -> bool:
    return "/" not in target or (target[:1].isdigit() and target.rpartition("/")[2].isdigit())


def _range(target: str, ports: Ports) -> Range | None:
    from mistersmith_k8s.connectivity.addresses import block  # noqa: PLC0415 - start-up time

    try:
        version, numbers = block(target)
    except ValueError:
        return None
    return Range(version, *numbers[0], ports)


def _ports(written: str) -> Ports | None:
    """The ports of a declaration such as `TCP 80,443,UDP 53`; None when it is none."""
    from mistersmith_k8s.connectivity.ports import NONE, Ports  # noqa: PLC0415 - start-up time

    rest = _PORTS.sub("", written).replace(",", "").strip()
    found = NONE
    for protocol, numbers in _PORTS.findall(written):
        for part in text(numbers).replace(" ", "").split(","):
            first, _, last = part.partition("-")
            found |= Ports.of(protocol, (int(first), int(last or first)))
    return found if found and not rest else None


CHECKS = (declared_connections,)
