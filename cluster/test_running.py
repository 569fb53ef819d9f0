from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from cluster.workloads import await_rollouts, named, of_kind, pods, refusals, workloads
from mistersmith_k8s.quantity import amount
from mistersmith_k8s.tiers import PRIORITIES, ResourceTier

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cluster.live import Live
    from mistersmith_k8s.manifest import Manifest

TIER = "mister-smith.io/resource-tier"
RESTART = "proof.mister-smith.io/restart"
SYSTEM_PRIORITY = "high"  # of what agents need: the broker and the databases


def test_every_workload_becomes_available(settled: Live) -> None:
    """Accepted is not running: every replica that is wanted is there and ready."""
    found = [settled.api.get(workload) for workload in workloads(settled.manifests)]
    assert len(found) >= 3
    assert [named(w) for w in found if w["status"]["availableReplicas"] < 1] == []
    assert [text for workload in found for text in refusals(workload)] == []


def test_every_claim_is_bound(settled: Live) -> None:
    """A claim that names a class that is not there would wait for ever."""
    claims = settled.api.list("v1", "PersistentVolumeClaim")
    replicas = [s["spec"]["replicas"] for s in of_kind(settled.manifests, "StatefulSet")]
    assert len(claims) == sum(replicas)
    assert {claim["status"]["phase"] for claim in claims} == {"Bound"}


def test_live_data_lies_on_the_class_that_somebody_chose(settled: Live) -> None:
    """Other environments take the default of their cluster."""
    claims = settled.api.list("v1", "PersistentVolumeClaim")
    expected = "gp3" if settled.environment == "operational" else "standard"
    assert {claim["spec"]["storageClassName"] for claim in claims} == {expected}


def test_every_pod_has_the_priority_of_its_tier(settled: Live) -> None:
    """What agents need outlives agents; an agent weighs what its tier says."""
    found = {
        pod["metadata"]["name"]: (pod["spec"]["priority"], expected_priority(pod))
        for pod in every_pod(settled)
    }
    assert {name: pair for name, pair in found.items() if pair[0] != pair[1]} == {}


def test_every_pod_has_the_class_that_its_resources_give_it(settled: Live) -> None:
    """Guaranteed where requests are the limits, Burstable elsewhere; nobody is BestEffort."""
    found = {
        pod["metadata"]["name"]: (pod["status"]["qosClass"], expected_class(pod))
        for pod in every_pod(settled)
    }
    assert {name: pair for name, pair in found.items() if pair[0] != pair[1]} == {}


def test_nats_is_guaranteed(settled: Live) -> None:
    """The broker is the last to be evicted."""
    (broker,) = [w for w in workloads(settled.manifests) if w["metadata"]["name"] == "nats"]
    assert {pod["status"]["qosClass"] for pod in pods(settled.api, broker)} == {"Guaranteed"}


def test_a_rollout_leaves_replicas_spread_as_promised(settled: Live) -> None:
    """The new pods alone keep to what is a must; no zone or host has all of them."""
    api = settled.api
    places = {node["metadata"]["name"]: node for node in api.list("v1", "Node")}
    for workload in workloads(settled.manifests):
        api.patch(workload, {"spec": {"template": {"metadata": {"annotations": {RESTART: "x"}}}}})
    await_rollouts(api, settled.manifests)
    for workload in workloads(settled.manifests):
        hosts = [places[pod["spec"]["nodeName"]] for pod in pods(api, workload)]
        for constraint in workload["spec"]["template"]["spec"].get("topologySpreadConstraints", ()):
            domains = domains_of(places.values(), constraint["topologyKey"])
            counts = Counter(domains_of(hosts, constraint["topologyKey"]))
            if constraint["whenUnsatisfiable"] == "DoNotSchedule":
                skew = max(counts.values()) - min(counts[domain] for domain in set(domains))
                assert skew <= constraint["maxSkew"], named(workload)
            assert len(hosts) == 1 or len(counts) > 1, named(workload)


def test_no_pod_is_where_it_tolerates_no_taint(settled: Live) -> None:
    """Nodes of the control plane stay free."""
    used = {pod["spec"]["nodeName"] for pod in every_pod(settled)}
    assert [name for name in used if name.endswith("control-plane")] == []


def domains_of(nodes: Iterable[Manifest], key: str) -> list[str]:
    """The zones or hosts of some nodes that pods may be on."""
    return [n["metadata"]["labels"][key] for n in nodes if not n["spec"].get("taints")]


def every_pod(cluster: Live) -> Iterator[Manifest]:
    """Every pod of every workload that ships."""
    found = [pod for w in workloads(cluster.manifests) for pod in pods(cluster.api, w)]
    assert len(found) >= len(workloads(cluster.manifests))
    yield from found


def expected_priority(pod: Manifest) -> int:
    """The value that the tier of the pod stands for."""
    tier = pod["metadata"]["labels"].get(TIER)
    return PRIORITIES[ResourceTier(tier).priority if tier else SYSTEM_PRIORITY]


def expected_class(pod: Manifest) -> str:
    """The quality of service that its resources ask for."""
    given = [container["resources"] for container in pod["spec"]["containers"]]
    equal = all(
        amount(r["requests"][name]) == amount(r["limits"][name])
        for r in given
        for name in ("cpu", "memory")
    )
    return "Guaranteed" if equal else "Burstable"
