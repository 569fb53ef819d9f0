from __future__ import annotations

from typing import TYPE_CHECKING

from cluster.processes import eventually
from cluster.watching import watching
from cluster.workloads import await_rollouts, of_kind

if TYPE_CHECKING:
    from cluster.api import Api
    from cluster.conftest import Note
    from cluster.live import Live
    from mistersmith_k8s.manifest import Manifest

TOO_MANY = 429
GONE = 404


def test_draining_every_node_keeps_what_the_budgets_promise(settled: Live, note: Note) -> None:
    """One node after the other, through the eviction API, as a cluster is upgraded."""
    api = settled.api
    eventually("every budget has counted its pods", lambda: counted(api))
    promised = {key(b): b["status"]["desiredHealthy"] for b in budgets(api)}
    nodes = api.list("v1", "Node")
    with watching(api) as watched:
        for node in nodes:
            drain(api, node)
            api.patch(node, {"spec": {"unschedulable": None}})
        await_rollouts(api, settled.manifests)
    assert watched.gone
    note("nodes", len(nodes))
    note("evicted", len(watched.gone))
    kept = {group: watched.fewest[group] for group in promised}
    assert {group: kept[group] for group in promised if kept[group] < promised[group]} == {}


def test_the_budgets_cover_every_workload(live: Live) -> None:
    """A drain respects what has a budget, and nothing else."""
    covered = {key(budget) for budget in of_kind(live.manifests, "PodDisruptionBudget")}
    kinds = ("Deployment", "StatefulSet")
    workloads = [w for kind in kinds for w in of_kind(live.manifests, kind)]
    assert {key(workload) for workload in workloads} == covered


def drain(api: Api, node: Manifest) -> None:
    """No pod of the node is left; each went when the budgets let it."""
    api.patch(node, {"spec": {"unschedulable": True}})
    name = node["metadata"]["name"]
    eventually(f"{name} is drained", lambda: not left(api, name), 60)


def left(api: Api, node: str) -> list[str]:
    """The pods that are still on a node, after each was asked to go."""
    found = api.list("v1", "Pod", fieldSelector=f"spec.nodeName={node}")
    for pod in found:
        evict(api, pod)
    return [pod["metadata"]["name"] for pod in found]


def evict(api: Api, pod: Manifest) -> None:
    """The pod goes, or its budget keeps it for now."""
    metadata = {key: pod["metadata"][key] for key in ("name", "namespace")}
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata}
    answer = api.ask("POST", f"{api.path(pod)}/eviction", eviction)
    assert not answer.refused or answer.status in {TOO_MANY, GONE}, answer.message


def budgets(api: Api) -> list[Manifest]:
    """Every budget."""
    return api.list("policy/v1", "PodDisruptionBudget")


def counted(api: Api) -> bool:
    """Whether the controller has seen every budget and all of its pods are healthy."""
    return all(
        budget["status"].get("observedGeneration") == budget["metadata"]["generation"]
        and budget["status"]["currentHealthy"] == budget["status"]["expectedPods"] > 0
        for budget in budgets(api)
    )


def key(manifest: Manifest) -> tuple[str, str]:
    """Namespace and application, by which both select."""
    labels = manifest["spec"]["selector"]["matchLabels"]
    return manifest["metadata"]["namespace"], labels["app"]
