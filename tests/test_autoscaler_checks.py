"""Autoscalers of every sort: who owns what, within which bounds, by which metrics."""

from __future__ import annotations

import pytest

from mistersmith_k8s.checks.objects.scaling import Replicas, replicas
from mistersmith_k8s.checks.world import Object, World
from tests.worlds import documents, findings

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  strategy: {type: Recreate}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, resources: {requests: {cpu: 1}}}]}
---
"""
HPA = """
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: shop}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  maxReplicas: 5
  metrics: [{type: Resource, resource: {name: %s, target: {type: %s, averageUtilization: 70}}}]
---
"""
SCALED = """
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: queue, namespace: shop, annotations: {%s}}
spec:
  scaleTargetRef: {name: web}
  %s
  triggers: [{type: nats-jetstream, metadata: {lagThreshold: "10"}}]
  advanced: {horizontalPodAutoscalerConfig: {name: web}}
---
"""
CPU = HPA % ("cpu", "Utilization")


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ("maxReplicaCount: 7", Replicas(1, 7, 0)),
        ("{minReplicaCount: 2, maxReplicaCount: 7}", Replicas(2, 7, 0)),
        ("", Replicas(1, 100, 0)),  # KEDA's own default
    ],
)
def test_keda_sets_the_bounds(bounds: str, expected: Replicas) -> None:
    """Of a Deployment where it does not say which kind it scales."""
    deployment, scaled = documents(DEPLOYMENT + SCALED % ("", ""))
    scaled["spec"].update((documents(bounds) or [{}])[0])
    world = World(map(Object, (deployment, scaled)))
    assert replicas(world.objects[0], world) == expected


def test_two_sorts_of_autoscalers_are_two_owners() -> None:
    """KEDA makes a HorizontalPodAutoscaler of its own."""
    found = findings(DEPLOYMENT + CPU + SCALED % ("", ""), "autoscaler-owners")
    assert sorted(f.object.kind for f in found) == ["HorizontalPodAutoscaler", "ScaledObject"]


def test_an_autoscaler_may_be_handed_over() -> None:
    """KEDA then takes over the one that is there."""
    handed = 'scaledobject.keda.sh/transfer-hpa-ownership: "true"'
    text = DEPLOYMENT + CPU + SCALED % (handed, "")
    assert findings(text, "autoscaler-owners") == []


def test_autoscalers_of_two_namespaces_are_no_rivals() -> None:
    """A target is in the namespace of its autoscaler."""
    other = CPU.replace("namespace: shop", "namespace: elsewhere")
    assert findings(DEPLOYMENT + CPU + other, "autoscaler-owners") == []


@pytest.mark.parametrize(
    ("resource", "kind", "lacking"),
    [
        ("cpu", "Utilization", False),
        ("memory", "Utilization", True),
        ("memory", "AverageValue", False),
    ],
)
def test_utilization_needs_requests(resource: str, kind: str, lacking: bool) -> None:  # noqa: FBT001 - a row
    """Of the resource that is measured; an average value needs none."""
    found = findings(DEPLOYMENT + HPA % (resource, kind), "autoscaler-requests")
    assert bool(found) == lacking


ADAPTER = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: adapter, namespace: keda}
spec:
  selector: {matchLabels: {app: adapter}}
  template:
    metadata: {labels: {app: adapter}}
    spec: {containers: [{name: adapter, image: "%s"}]}
---
"""
EXTERNAL = CPU.replace(
    "{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}}",
    "{type: External, external: {metric: {name: lag}, target: {type: AverageValue}}}",
)


@pytest.mark.parametrize(
    ("image", "served"),
    [
        ("ghcr.io/kedacore/keda-metrics-apiserver:2.16.1", True),
        ("registry.k8s.io/prometheus-adapter/prometheus-adapter:v0.12.0", True),
        ("gcr.io/datadoghq/cluster-agent:7.60.0", True),
        ("registry.example/web:1.2.3", False),
    ],
)
def test_a_known_program_serves_metrics(image: str, served: bool) -> None:  # noqa: FBT001 - a row
    """Where the input has it, external metrics have a provider."""
    found = findings(DEPLOYMENT + EXTERNAL + ADAPTER % image, "autoscaler-metrics")
    assert bool(found) != served


VPA = """
apiVersion: autoscaling.k8s.io/v1
kind: VerticalPodAutoscaler
metadata: {name: web, namespace: shop}
spec:
  targetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  updatePolicy: {updateMode: %s}
  resourcePolicy: {containerPolicies: [%s]}
---
"""


@pytest.mark.parametrize(
    ("mode", "policy", "metric", "clashes"),
    [
        ("Recreate", "{containerName: web}", "cpu", True),
        ('"Off"', "{containerName: web}", "cpu", False),
        ("Initial", "{containerName: web}", "memory", True),
        ("Recreate", "{containerName: web, controlledResources: [memory]}", "cpu", False),
        ("Recreate", '{containerName: "*", mode: "Off"}', "cpu", False),
        ("Recreate", "", "cpu", True),
    ],
)
def test_two_autoscalers_follow_different_metrics(
    mode: str,
    policy: str,
    metric: str,
    clashes: bool,  # noqa: FBT001 - a row of the table
) -> None:
    """Only what the vertical one changes and the horizontal one measures is a clash."""
    text = DEPLOYMENT + HPA % (metric, "Utilization") + VPA % (mode, policy)
    assert bool(findings(text, "autoscalers-on-one-metric")) == clashes
