"""The engine against second opinions, on random universes.

`CONNECTIVITY_SEED=7 CONNECTIVITY_UNIVERSES=5000 pytest tests/test_connectivity_oracles.py` looks
at other universes, and at more of them.
"""

from __future__ import annotations

import os
from ipaddress import IPv4Address
from itertools import permutations, product
from typing import TYPE_CHECKING

import pytest
import yaml

from mistersmith_k8s.connectivity import (
    External,
    allowed,
    connections,
    dead_rules,
    reachable_ports,
    render_txt,
    universe,
)
from mistersmith_k8s.connectivity.ports import NONE
from tests import connectivity_bruteforce as bruteforce
from tests import connectivity_nca as nca
from tests.connectivity_universes import PROTOCOLS, random_of, random_universe

if TYPE_CHECKING:
    from random import Random

    from mistersmith_k8s.connectivity import Connection, Decision, Ports, Workload
    from tests.connectivity_bruteforce import Flow, Pod
    from tests.connectivity_universes import Object

SEED = int(os.environ.get("CONNECTIVITY_SEED", "0"))
UNIVERSES = int(os.environ.get("CONNECTIVITY_UNIVERSES", "300"))
SLOW_UNIVERSES = UNIVERSES // 10
ENDS = list(product(PROTOCOLS, bruteforce.PORTS))


def universe_of(number: int) -> list[Object]:
    """The manifests of one universe."""
    return random_universe(random_of(f"{SEED}/{number}"))


def named(number: int, flow: Flow | None = None) -> str:
    """What to look at when a test of this universe fails."""
    return f"universe {SEED}/{number}, {flow}:\n{yaml.safe_dump_all(universe_of(number))}"


def table(objects: list[Object]) -> nca.Table:
    """The engine's connections by the texts of their parties."""
    return {(str(c.src), str(c.dst)): c.ports for c in connections(universe(objects))}


def test_network_config_analyzer_finds_the_same_connections() -> None:
    """Another implementation, by other people, agrees on every pair and every range."""
    universes = [universe_of(number) for number in range(UNIVERSES)]
    for number, theirs in enumerate(nca.tables(universes)):
        assert table(universes[number]) == theirs, named(number)


def flows(objects: list[Object], random: Random) -> list[Flow]:
    """Flows between pods of two owners, and with each address where something can change."""
    pods = bruteforce.pods(objects)
    pairs = [pair for pair in permutations(pods, 2) if pair[0].owner != pair[1].owner]
    inside = [bruteforce.Flow(src, dst, *end) for src, dst in pairs for end in ENDS]
    outside = [
        bruteforce.Flow(src, dst, *random.choice(ENDS))
        for pod, address in product(pods, bruteforce.ADDRESSES)
        for src, dst in ((pod, address), (address, pod))
        for _ in PROTOCOLS
    ]
    return inside + outside


def ports_of(found: list[Connection], flow: Flow) -> Ports:
    """The ports that the engine allows between the parties of a flow."""
    lines = (c.ports for c in found if is_party(c.src, flow.src) and is_party(c.dst, flow.dst))
    return next(lines, NONE)


def is_party(party: Workload | External, wanted: Pod | IPv4Address) -> bool:
    """Whether a connection's party is the pod's owner, or has the address in its range."""
    if isinstance(wanted, IPv4Address):
        return isinstance(party, External) and party.first <= int(wanted) <= party.last
    return str(party) == wanted.owner


@pytest.mark.parametrize("number", range(SLOW_UNIVERSES))
def test_a_slow_reading_of_the_rules_agrees_on_every_flow(number: int) -> None:
    """Port by port between pods, and at the ends of every block of addresses and beside them."""
    objects = universe_of(number)
    found = connections(universe(objects))
    for flow in flows(objects, random_of(number)):
        expected = bruteforce.is_allowed(objects, flow)
        assert expected == ports_of(found, flow).has(flow.protocol, flow.port), named(number, flow)


@pytest.mark.parametrize("number", range(SLOW_UNIVERSES))
def test_a_verdict_is_what_the_connections_say_or_unknown_where_a_block_decides(
    number: int,
) -> None:
    """A verdict reads rules one by one; connections join them all. Both must say the same."""
    objects = universe_of(number)
    world = universe(objects)
    found = connections(world)
    for flow in random_of(number).sample(flows(objects, random_of(number)), 150):
        verdict = allowed(world, text(flow.src), text(flow.dst), flow.protocol, flow.port)
        expected = "allowed" if ports_of(found, flow).has(flow.protocol, flow.port) else "denied"
        between_pods = not isinstance(flow.src, IPv4Address) and not isinstance(
            flow.dst, IPv4Address
        )
        block_decides = (
            between_pods and verdict.answer == "unknown" and has_block(verdict.decisions)
        )
        assert verdict.answer == expected or (expected == "denied" and block_decides)


def text(party: Pod | IPv4Address) -> str:
    """A party as a question names it."""
    return str(party) if isinstance(party, IPv4Address) else party.owner


def has_block(decisions: tuple[Decision, ...]) -> bool:
    """Whether each decision rests on a rule with a block of addresses."""
    rules = [(one.policy.rules(one.direction) or ())[one.rule or 0] for one in decisions]
    return all(any(peer.block for peer in rule.peers or ()) for rule in rules)


@pytest.mark.parametrize("number", range(SLOW_UNIVERSES))
def test_reachable_ports_of_a_pair_are_those_of_its_connection(number: int) -> None:
    """Asking for one pair gives what the whole list has for it."""
    objects = universe_of(number)
    world = universe(objects)
    listed = table(objects)
    for src, dst in permutations(world.workloads, 2):
        assert listed.get((str(src), str(dst)), NONE) == reachable_ports(world, src, dst)


@pytest.mark.parametrize("number", range(SLOW_UNIVERSES))
def test_the_order_of_manifests_changes_nothing(number: int) -> None:
    """Files and documents come in any order."""
    objects = universe_of(number)
    shuffled = random_of(number).sample(objects, len(objects))
    assert render_txt(connections(universe(objects))) == render_txt(connections(universe(shuffled)))
    assert list(map(str, dead_rules(universe(objects)))) == list(
        map(str, dead_rules(universe(shuffled)))
    )
