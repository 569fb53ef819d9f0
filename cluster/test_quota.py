from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cluster.live import scaled
from cluster.processes import eventually
from cluster.workloads import await_rollouts, events, named, of_kind, pods, rolled_out, workloads
from mistersmith_k8s.components.governance import resource_quota
from mistersmith_k8s.components.workers import SURGE
from mistersmith_k8s.platform import Environment, PlatformSpec, demands
from mistersmith_k8s.platform_file import load_platforms
from mistersmith_k8s.quantity import amount
from mistersmith_k8s.site import Plane
from mistersmith_k8s.spec import SpecError
from tools import pins

if TYPE_CHECKING:
    from cluster.api import Api
    from cluster.live import Live
    from mistersmith_k8s.manifest import Manifest

PLATFORM = pins.ROOT / "charts" / "platform.yaml"
RESTART = "proof.mister-smith.io/restart"


def test_a_rollout_at_full_scale_fits_the_quotas(settled: Live) -> None:
    """Every pool at its maximum, and replaced there: no pod is refused, no quota passed."""
    api = settled.api
    scale_to_the_most(settled)
    for workload in workloads(settled.manifests):
        change = {"metadata": {"annotations": {RESTART: "full scale"}}}
        api.patch(workload, {"spec": {"template": change}})
    eventually(
        "rolled out at full scale, within every quota",
        lambda: not exceeded(api) and all(rolled_out(api, w) for w in workloads(settled.manifests)),
    )
    assert events(api, "FailedCreate") == []


def test_one_replica_more_than_was_counted_is_refused(settled: Live) -> None:
    """A quota of exactly what full scale needs holds that, its surge, and nothing more."""
    spec = tightened(load_platforms(PLATFORM)[Environment(settled.environment)])
    ((name, pool),) = spec.workers.items()
    api, most = settled.api, pool.most_replicas + SURGE
    for scaler in of_kind(settled.manifests, "HorizontalPodAutoscaler"):
        api.delete(scaler)
    api.apply(quota(spec))
    (worker,) = [w for w in workloads(settled.manifests) if w["metadata"]["name"].endswith(name)]
    api.scale(worker, most + 1)
    refusals = eventually("a replica is refused", lambda: events(api, "FailedCreate"))
    eventually("all others are there", lambda: len(pods(api, worker)) == most)
    assert len(pods(api, worker)) == most
    assert {"exceeded quota: mister-smith-workload-quota" in text for text in refusals} == {True}
    api.scale(worker, most)
    await_rollouts(api, [worker])
    for event in api.list("v1", "Event", fieldSelector="reason=FailedCreate"):
        api.delete(event)


def test_the_arithmetic_refuses_the_same_platform(settled: Live) -> None:
    """What the cluster would refuse is refused before it is written."""
    spec = tightened(load_platforms(PLATFORM)[Environment(settled.environment)])
    ((name, pool),) = spec.workers.items()
    larger = (
        pool.but(replicas=pool.most_replicas + 1)
        if pool.scaling is None
        else pool.but(autoscaling=pool.scaling.but(max=pool.most_replicas + 1))
    )
    with pytest.raises(SpecError) as refused:
        spec.but(workers={name: larger})
    assert "during a rollout" in str(refused.value)


def scale_to_the_most(cluster: Live) -> None:
    """Every pool that an autoscaler owns is at the most that it may be."""
    for scaler in of_kind(cluster.manifests, "HorizontalPodAutoscaler"):
        cluster.api.scale(scaled(scaler), scaler["spec"]["maxReplicas"])
    await_rollouts(cluster.api, cluster.manifests)
    for scaler in of_kind(cluster.manifests, "HorizontalPodAutoscaler"):
        assert len(pods_of(cluster, scaler)) == scaler["spec"]["maxReplicas"], named(scaler)


def pods_of(cluster: Live, scaler: Manifest) -> list[Manifest]:
    """The pods of the workload that an autoscaler scales."""
    return pods(cluster.api, cluster.api.get(scaled(scaler)))


def exceeded(api: Api) -> list[str]:
    """What is used beyond what may be."""
    return [
        f"{named(quota)} {name}"
        for quota in api.list("v1", "ResourceQuota")
        for name, used in quota["status"]["used"].items()
        if amount(used) > amount(quota["status"]["hard"][name])
    ]


def tightened(spec: PlatformSpec) -> PlatformSpec:
    """The platform with a quota of workers that is just enough for its pools at full scale."""
    needed = sum(demand.pods for demand in demands(spec) if demand.plane is Plane.WORKLOAD)
    workload = spec.quotas.workload.but(pods=needed)
    return spec.but(quotas=spec.quotas.but(workload=workload))


def quota(spec: PlatformSpec) -> Manifest:
    """The quota of the workers."""
    given = resource_quota(spec.site, Plane.WORKLOAD, spec.quotas.workload)
    return {**given}
