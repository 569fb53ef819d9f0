"""Dead rules: what is written in policies and does nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mistersmith_k8s.connectivity import dead_rules, universe
from tests.connectivity_manifests import API, DB, WEB, into_web, policy

if TYPE_CHECKING:
    from tests.connectivity_universes import Object


def dead(*objects: Object) -> list[str]:
    """The dead rules of some manifests."""
    return [str(one) for one in dead_rules(universe(objects))]


ELSEWHERE = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
NOBODY = {"matchLabels": {"app": "nobody"}}


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ({}, []),
        ({"from": [{"podSelector": {}}], "ports": [{"port": "http"}, {"port": 80}]}, []),
        ({"from": [ELSEWHERE]}, [("spec.ingress[0].from[0] means namespaces that the manifests do"
                                 " not have")]),
        (
            {"from": [{"podSelector": {}}, {"podSelector": NOBODY}]},
            ["spec.ingress[0].from[1] means no pod in the namespaces that it selects"],
        ),
        (
            {"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.0.0.0/8"]}}]},
            ["spec.ingress[0].from[0] means no address: its exceptions take all of them"],
        ),
        (
            {"ports": [{"port": "http", "protocol": "UDP"}]},
            [("spec.ingress[0].ports[0] is a port name that no pod it applies to gives to a port of"
             " that protocol")],
        ),
        ({"from": [{"ipBlock": {"cidr": "nonsense"}}]}, []),  # a problem, and not told twice
    ],
)  # fmt: skip
def test_a_part_of_a_rule_that_means_nothing_is_dead(rule: Object, found: list[str]) -> None:
    """Each part with its path; the manifests are all that is looked at."""
    assert dead(WEB, API, into_web(rule)) == [f"NetworkPolicy a/p: {one}" for one in found]


def test_a_policy_that_selects_nothing_is_dead() -> None:
    """Unless what it selects by comes at run time."""
    running = {"matchLabels": {"app": "db", "apps.kubernetes.io/pod-index": "0"}}
    assert dead(DB, policy("a", "p", {"podSelector": running})) == []
    selecting_nobody = policy("a", "p", {"podSelector": NOBODY})
    assert not dead_rules(universe([selecting_nobody]))[0].certain  # pods may come from elsewhere
    named = {"podSelector": NOBODY, "ingress": [{"ports": [{"port": "http"}]}]}
    assert dead(WEB, policy("a", "p", named)) == [
        "NetworkPolicy a/p: spec.podSelector selects no pod of the manifests"
    ]


def test_a_section_that_policy_types_does_not_list_is_dead() -> None:
    """It looks like a rule, and nobody reads it."""
    spec = {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{}], "egress": [{}]}
    assert [one.certain for one in dead_rules(universe([WEB, policy("a", "p", spec)]))] == [True]
    assert dead(WEB, policy("a", "p", spec)) == [
        "NetworkPolicy a/p: spec.egress is ignored, because policyTypes does not list it"
    ]


@pytest.mark.parametrize(
    ("to", "found"),
    [
        ([{"podSelector": {}}], []),
        ([{"podSelector": {"matchLabels": {"app": "db"}}}], ["spec.egress[0].ports[0]"]),
        ([{"ipBlock": {"cidr": "10.0.0.0/8"}}], ["spec.egress[0].ports[0]"]),
        ([ELSEWHERE], ["spec.egress[0].to[0]"]),
        ([], []),
    ],
)
def test_a_named_port_that_no_destination_has_is_dead(to: list[Object], found: list[str]) -> None:
    """Addresses name no ports; pods outside the manifests might."""
    rule = {"to": to, "ports": [{"port": "http"}]}
    spec = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [rule]}
    assert [text.split()[2] for text in dead(WEB, DB, policy("a", "p", spec))] == found


@pytest.mark.parametrize(
    ("first", "second", "covered"),
    [
        ({}, {"ports": [{"port": 80}]}, [1]),
        ({"ports": [{"port": 80}]}, {}, [0]),
        ({"ports": [{"port": 80}]}, {"ports": [{"port": 80}]}, [1]),
        ({"ports": [{"port": 80, "endPort": 90}]}, {"ports": [{"port": 85}, {"port": 80}]}, [1]),
        ({"ports": [{"port": 80}]}, {"ports": [{"port": 80, "protocol": "UDP"}]}, []),
        ({"ports": [{}]}, {"ports": [{"port": "http"}]}, [1]),
        ({"ports": [{"port": "http"}]}, {"ports": [{"port": "http"}]}, [1]),
        ({"ports": [{"port": "http"}]}, {"ports": [{"port": 8080}]}, []),
        (
            {"from": [{"namespaceSelector": {}}]},
            {"from": [{"podSelector": {"matchLabels": {"app": "web"}}}]},
            [1],
        ),
        (
            {"from": [{"podSelector": {}}]},
            {"from": [{"podSelector": {}, "namespaceSelector": {}}]},
            [0],
        ),
        (
            {"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]},
            {"from": [{"ipBlock": {"cidr": "10.1.0.0/16"}}]},
            [1],
        ),
        (
            {"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.1.0/24"]}}]},
            {"from": [{"ipBlock": {"cidr": "10.1.0.0/16"}}]},
            [],
        ),
        (
            {"from": [{"podSelector": {}}]},
            {"from": [{"ipBlock": {"cidr": "10.1.0.0/16"}}]},
            [],
        ),
    ],
)
def test_a_rule_that_another_one_covers_is_dead(
    first: Object, second: Object, covered: list[int]
) -> None:
    """Whatever pods there are; of two that say the same, the second."""
    found = dead_rules(universe([WEB, into_web(first, second)]))
    assert [one.rule for one in found if one.why == "covered"] == covered
