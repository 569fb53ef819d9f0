"""Quotas: the arithmetic of what runs at full scale, as Kubernetes counts it."""

from __future__ import annotations

import pytest

from mistersmith_k8s.checks.objects.amounts import defaults_for, pod_amounts, stated
from mistersmith_k8s.checks.objects.scaling import Replicas, replicas, share
from mistersmith_k8s.checks.world import Object, World
from mistersmith_k8s.quantity import amount
from tests.worlds import Manifest, documents, findings, told

QUOTA = """
apiVersion: v1
kind: ResourceQuota
metadata: {name: shop, namespace: shop}
spec: {hard: {%s}}
---
"""


def workload(
    pod: str = "containers: [{name: web}]",
    kind: str = "Deployment",
    spec: str = "",
    name: str = "web",
) -> str:
    """A workload in the namespace shop, as YAML."""
    return f"""
apiVersion: apps/v1
kind: {kind}
metadata: {{name: {name}, namespace: shop}}
spec:
  {spec or "{}"[:0]}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      {pod}
---
"""


def asking(cpu: str, memory: str = "1Gi") -> str:
    """A pod with one container that asks for this, and is limited to it."""
    amounts = f"{{cpu: {cpu}, memory: {memory}}}"
    return f"containers: [{{name: web, resources: {{requests: {amounts}, limits: {amounts}}}}}]"


SCALER = """
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: shop}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: %d
  maxReplicas: %d
---
"""


def quota_findings(text: str) -> list[str]:
    """What the check of quotas says."""
    return told(findings(text, "quota-holds"))


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("", Replicas(1, 1, 1)),
        ("replicas: 4", Replicas(4, 4, 1)),
        ("replicas: 5", Replicas(5, 5, 2)),  # a quarter, rounded up
        ("{replicas: 4, strategy: {type: Recreate}}", Replicas(4, 4, 0)),
        ("{replicas: 4, strategy: {rollingUpdate: {maxSurge: 3}}}", Replicas(4, 4, 3)),
        ("{replicas: 4, strategy: {rollingUpdate: {maxSurge: 50%}}}", Replicas(4, 4, 2)),
        ("{replicas: 4, strategy: {rollingUpdate: {maxSurge: 0}}}", Replicas(4, 4, 0)),
    ],
)
def test_a_rollout_adds_its_surge(spec: str, expected: Replicas) -> None:
    """By number or by share of the replicas."""
    item = Object(merged(documents(workload())[0], spec))
    assert replicas(item, World([item])) == expected


def merged(manifest: Manifest, spec: str) -> Manifest:
    """The manifest with more in its spec."""
    more = documents(spec) or [{}]
    return {**manifest, "spec": {**manifest["spec"], **more[0]}}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("StatefulSet", 3), ("ReplicaSet", 3), ("DaemonSet", 1), ("ReplicationController", 3)],
)
def test_only_deployments_have_a_surge(kind: str, expected: int) -> None:
    """Others replace pods; a DaemonSet has one pod at least."""
    item = Object(documents(workload(kind=kind, spec="replicas: 3"))[0])
    assert replicas(item, World([item])) == Replicas(expected, expected, 0)


def test_an_autoscaler_sets_the_bounds() -> None:
    """What is written in the workload does not count then."""
    world = World(map(Object, documents(workload(spec="replicas: 7") + SCALER % (2, 40))))
    assert replicas(world.objects[0], world) == Replicas(2, 40, 10)


@pytest.mark.parametrize(
    ("value", "whole", "up", "expected"),
    [
        (3, 10, True, 3),
        ("25%", 10, True, 3),
        ("25%", 10, False, 2),
        ("0%", 10, True, 0),
        ("x", 10, True, None),
        ("25", 10, True, None),
        ("-5%", 10, True, None),
        (None, 10, True, None),
        (True, 10, True, None),
    ],
)
def test_a_share_is_a_number_or_a_percentage(
    value: object,
    whole: int,
    up: bool,  # noqa: FBT001 - a row of the table
    expected: int | None,
) -> None:
    """Rounded as Kubernetes rounds it where it is used."""
    assert share(value, whole, up=up) == expected


POD = """{initContainers: [
        {name: first, resources: {requests: {cpu: "3"}}},
        {name: sidecar, restartPolicy: Always, resources: {requests: {cpu: "1"}}},
        {name: last, resources: {requests: {cpu: "4"}}}],
      containers: [
        {name: web, resources: {requests: {cpu: "1"}}},
        {name: proxy, resources: {limits: {cpu: "2"}}}],
      overhead: {cpu: 250m}}
"""


def test_init_containers_count_as_kubernetes_counts_them() -> None:
    """One by one beside the sidecars before them; then the sidecars with all the rest."""
    item = Object(documents(workload(POD))[0])
    amounts = pod_amounts(item, lambda c: stated(c, defaults_for(item, World([item]))))
    assert amounts["requests"]["cpu"] == amount("5250m")  # sidecar 1 + last 4, and the overhead


LIMIT_RANGE = """
apiVersion: v1
kind: LimitRange
metadata: {name: defaults, namespace: shop}
spec: {limits: [{type: Container, %s}]}
---
"""


