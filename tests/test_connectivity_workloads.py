"""Workloads: which of the manifests run pods, and under which name they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mistersmith_k8s.connectivity import allowed, universe
from tests.connectivity_manifests import (
    API,
    WEB,
    container_port,
    deployment,
    ingress,
    into_web,
    lines,
    pod,
    policy,
    ports,
    service,
    workload,
)

if TYPE_CHECKING:
    from tests.connectivity_universes import Object


def owner(kind: str, name: str, **more: object) -> Object:
    """Metadata that names an owner."""
    return {"ownerReferences": [{"kind": kind, "name": name, **more}]}


@pytest.mark.parametrize(
    ("metadata", "text"),
    [
        ({}, "a/p[Pod]"),
        (owner("ReplicaSet", "r", controller=True), "a/r[ReplicaSet]"),
        (owner("Workflow", "w", controller=True), "a/w[Workflow]"),
        (owner("StatefulSet", "s"), "a/s[StatefulSet]"),
        (owner("Workflow", "w"), "a/p[Pod]"),
        (owner("StatefulSet", "s", controller=False), "a/p[Pod]"),
        (owner("Node", "n", controller=True), "a/p[Pod]"),
    ],
)
def test_a_pod_is_shown_under_its_controller(metadata: Object, text: str) -> None:
    """A reference that does not say whether it controls counts if it could; a node never does."""
    assert [str(w) for w in universe([pod("a", "p", {}, metadata=metadata)]).workloads] == [text]


def test_a_live_dump_shows_each_workload_once() -> None:
    """Deployment, its ReplicaSets and their pods are one, and reach what any of them reaches."""
    old = workload("ReplicaSet", "a", "web-1", {"app": "web"}, metadata=owner("Deployment", "web"))
    running = pod("a", "web-1-x", {"app": "old"}, metadata=owner("ReplicaSet", "web-1"))
    assert [str(w) for w in universe([WEB, old, running]).workloads] == ["a/web[Deployment]"]
    only_old = {"podSelector": {"matchLabels": {"app": "old"}}, "policyTypes": ["Ingress"]}
    assert ports(WEB, old, running, API, policy("a", "p", only_old)) == "All Connections"


def test_pods_of_one_workload_add_up() -> None:
    """Two versions at once, in a rollout: each is reached on ports of its own."""
    new = pod("a", "web-x", {"app": "new"}, metadata=owner("Deployment", "web", controller=True))
    selector = {"matchLabels": {"app": "new"}}
    into_new = policy("a", "q", {"podSelector": selector, "ingress": [{"ports": [{"port": 81}]}]})
    objects = [WEB, new, API, into_web({"ports": [{"port": 80}]}), into_new]
    world = universe(objects)
    assert ports(*objects) == "TCP 80-81"
    answers = [allowed(world, "b/api", "a/web", "TCP", n).answer for n in (80, 81, 82)]
    assert answers == ["allowed", "allowed", "denied"]


def test_owners_that_own_each_other_do_no_harm() -> None:
    """A circle is cut somewhere."""
    first = workload("ReplicaSet", "a", "one", {}, metadata=owner("ReplicaSet", "two"))
    second = workload("ReplicaSet", "a", "two", {}, metadata=owner("ReplicaSet", "one"))
    assert len(universe([first, second]).workloads) == 2


@pytest.mark.parametrize(
    "kind",
    [
        "CronJob",
        "DaemonSet",
        "Deployment",
        "Job",
        "Pod",
        "ReplicaSet",
        "ReplicationController",
        "StatefulSet",
    ],
)
def test_every_kind_that_runs_pods_is_a_workload(kind: str) -> None:
    """The labels of its pods decide, wherever the kind keeps them."""
    runner = workload(kind, "a", "w", {"app": "w"})
    selected = {"podSelector": {"matchLabels": {"app": "w"}}}
    outbound = f"a/w[{kind}] => 0.0.0.0-255.255.255.255[External] : All Connections"
    assert lines(runner, policy("a", "p", selected)) == [outbound]


def test_lists_are_unpacked_and_their_items_may_leave_out_the_kind() -> None:
    """As `kubectl get -o yaml` writes them."""
    bare = {key: value for key, value in WEB.items() if key not in {"kind", "apiVersion"}}
    typed = {"apiVersion": "apps/v1", "kind": "DeploymentList", "items": [bare]}
    assert lines({"apiVersion": "v1", "kind": "List", "items": [typed, API]}) == lines(WEB, API)


def test_what_an_ingress_forwards_comes_from_the_ingress_controller() -> None:
    """By the Service it names, on ports that containers declare, as far as policies allow it."""
    front = service("a", "front", {"app": "web"}, {"port": 80, "targetPort": "http"})
    entry = ingress("a", "front", {"number": 80})
    line = "{ingress-controller} => a/web[Deployment] : TCP 8080"
    cluster = into_web({"from": [{"namespaceSelector": {}}]})
    assert lines(WEB, front, entry)[-1] == line
    assert lines(WEB, front, entry, cluster)[-1] == line
    assert line not in lines(WEB, front, entry, into_web())
    assert line not in lines(WEB, front, ingress("a", "front", {"number": 81}))
    assert line not in lines(WEB, front, ingress("a", "absent", {"number": 80}))


@pytest.mark.parametrize(
    ("selector", "service_ports", "served"),
    [
        ({"app": "web"}, [{"port": 1, "targetPort": 8080}], "TCP 8080"),
        ({"app": "web"}, [{"port": 1, "targetPort": 53}], ""),  # it is UDP
        ({"app": "web"}, [{"port": 1, "targetPort": 99}], ""),  # no container declares it
        ({"app": "web"}, [{"port": 1, "targetPort": 80}, {"port": 1}], "TCP 80"),  # the first
        ({"app": "api"}, [{"port": 1, "targetPort": 8080}], ""),
        ({}, [{"port": 1, "targetPort": 8080}], ""),  # without a selector it selects nothing
    ],
)
def test_an_ingress_reaches_the_pod_ports_behind_a_service_port(
    selector: dict[str, str], service_ports: list[Object], served: str
) -> None:
    """TCP ports that containers declare, of the pods that the Service selects."""
    declared = [("web", 8080, "TCP"), ("plain", 80, "TCP"), ("dns", 53, "UDP"), ("one", 1, "TCP")]
    web = deployment("a", "web", {"app": "web"}, *(container_port(*port) for port in declared))
    front = service("a", "front", selector, *service_ports)
    entry = ingress("a", "front", {"number": 1})
    assert ports(web, front, entry, src="{ingress-controller}") == served


def test_a_route_forwards_as_an_ingress_does() -> None:
    """Without a port, to every port of the Service."""
    front = service("a", "front", {"app": "web"}, {"port": 8080})
    spec = {"to": {"kind": "Service", "name": "front"}}
    metadata = {"name": "r", "namespace": "a"}
    route = {"apiVersion": "route.openshift.io/v1", "kind": "Route", "metadata": metadata}
    line = "{ingress-controller} => a/web[Deployment] : TCP 8080"
    assert lines(WEB, front, {**route, "spec": spec})[-1] == line
