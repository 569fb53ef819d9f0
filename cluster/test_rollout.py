from __future__ import annotations

import copy
from math import floor
from typing import TYPE_CHECKING

from cluster.watching import group, watching
from cluster.workloads import await_rollouts, named, of_kind, pods, workloads
from mistersmith_k8s.platform import Environment, render
from mistersmith_k8s.platform_file import load_platforms
from mistersmith_k8s.quantity import Quantity
from mistersmith_k8s.tiers import resources
from tools import pins

if TYPE_CHECKING:
    from cluster.live import Live
    from mistersmith_k8s.manifest import Manifest

PLATFORM = pins.ROOT / "charts" / "platform.yaml"


def test_a_changed_image_rolls_out_within_the_strategy(settled: Live) -> None:
    """Every pod is replaced, and at no moment are fewer ready than the strategy promises."""
    changed = [with_image(workload, ":next") for workload in workloads(settled.manifests)]
    assert replaced(settled, changed) == {named(workload) for workload in changed}


def test_a_changed_configuration_restarts_who_reads_it(settled: Live) -> None:
    """A changed ConfigMap alone reaches no running pod; the checksum in the template does."""
    changed = reconfigured(settled.environment)
    before = {named(m): m for m in settled.manifests if m["kind"] == "ConfigMap"}
    differ = {named(m) for m in of_kind(changed, "ConfigMap") if m != before[named(m)]}
    readers = {named(w) for w in workloads(changed) if differ & set(config_maps(w))}
    assert readers == {named(w) for w in workloads(changed) if config_maps(w)}
    assert replaced(settled, changed) == readers


def replaced(cluster: Live, changed: list[Manifest]) -> set[str]:
    """The workloads whose pods are all new once the changed manifests are applied.

    None had ever fewer ready pods than its strategy promises.
    """
    api = cluster.api
    running = workloads(cluster.manifests)
    before = {named(w): {p["metadata"]["uid"] for p in pods(api, w)} for w in running}
    replicas = {named(w): api.get(w)["spec"]["replicas"] for w in running}
    with watching(api) as watched:
        for manifest in changed:
            api.apply(manifest)
        await_rollouts(api, running)
    for workload in running:
        least = promised(workload, replicas[named(workload)])
        assert watched.fewest[group({"metadata": labelled(workload)})] >= least, named(workload)
    after = {named(w): {p["metadata"]["uid"] for p in pods(api, w)} for w in running}
    return {name for name, uids in after.items() if not uids & before[name]}


def promised(workload: Manifest, replicas: int) -> int:
    """How many replicas stay ready during a rollout."""
    if workload["kind"] == "StatefulSet":
        return replicas - 1
    unavailable = workload["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"]
    if isinstance(unavailable, str):
        unavailable = floor(replicas * int(unavailable.removesuffix("%")) / 100)
    return int(replicas - unavailable)


def with_image(workload: Manifest, tag: str) -> Manifest:
    """The workload with another build of its image."""
    changed = copy.deepcopy(workload)
    for container in changed["spec"]["template"]["spec"]["containers"]:
        container["image"] = f"registry.example.com/{container['name']}{tag}"
    return changed


def reconfigured(environment: str) -> list[Manifest]:
    """The environment with another log level, largest message and memory of Redis."""
    spec = load_platforms(PLATFORM)[Environment(environment)]
    settings = {"log_level": "warn"}
    memory = resources("250m", "768Mi", "500m", "768Mi")
    changed = spec.but(
        settings=spec.settings.but(**settings),
        nats=spec.nats.but(max_payload=Quantity("4Mi")),
        redis=spec.redis if spec.redis.outside else spec.redis.but(resources=memory),
    )
    return list(render(changed))


def config_maps(workload: Manifest) -> list[str]:
    """The ConfigMaps that the pods of a workload read."""
    spec, namespace = workload["spec"]["template"]["spec"], workload["metadata"]["namespace"]
    mounted = [v["configMap"]["name"] for v in spec.get("volumes", ()) if "configMap" in v]
    read = [
        variable["valueFrom"]["configMapKeyRef"]["name"]
        for container in spec["containers"]
        for variable in container.get("env", ())
        if "configMapKeyRef" in variable.get("valueFrom", {})
    ]
    return [f"{namespace}/{name}" for name in (*mounted, *read)]


def labelled(workload: Manifest) -> Manifest:
    """The metadata that its pods have in common."""
    labels = workload["spec"]["template"]["metadata"]["labels"]
    return {"namespace": workload["metadata"]["namespace"], "labels": labels}
