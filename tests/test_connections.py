from __future__ import annotations

from typing import Any

import pytest

from mistersmith_k8s.connectivity import connections, render_txt, universe
from mistersmith_k8s.platform import Environment, PlatformSpec, TracingSpec, render
from mistersmith_k8s.primitives import Cidr
from tests.ledger.frame import reference


def _pod(namespace: str, name: str, **labels: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {"containers": [{"name": name}]},
    }


# Pods that others run, and one stranger in each namespace who must reach nothing.
OTHERS = [
    _pod("mister-smith-monitoring", "prometheus", **{"app.kubernetes.io/name": "prometheus"}),
    _pod("mister-smith-monitoring", "jaeger", app="jaeger"),
    _pod("kube-system", "kube-dns", **{"k8s-app": "kube-dns"}),
    *(
        _pod(f"mister-smith-{plane}", "stranger", app="stranger")
        for plane in ("system", "workload", "data", "monitoring")
    ),
]
BOSS = "mister-smith-system/mister-smith-orchestrator[Deployment]"
WORKER = "mister-smith-workload/mister-smith-worker[Deployment]"
NATS = "mister-smith-system/nats[StatefulSet]"
REDIS = "mister-smith-data/redis[StatefulSet]"
POSTGRES = "mister-smith-data/postgres[StatefulSet]"
PROMETHEUS = "mister-smith-monitoring/prometheus[Pod]"
JAEGER = "mister-smith-monitoring/jaeger[Pod]"
DNS = "kube-system/kube-dns[Pod]"

# The specification's flow matrix, written out; a pod's connections to its own kind are implied.
MATRIX = {
    (WORKER, BOSS, "TCP 8080,9090"),
    (BOSS, WORKER, "TCP 8081"),
    (BOSS, NATS, "TCP 4222"),
    (WORKER, NATS, "TCP 4222"),
    (BOSS, JAEGER, "TCP 4317-4318,14268"),
    (WORKER, JAEGER, "TCP 4317-4318,14268"),
    (PROMETHEUS, BOSS, "TCP 8080"),
    (PROMETHEUS, WORKER, "TCP 8081"),
    (PROMETHEUS, NATS, "TCP 8222"),
    *((source, DNS, "TCP 53,UDP 53") for source in (BOSS, WORKER, NATS, PROMETHEUS, JAEGER)),
}
INSIDE = {
    *((source, REDIS, "TCP 6379") for source in (BOSS, WORKER)),
    *((source, POSTGRES, "TCP 5432") for source in (BOSS, WORKER)),
    *((source, DNS, "TCP 53,UDP 53") for source in (REDIS, POSTGRES)),
}
OUTSIDE = {
    *((source, "10.20.0.0-10.20.0.255[External]", "TCP 6379") for source in (BOSS, WORKER)),
    *((source, "10.20.1.0-10.20.1.255[External]", "TCP 5432") for source in (BOSS, WORKER)),
}


def _computed(manifests: Any) -> set[tuple[str, ...]]:
    """Who reaches whom, less what concerns kube-dns alone: no policy of ours isolates it."""
    lines = render_txt(connections(universe([*manifests, *OTHERS]))).splitlines()
    split = {tuple(line.replace(" => ", " : ").split(" : ")) for line in lines}
    alone = {(a, b, c) for a, b, c in split if a == DNS or (a.endswith("[External]") and b == DNS)}
    return split - alone


@pytest.mark.parametrize("environment", list(Environment))
def test_policies_allow_the_declared_connections_and_nothing_else(
    environment: Environment,
) -> None:
    """Computed reachability equals the matrix: nothing missing, nothing more."""
    data = OUTSIDE if environment is Environment.OPERATIONAL else INSIDE
    assert _computed(reference()[environment].manifests) == MATRIX | data


def test_what_is_opted_into_is_opened_for_agents_alone() -> None:
    """The internet is open to agents on 443 where listed, and tracing closes with its switch."""
    spec = PlatformSpec(
        environment=Environment.VALIDATION,
        internet_cidrs=(Cidr("203.0.113.0/24"),),
        tracing=TracingSpec(enabled=False),
    )
    computed = _computed(render(spec))
    world = "203.0.113.0-203.0.113.255[External]"
    assert {line for line in computed if line[1] == world} == {
        (BOSS, world, "TCP 443"),
        (WORKER, world, "TCP 443"),
    }
    assert {line for line in computed if JAEGER in line} == set()
