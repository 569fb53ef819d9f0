from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from cluster.live import ENVIRONMENTS, scaled
from cluster.processes import eventually
from cluster.workloads import await_rollouts, named, of_kind, pods, refusals, workloads
from mistersmith_k8s.components.governance import resource_quota
from mistersmith_k8s.components.workers import SURGE
from mistersmith_k8s.platform import Environment, PlatformSpec, demands
from mistersmith_k8s.platform_file import load_platforms
from mistersmith_k8s.quantity import Quantity, amount
from mistersmith_k8s.site import Plane
from mistersmith_k8s.spec import SpecError
from tools import pins

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cluster.api import Api
    from cluster.conftest import Note
    from cluster.live import Live
    from mistersmith_k8s.manifest import Manifest

PLATFORM = pins.ROOT / "charts" / "platform.yaml"
QUOTAS = "/api/v1/resourcequotas"
REPLICA_SETS = "/apis/apps/v1/replicasets"
RESTART = "proof.mister-smith.io/restart"

Field = tuple[str, ...]
COUNTED: tuple[Field, ...] = (
    ("pods",),
    ("requests", "cpu"),
    ("requests", "memory"),
    ("limits", "cpu"),
    ("limits", "memory"),
)


def test_a_rollout_at_full_scale_fits_the_quotas(settled: Live, note: Note) -> None:
    """Every pool at its maximum, and replaced there: no pod is refused, no quota passed."""
    api = settled.api
    before = api.do("GET", QUOTAS)["metadata"]["resourceVersion"]
    scale_to_the_most(settled)
    for workload in workloads(settled.manifests):
        change = {"metadata": {"annotations": {RESTART: "full scale"}}}
        api.patch(workload, {"spec": {"template": change}})
    await_rollouts(api, settled.manifests)
    sets = [text for state in states_since(api, REPLICA_SETS, before) for text in refusals(state)]
    assert sets == []
    quotas = list(states_since(api, QUOTAS, before))
    assert quotas
    assert [text for state in quotas for text in exceeded(state)] == []
    note("pods", sum(len(pods(api, workload)) for workload in workloads(settled.manifests)))
    note("states", len(quotas))


@pytest.mark.parametrize("field", COUNTED)
def test_one_replica_more_than_was_counted_is_refused(settled: Live, field: Field) -> None:
    """A quota of exactly what full scale needs holds that, its surge, and nothing more."""
    spec = tightened(load_platforms(PLATFORM)[Environment(settled.environment)], field)
    ((name, pool),) = spec.workers.items()
    api, most = settled.api, pool.most_replicas + SURGE
    for scaler in of_kind(settled.manifests, "HorizontalPodAutoscaler"):
        api.delete(scaler)
    api.apply(quota(spec))
    (worker,) = [w for w in workloads(settled.manifests) if w["metadata"]["name"].endswith(name)]
    api.scale(worker, most + 1)
    refused = eventually("a replica is refused", lambda: refusals(api.get(worker)))
    expected = f"exceeded quota: mister-smith-workload-quota, requested: {'.'.join(field)}="
    assert [text for text in refused if expected not in text] == []
    eventually("all others are there", lambda: len(pods(api, worker)) == most)
    assert len(pods(api, worker)) == most
    api.scale(worker, most)
    await_rollouts(api, [worker])
    eventually("nothing is refused any more", lambda: not refusals(api.get(worker)))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("field", COUNTED)
def test_the_arithmetic_refuses_the_same_platform(environment: str, field: Field) -> None:
    """What the cluster would refuse is refused before it is written."""
    spec = tightened(load_platforms(PLATFORM)[Environment(environment)], field)
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


def states_since(api: Api, path: str, version: str) -> Iterator[Manifest]:
    """Every state of all objects of a kind since a version, up to the present: none escapes."""
    present = [item["metadata"] for item in api.do("GET", path)["items"]]
    awaited = {m["resourceVersion"] for m in present if int(m["resourceVersion"]) > int(version)}
    with (
        api.as_user(api.token) as own,
        own.stream(f"{path}?watch=1&resourceVersion={version}") as stream,
    ):
        while awaited:
            state = json.loads(stream.readline())["object"]
            awaited.discard(state["metadata"]["resourceVersion"])
            yield state


def exceeded(quota: Manifest) -> list[str]:
    """What is used beyond what may be."""
    status = quota["status"]
    return [
        f"{named(quota)} {name}: {used}"
        for name, used in status.get("used", {}).items()
        if amount(used) > amount(status["hard"][name])
    ]


def tightened(spec: PlatformSpec, field: Field) -> PlatformSpec:
    """The platform with a quota of workers that is just enough for its pools at full scale."""
    needs = (demand.counted[field] for demand in demands(spec) if demand.plane is Plane.WORKLOAD)
    needed, quotas = sum(needs, Decimal(0)), spec.quotas
    if field == ("pods",):
        return spec.but(quotas=quotas.but(workload=quotas.workload.but(pods=int(needed))))
    side, name = field
    amounts = getattr(quotas.workload, side).but(**{name: Quantity(f"{needed.normalize():f}")})
    return spec.but(quotas=quotas.but(workload=quotas.workload.but(**{side: amounts})))


def quota(spec: PlatformSpec) -> Manifest:
    """The quota of the workers."""
    given = resource_quota(spec.site, Plane.WORKLOAD, spec.quotas.workload)
    return {**given}
