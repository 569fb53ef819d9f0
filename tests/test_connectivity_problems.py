"""Problems: what cannot be read, or not be evaluated, is said and never opens anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mistersmith_k8s.connectivity import connections, dead_rules, render_dot, render_txt, universe
from tests.connectivity_manifests import (
    API,
    DB,
    WEB,
    container_port,
    ingress,
    into_web,
    namespace,
    pod,
    policy,
    service,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("text", "spec.ingress[0]: must be an object"),
        ({"from": {}}, "spec.ingress[0].from: must be a list"),
        ({"from": [{}]}, "spec.ingress[0].from[0]: must specify a peer"),
        (
            {"from": [{"podSelector": {}, "ipBlock": {"cidr": "10.0.0.0/8"}}]},
            "spec.ingress[0].from[0]: may not specify both ipBlock and another peer",
        ),
        (
            {"from": [{"ipBlock": {"cidr": "10.0.0.0"}}]},
            (
                "spec.ingress[0].from[0].ipBlock.cidr: must be a CIDR such as 10.0.0.0/8,"
                " not '10.0.0.0'"
            ),
        ),
        (
            {"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["11.0.0.0/16"]}}]},
            (
                "spec.ingress[0].from[0].ipBlock.except[0]: must be within 10.0.0.0/8,"
                " and 11.0.0.0/16 is not"
            ),
        ),
        (
            {"from": [{"podSelector": {"matchExpressions": [{"key": "a", "operator": "is"}]}}]},
            (
                "spec.ingress[0].from[0].podSelector.matchExpressions[0].operator:"
                " must be one of In, NotIn, Exists, DoesNotExist, not 'is'"
            ),
        ),
        (
            {"from": [{"podSelector": {"matchExpressions": [{"key": "a", "operator": "In"}]}}]},
            (
                "spec.ingress[0].from[0].podSelector.matchExpressions[0].values:"
                " must be given for operator In"
            ),
        ),
        (
            {
                "from": [
                    {
                        "podSelector": {
                            "matchExpressions": [
                                {"operator": "Exists", "key": "a", "values": ["b"]},
                            ]
                        }
                    }
                ]
            },
            (
                "spec.ingress[0].from[0].podSelector.matchExpressions[0].values:"
                " must not be given for operator Exists"
            ),
        ),
        (
            {"from": [{"podSelector": {"matchExpressions": [{"operator": "Exists"}]}}]},
            "spec.ingress[0].from[0].podSelector.matchExpressions[0].key: is required",
        ),
        (
            {"from": [{"namespaceSelector": {"matchLabels": {"a": 1}}}]},
            "spec.ingress[0].from[0].namespaceSelector.matchLabels.a: must be a string, not 1",
        ),
        (
            {"ports": [{"protocol": "ICMP"}]},
            "spec.ingress[0].ports[0].protocol: must be one of SCTP, TCP, UDP, not 'ICMP'",
        ),
        (
            {"ports": [{"port": 0}]},
            "spec.ingress[0].ports[0].port: must be between 1 and 65535, not 0",
        ),
        (
            {"ports": [{"port": True}]},
            "spec.ingress[0].ports[0].port: must be between 1 and 65535, not True",
        ),
        (
            {"ports": [{"port": 90, "endPort": 80}]},
            "spec.ingress[0].ports[0].endPort: must not be below port 90",
        ),
        (
            {"ports": [{"port": 90, "endPort": 65536}]},
            "spec.ingress[0].ports[0].endPort: must be between 1 and 65535, not 65536",
        ),
        (
            {"ports": [{"port": "http", "endPort": 90}]},
            "spec.ingress[0].ports[0].endPort: may not be given with a named port",
        ),
    ],
)
def test_what_the_api_server_would_refuse_is_a_problem_and_allows_nothing(
    rule: Any, problem: str
) -> None:
    """The policy still isolates, so a mistake never opens anything."""
    world = universe([WEB, API, into_web(rule)])
    assert [str(one) for one in world.problems] == [f"NetworkPolicy a/p: {problem}"]
    if isinstance(rule, dict) and "except" not in str(rule):
        assert "=> a/web" not in render_txt(connections(world))


def test_what_is_null_is_absent() -> None:
    """As the API server decodes it: a null rule is an empty one, and so allows everything."""
    spec = {"podSelector": None, "policyTypes": None, "ingress": [None], "egress": None}
    world = universe([WEB, API, policy("a", "p", spec)])
    assert world.problems == ()
    assert "b/api[Deployment] => a/web[Deployment] : All Connections\n" in render_txt(
        connections(world)
    )


def test_policies_of_other_projects_are_a_problem() -> None:
    """They change what is allowed, and they are not evaluated."""
    version = "policy.networking.k8s.io/v1alpha1"
    admin = {"apiVersion": version, "kind": "AdminNetworkPolicy", "metadata": {"name": "n"}}
    calico = {**policy("a", "c", {}), "apiVersion": "projectcalico.org/v3"}
    assert [str(one) for one in universe([admin, calico]).problems] == [
        (
            "AdminNetworkPolicy default/n: is not evaluated: only policies of networking.k8s.io are,"
            f" not {version}"
        ),
        (
            "NetworkPolicy a/c: is not evaluated: only policies of networking.k8s.io are,"
            " not projectcalico.org/v3"
        ),
    ]


def test_a_policy_that_is_there_twice_is_a_problem() -> None:
    """Which of them wins depends on who applies them; here all of them count."""
    twice = [into_web({"ports": [{"port": 1}]}), into_web({"ports": [{"port": 80}]})]
    world = universe([WEB, API, *twice])
    assert [str(one) for one in world.problems] == [
        "NetworkPolicy a/p: is there more than once; all of them are evaluated"
    ]
    assert "b/api[Deployment] => a/web[Deployment] : TCP 1,80\n" in render_txt(connections(world))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)


def paths(value: Any) -> Iterator[tuple[Any, ...]]:
    """The path of every part of a value."""
    steps = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in steps:
        yield (key,)
        if isinstance(part, dict | list):
            yield from ((key, *rest) for rest in paths(part))


def replaced(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    """A copy with another value at a path."""
    if not path:
        return by
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], by)
    return copy


ROUTE = {
    "apiVersion": "route.openshift.io/v1",
    "kind": "Route",
    "metadata": {"name": "r", "namespace": "a"},
    "spec": {"to": {"name": "front"}, "port": {"targetPort": "http"}, "alternateBackends": [{}]},
}
OWNER = {"kind": "Deployment", "name": "web", "controller": True}
WHOLE = [
    WEB,
    {"apiVersion": "v1", "kind": "List", "items": [DB, ROUTE]},
    pod("a", "p", {}, container_port("x", 1), metadata={"ownerReferences": [OWNER]}),
    service("a", "front", {"app": "web"}, {"name": "web", "port": 80, "targetPort": "http"}),
    ingress("a", "front", {"name": "web"}),
    namespace("a", {"team": "x"}),
    into_web(
        {
            "from": [
                {"namespaceSelector": {"matchExpressions": [{"key": "k", "operator": "Exists"}]}},
                {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}},
            ],
            "ports": [{"port": "http"}, {"port": 80, "endPort": 90, "protocol": "UDP"}],
        }
    ),
]


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(list(paths(WHOLE))), JSON)
def test_no_value_anywhere_makes_it_fail(path: tuple[Any, ...], by: Any) -> None:
    """Whatever is put in place of any part of any manifest, there is an answer."""
    world = universe(replaced(WHOLE, path, by))
    render_dot(connections(world))
    dead_rules(world)
    list(map(str, world.problems))