@pytest.mark.parametrize(
    ("limits", "requests", "limit"),
    [
        ("default: {cpu: 2}, defaultRequest: {cpu: 1}", "1", "2"),
        ("default: {cpu: 2}", "2", "2"),
        ("max: {cpu: 4}", "4", "4"),
        ("min: {cpu: 1}", "1", None),
        ("max: {cpu: 4}, default: {cpu: 2}, min: {cpu: 1}", "2", "2"),
    ],
)
def test_a_limit_range_gives_defaults(limits: str, requests: str, limit: str | None) -> None:
    """Its own defaults follow one from another."""
    world = World(map(Object, documents(LIMIT_RANGE % limits + workload())))
    item = world.objects[1]
    said = stated(item.all_containers[0][1], defaults_for(item, world))
    assert said["requests"].get("cpu") == amount(requests)
    assert said["limits"].get("cpu") == (limit and amount(limit))


def test_what_runs_at_once_must_fit() -> None:
    """Nothing has to be scaled for this to fail."""
    assert quota_findings(
        QUOTA % "requests.cpu: 5" + workload(asking("2"), spec="replicas: 3")
    ) == [
        (
            "error: ResourceQuota shop/shop: spec.hard[requests.cpu]: 5 cannot hold 6, the need before "
            "anything is scaled; Deployment shop/web has up to 4 pods, 1 of them of a rollout "
            "[quota-holds]"
        )
    ]


def test_all_workloads_at_full_scale_are_a_risk() -> None:
    """Each fits alone: it is a warning."""
    text = workload(asking("2"), spec="replicas: 1") + workload(asking("2"), name="api")
    assert quota_findings(QUOTA % "requests.cpu: 7" + text) == [
        (
            "warning: ResourceQuota shop/shop: spec.hard[requests.cpu]: 7 cannot hold 8, the need of "
            "all workloads at full scale during a rollout; Deployment shop/api has up to 2 pods, 1 of "
            "them of a rollout [quota-holds]"
        )
    ]


@pytest.mark.parametrize(
    ("hard", "held"),
    [
        ("requests.cpu: 8", True),
        ("requests.cpu: 7999m", False),
        ("cpu: 7", False),
        ("limits.memory: 4Gi", True),
        ("limits.memory: 4095Mi", False),
        ("pods: 4", True),
        ("pods: 3", False),
        ("count/deployments.apps: 0", False),
        ("count/deployments.apps: 1", True),
        ("services: 0", True),
        ("example.com/gpu: 0", True),
        ("requests.cpu: much", True),  # what is no quantity is for the field rules to say
    ],
)
def test_a_quota_counts_what_it_names(hard: str, held: bool) -> None:  # noqa: FBT001 - a row
    """Three pods of 2 cores and 1Gi, and one more in a rollout."""
    text = QUOTA % hard + workload(asking("2"), spec="replicas: 3")
    assert (quota_findings(text) == []) == held


def test_claims_are_counted_for_each_replica() -> None:
    """Of a StatefulSet, by number and by size."""
    claims = """{replicas: 3, volumeClaimTemplates: [{metadata: {name: data},
      spec: {resources: {requests: {storage: 10Gi}}}}]}"""
    database = merged(documents(workload(kind="StatefulSet"))[0], claims)
    for hard, held in (("requests.storage: 30Gi", True), ("requests.storage: 29Gi", False)):
        assert (findings([*documents(QUOTA % hard), database], "quota-holds") == []) == held
    for hard, held in (("persistentvolumeclaims: 3", True), ("persistentvolumeclaims: 2", False)):
        assert (findings([*documents(QUOTA % hard), database], "quota-holds") == []) == held


def test_a_quota_of_a_scope_is_not_judged() -> None:
    """It counts some pods only."""
    quota = documents(QUOTA % "pods: 0")[0]
    quota["spec"]["scopes"] = ["BestEffort"]
    assert findings([quota, *documents(workload())], "quota-holds", "quota-refuses") == []


def test_a_quota_of_another_namespace_counts_nothing_here() -> None:
    """Quotas are namespaced."""
    quota = documents(QUOTA % "pods: 0")[0]
    quota["metadata"]["namespace"] = "other"
    assert findings([quota, *documents(workload())], "quota-holds") == []


def test_a_vertical_autoscaler_may_outgrow_a_quota() -> None:
    """Requests rise to its maximum, and limits keep their ratio."""
    scaler = """
apiVersion: autoscaling.k8s.io/v1
kind: VerticalPodAutoscaler
metadata: {name: web, namespace: shop}
spec:
  targetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  updatePolicy: {updateMode: %s}
  resourcePolicy: {containerPolicies: [{containerName: web, maxAllowed: {cpu: 4}}]}
"""
    text = QUOTA % "limits.cpu: 10" + workload(asking("2"), spec="replicas: 2")
    assert quota_findings(text + scaler % '"Off"') == []
    assert quota_findings(text + scaler % "Recreate") == [
        (
            "warning: ResourceQuota shop/shop: spec.hard[limits.cpu]: 10 cannot hold 12, the need at "
            "full scale during a rollout when vertical autoscalers raise pods; Deployment shop/web has "
            "up to 3 pods, 1 of them of a rollout [quota-holds]"
        )
    ]


@pytest.mark.parametrize(
    ("resources", "refused"),
    [
        ("{}", ["limits.memory", "requests.cpu"]),
        ("{limits: {cpu: 1, memory: 1Gi}}", []),  # limits are requests too
        ("{requests: {cpu: 1}}", ["limits.memory"]),
    ],
)
def test_a_quota_refuses_containers_that_do_not_say(resources: str, refused: list[str]) -> None:
    """What it counts of cpu and memory, each container states."""
    pod = f"containers: [{{name: web, resources: {resources}}}]"
    found = findings(QUOTA % "requests.cpu: 9, limits.memory: 9Gi" + workload(pod), "quota-refuses")
    base = "spec.template.spec.containers[0].resources."
    assert [finding.field.removeprefix(base) for finding in found] == refused
