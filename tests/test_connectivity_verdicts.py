"""Verdicts: whether one connection is allowed, and what decides that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mistersmith_k8s.connectivity import (
    ConnectivityError,
    allowed,
    connections,
    render_txt,
    universe,
)
from tests.connectivity_manifests import API, DB, WEB, into_web, pod, policy

if TYPE_CHECKING:
    from tests.connectivity_universes import Object


def verdict(*objects: Object, src: str = "b/api", dst: str = "a/web", port: int = 80) -> str:
    """The verdict on one connection over TCP."""
    return str(allowed(universe(objects), src, dst, "TCP", port))


def test_a_verdict_names_the_rules_that_decide() -> None:
    """Both sides, each with the policy and the rule."""
    out = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{}]}
    rules = into_web({"ports": [{"port": 1}]}, {"ports": [{"port": 80}]})
    assert verdict(WEB, API) == "allowed: no policy isolates either side"
    assert verdict(WEB, API, rules, policy("b", "out", out)) == (
        "allowed: NetworkPolicy b/out egress rule 0, NetworkPolicy a/p ingress rule 1"
    )
    assert verdict(WEB, API, rules, port=81) == (
        "denied: NetworkPolicy a/p allows it by no ingress rule"
    )


def test_a_verdict_takes_addresses_and_named_ports() -> None:
    """An address has no policies and names no ports; the pods behind a policy do."""
    block = {"ipBlock": {"cidr": "192.0.2.0/24"}}
    rules = into_web({"from": [block], "ports": [{"port": "http"}]})
    inside = "allowed: NetworkPolicy a/p ingress rule 0"
    outside = "denied: NetworkPolicy a/p allows it by no ingress rule"
    assert verdict(WEB, rules, src="192.0.2.7", port=8080) == inside
    assert verdict(WEB, rules, src="192.0.2.7", port=80) == outside
    assert verdict(WEB, rules, src="2001:db8::1", port=8080) == outside
    named = {"to": [block], "ports": [{"port": "http"}]}
    out = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [named]}
    assert verdict(WEB, policy("a", "out", out), src="a/web", dst="192.0.2.7", port=8080) == (
        "denied: NetworkPolicy a/out allows it by no egress rule"
    )


@pytest.mark.parametrize(
    ("cidr", "answer"),
    [("10.0.0.0/8", "unknown"), ("8.8.8.0/24", "denied"), ("2001:db8::/32", "unknown")],
)
def test_a_block_where_pods_can_be_leaves_a_verdict_unknown(cidr: str, answer: str) -> None:
    """Whether a block means pods depends on their addresses and on the network."""
    rules = into_web({"from": [{"ipBlock": {"cidr": cidr}}]})
    assert verdict(WEB, API, rules).partition(":")[0] == answer


def test_labels_that_come_at_run_time_leave_a_verdict_unknown() -> None:
    """The first pod of a StatefulSet has a label that no manifest shows."""
    first = {"matchLabels": {"statefulset.kubernetes.io/pod-name": "db-0"}}
    only_first = into_web({"from": [{"podSelector": first}]})
    isolated = policy("a", "q", {"podSelector": first, "policyTypes": ["Ingress"]})
    assert verdict(WEB, DB, only_first, src="a/db") == ("unknown: NetworkPolicy a/p ingress rule 0")
    assert verdict(WEB, API, only_first).startswith("denied")
    assert verdict(API, DB, isolated, dst="a/db") == (
        "unknown: NetworkPolicy a/q allows it by no ingress rule"
    )
    assert "a/db[StatefulSet] => a/web[Deployment]" not in render_txt(
        connections(universe([WEB, DB, only_first]))
    )


def test_pods_in_the_host_network_leave_a_verdict_unknown() -> None:
    """Networks differ in what they do for them; without policies it does not matter."""
    host = pod("b", "host", {"app": "host"}, hostNetwork=True)
    by_label = into_web({"from": [{"namespaceSelector": {}}]})
    deny = policy("b", "q", {"podSelector": {}, "policyTypes": ["Ingress"]})
    assert verdict(WEB, host, src="b/host").startswith("allowed")
    assert verdict(WEB, host, by_label, src="b/host").startswith("unknown")
    assert verdict(WEB, host, deny, src="a/web", dst="b/host").startswith("unknown")


def test_a_workload_against_itself_means_two_of_its_pods() -> None:
    """A pod always reaches itself; its replicas need a rule."""
    assert verdict(WEB, into_web(), src="a/web").startswith("denied")


def test_a_question_without_a_workload_is_refused() -> None:
    """With what is wrong, and what to do."""
    world = universe([WEB])
    with pytest.raises(ConnectivityError) as unknown:
        allowed(world, "a/absent", "a/web", "TCP", 80)
    assert str(unknown.value) == "'a/absent' is no address, and no workload among 1."
    with pytest.raises(ConnectivityError) as outside:
        allowed(world, "192.0.2.1", "192.0.2.2", "TCP", 80)
    assert str(outside.value) == (
        "192.0.2.1 and 192.0.2.2 are both outside. Name a workload for one of them."
    )
