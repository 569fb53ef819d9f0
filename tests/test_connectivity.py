"""Connectivity: who reaches whom, by the documented rules, in the words of np-guard."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from mistersmith_k8s.connectivity import (
    connections,
    render_dot,
    render_json,
    render_md,
    render_txt,
    universe,
)
from tests.connectivity_manifests import (
    API,
    WEB,
    container_port,
    deployment,
    into_web,
    lines,
    namespace,
    pod,
    policy,
    ports,
)

if TYPE_CHECKING:
    from tests.connectivity_universes import Object

DENY_WEB = policy("a", "deny", {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})


def test_without_policies_everything_reaches_everything_but_itself() -> None:
    """Policies only ever restrict; a workload has no line to itself."""
    assert lines(WEB, API) == [
        "0.0.0.0-255.255.255.255[External] => a/web[Deployment] : All Connections",
        "0.0.0.0-255.255.255.255[External] => b/api[Deployment] : All Connections",
        "a/web[Deployment] => 0.0.0.0-255.255.255.255[External] : All Connections",
        "a/web[Deployment] => b/api[Deployment] : All Connections",
        "b/api[Deployment] => 0.0.0.0-255.255.255.255[External] : All Connections",
        "b/api[Deployment] => a/web[Deployment] : All Connections",
    ]


def test_a_policy_without_rules_isolates_what_it_selects() -> None:
    """What is left is what does not touch the isolated pods."""
    assert lines(WEB, API, DENY_WEB) == [
        "0.0.0.0-255.255.255.255[External] => b/api[Deployment] : All Connections",
        "b/api[Deployment] => 0.0.0.0-255.255.255.255[External] : All Connections",
    ]


def test_protocols_are_named_once_and_sorted_and_ranges_are_merged() -> None:
    """`SCTP 1,TCP 80,90-95,UDP 53`, as np-guard writes it."""
    rule = {
        "ports": [
            {"protocol": "UDP", "port": 53},
            {"port": 90, "endPort": 93},
            {"port": 94, "endPort": 95},
            {"port": 80},
            {"protocol": "SCTP", "port": 1},
        ]
    }
    assert ports(WEB, API, into_web(rule)) == "SCTP 1,TCP 80,90-95,UDP 53"


def test_all_connections_means_every_port_of_every_protocol() -> None:
    """A port of a protocol without a number is all of its ports; two protocols are not all."""
    every = [{"protocol": name} for name in ("TCP", "UDP", "SCTP")]
    assert ports(WEB, API, into_web({"ports": every})) == "All Connections"
    assert ports(WEB, API, into_web({"ports": every[:2]})) == "TCP 1-65535,UDP 1-65535"


def test_both_sides_must_allow_a_connection() -> None:
    """What the source may send and the destination may receive."""
    egress = {"to": [{"namespaceSelector": {}}], "ports": [{"port": 1, "endPort": 100}]}
    sender = policy("b", "out", {"podSelector": {}, "policyTypes": ["Egress"], "egress": [egress]})
    receiver = into_web({"ports": [{"port": 80, "endPort": 200}]})
    assert ports(WEB, API, sender, receiver) == "TCP 80-100"


def test_rules_and_policies_add_up() -> None:
    """There are no deny rules, and no order."""
    first, second = ({"ports": [{"port": number}]} for number in (80, 443))
    other = policy("a", "other", {"podSelector": {}, "ingress": [{"ports": [{"port": 22}]}]})
    assert ports(WEB, API, into_web(first, second), other) == "TCP 22,80,443"


@pytest.mark.parametrize(
    ("spec", "isolated"),
    [
        ({}, "ingress"),
        ({"egress": []}, "ingress"),
        ({"egress": [{}]}, "ingress"),  # and egress, by a rule that allows everything
        ({"policyTypes": []}, "ingress"),
        ({"policyTypes": ["Egress"]}, "egress"),
        ({"policyTypes": ["Egress"], "ingress": [{}]}, "egress"),
        ({"policyTypes": ["Ingress"], "egress": []}, "ingress"),
        ({"policyTypes": ["Ingress", "Egress"]}, "both"),
    ],
)
def test_policy_types_decide_which_directions_are_isolated(spec: Object, isolated: str) -> None:
    """They are taken literally; without them it is ingress, and egress if there are rules."""
    found = lines(WEB, policy("a", "p", {"podSelector": {}, **spec}))
    inbound = "0.0.0.0-255.255.255.255[External] => a/web[Deployment] : All Connections"
    outbound = "a/web[Deployment] => 0.0.0.0-255.255.255.255[External] : All Connections"
    left = {"ingress": [outbound], "egress": [inbound], "both": []}
    assert found == left[isolated]


def test_selectors_in_one_peer_are_both_met_and_peers_are_alternatives() -> None:
    """AND within an element, OR between elements."""
    pods: Object = {"podSelector": {"matchLabels": {"app": "api"}}}
    spaces: Object = {"namespaceSelector": {}}
    stranger = deployment("b", "stranger", {"app": "stranger"})
    both = into_web({"from": [{**pods, **spaces}]})
    either = into_web({"from": [pods, spaces]})
    assert ports(WEB, API, both) == "All Connections"
    assert ports(WEB, stranger, both, src="b/stranger[Deployment]") == ""
    assert ports(WEB, stranger, either, src="b/stranger[Deployment]") == "All Connections"


def test_a_pod_selector_alone_means_the_namespace_of_the_policy() -> None:
    """Labels of pods elsewhere do not count."""
    near = deployment("a", "near", {"app": "api"})
    rule = into_web({"from": [{"podSelector": {"matchLabels": {"app": "api"}}}]})
    assert ports(WEB, API, rule) == ""
    assert ports(WEB, near, rule, src="a/near[Deployment]") == "All Connections"


@pytest.mark.parametrize("declared", [[], [namespace("b")], [namespace("b", {"team": "x"})]])
def test_a_namespace_always_has_its_name_as_a_label(declared: list[Object]) -> None:
    """Whether it is declared, with labels or without."""
    by_name = {"matchLabels": {"kubernetes.io/metadata.name": "b"}}
    rule = into_web({"from": [{"namespaceSelector": by_name}]})
    assert ports(WEB, API, rule, *declared) == "All Connections"


def test_a_namespace_that_is_declared_twice_has_the_labels_of_both() -> None:
    """Whichever comes first."""
    by_label = {"namespaceSelector": {"matchLabels": {"team": "y", "tier": "x"}}}
    rule = into_web({"from": [by_label]})
    first, second = namespace("b", {"team": "x", "tier": "x"}), namespace("b", {"team": "y"})
    assert ports(WEB, API, rule, first, second) == "All Connections"
    assert ports(WEB, API, rule, second, first) == "All Connections"


def test_a_manifest_without_a_namespace_is_in_default() -> None:
    """Workloads as well as policies."""
    bare = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {}}
    deny = {"kind": "NetworkPolicy", "metadata": {"name": "n"}, "spec": {"podSelector": {}}}
    outbound = "default/p[Pod] => 0.0.0.0-255.255.255.255[External] : All Connections"
    assert lines(bare, deny) == [outbound]


@pytest.mark.parametrize(
    ("protocol", "expected"), [(None, "TCP 8080"), ("TCP", "TCP 8080"), ("UDP", "")]
)
def test_a_named_port_is_the_destination_s_with_that_protocol(
    protocol: str | None, expected: str
) -> None:
    """Name and protocol must match a port that a container of the destination declares."""
    port = {"port": "http", **({"protocol": protocol} if protocol else {})}
    to_web = {"to": [{"namespaceSelector": {}}], "ports": [port]}
    sender = policy("b", "p", {"podSelector": {}, "policyTypes": ["Egress"], "egress": [to_web]})
    assert ports(WEB, API, into_web({"ports": [port]})) == expected
    assert ports(WEB, API, sender) == expected


def test_each_destination_resolves_a_named_port_for_itself() -> None:
    """One egress rule means other numbers at other pods, and none at addresses outside."""
    other = deployment("a", "other", {}, container_port("http", 9090))
    rule = {"ports": [{"port": "http"}]}
    sender = policy("b", "p", {"podSelector": {}, "policyTypes": ["Egress"], "egress": [rule]})
    assert [line for line in lines(WEB, other, API, sender) if line.startswith("b/")] == [
        "b/api[Deployment] => a/other[Deployment] : TCP 9090",
        "b/api[Deployment] => a/web[Deployment] : TCP 8080",
    ]


def test_a_native_sidecar_names_ports_and_another_init_container_does_not() -> None:
    """Only a sidecar still runs when connections come."""
    init = {"name": "i", "ports": [container_port("mesh", 15001)]}
    rule = into_web({"ports": [{"port": "mesh"}]})
    stays = pod("a", "p", {"app": "web"}, initContainers=[{**init, "restartPolicy": "Always"}])
    ends = pod("a", "p", {"app": "web"}, initContainers=[init])
    assert ports(stays, API, rule, dst="a/p[Pod]") == "TCP 15001"
    assert ports(ends, API, rule, dst="a/p[Pod]") == ""


def test_addresses_outside_are_as_few_ranges_as_can_be() -> None:
    """Cut where ports change, and only there, although other policies cut elsewhere."""
    wide = {"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}]}
    narrow = {"from": [{"ipBlock": {"cidr": "10.0.0.0/16"}}], "ports": [{"port": 80}]}
    again = {"from": [{"ipBlock": {"cidr": "10.2.0.0/16"}}]}
    found = lines(WEB, API, into_web(wide, narrow, again))
    assert [line for line in found if "[External] =>" in line] == [
        "0.0.0.0-255.255.255.255[External] => b/api[Deployment] : All Connections",
        "10.0.0.0-10.0.255.255[External] => a/web[Deployment] : All Connections",
        "10.2.0.0-10.255.255.255[External] => a/web[Deployment] : All Connections",
    ]


def test_a_rule_without_peers_allows_the_ipv6_addresses_that_others_name() -> None:
    """As far as the policies of the workload name them."""
    six = {"from": [{"ipBlock": {"cidr": "fd00::/127"}}], "ports": [{"port": 80}]}
    world = [WEB, into_web(six, {"ports": [{"port": 81}]})]
    assert ports(*world, src="fd00::-fd00::1[External]") == "TCP 80-81"


def test_an_exception_of_the_other_ip_version_takes_nothing() -> None:
    """Their numbers may be the same; they are other addresses."""
    block = {"cidr": "10.0.0.0/8", "except": ["::a00:0/104"]}
    rule = into_web({"from": [{"ipBlock": block}]})
    assert ports(WEB, rule, src="10.0.0.0-10.255.255.255[External]") == "All Connections"


def test_blocks_of_addresses_do_not_mean_pods() -> None:
    """Nobody knows from manifests where pods have their addresses."""
    rule = into_web({"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]})
    assert ports(WEB, API, rule) == ""
    assert ports(WEB, rule, src="0.0.0.0-255.255.255.255[External]") == "All Connections"


def test_a_block_with_host_bits_or_leading_zeros_is_read_as_the_api_server_reads_it() -> None:
    """Bits behind the prefix do not count, and 010 is ten."""
    rule = into_web({"from": [{"ipBlock": {"cidr": "010.1.2.3/8"}}]})
    assert ports(WEB, rule, src="10.0.0.0-10.255.255.255[External]") == "All Connections"


def test_ipv6_addresses_appear_where_a_policy_names_them() -> None:
    """The rest of the output is about IPv4."""
    six = into_web({"from": [{"ipBlock": {"cidr": "fd00::/8", "except": ["fd80::/9"]}}]})
    assert lines(WEB, six) == [
        "a/web[Deployment] => 0.0.0.0-255.255.255.255[External] : All Connections",
        (
            "fd00::-fd7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff[External] => a/web[Deployment]"
            " : All Connections"
        ),
    ]


def test_json_has_the_texts_of_each_connection() -> None:
    """The same words as the lines."""
    found = connections(universe([WEB, API, DENY_WEB]))
    assert json.loads(render_json(found)) == [
        {"src": str(one.src), "dst": str(one.dst), "conn": "All Connections"} for one in found
    ]


def test_markdown_is_a_table() -> None:
    """For a comment on a pull request."""
    assert render_md(connections(universe([WEB, DENY_WEB, API]))[:1]) == (
        "| src | dst | conn |\n"
        "|-----|-----|------|\n"
        "| 0.0.0.0-255.255.255.255[External] | b/api[Deployment] | All Connections |\n"
    )


def test_a_graph_has_a_cluster_for_each_namespace() -> None:
    """What is outside stands beside the clusters; nodes are sorted."""
    old = deployment("a", "old", {"app": "old"})
    allowing = into_web({"ports": [{"port": 80}]})
    found = connections(universe([WEB, API, old, allowing]))
    into = [one for one in found if str(one.dst) == "a/web[Deployment]"]
    assert render_dot(reversed(into)) == (
        "digraph {\n"
        '  subgraph "cluster_a" {\n'
        '    label="a"\n'
        '    "a/old[Deployment]" [label="old[Deployment]"]\n'
        '    "a/web[Deployment]" [label="web[Deployment]"]\n'
        "  }\n"
        '  subgraph "cluster_b" {\n'
        '    label="b"\n'
        '    "b/api[Deployment]" [label="api[Deployment]"]\n'
        "  }\n"
        '  "0.0.0.0-255.255.255.255[External]" [shape=box]\n'
        '  "b/api[Deployment]" -> "a/web[Deployment]" [label="TCP 80"]\n'
        '  "a/old[Deployment]" -> "a/web[Deployment]" [label="TCP 80"]\n'
        '  "0.0.0.0-255.255.255.255[External]" -> "a/web[Deployment]" [label="TCP 80"]\n'
        "}\n"
    )


def test_nothing_gives_empty_renderings() -> None:
    """No manifests, no connections, no error."""
    assert connections(universe([])) == []
    assert render_txt([]) == ""
    assert json.loads(render_json([])) == []
    assert render_dot([]) == "digraph {\n}\n"
