"""Objects of the kinds that people keep in Kustomize: ours, and others with traps of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mistersmith_k8s.platform import Environment, PlatformSpec, render

if TYPE_CHECKING:
    from mistersmith_k8s.manifest import Manifest, Manifests


def an_object(api_version: str, kind: str, name: str, namespace: str = "", **rest: Any) -> Manifest:
    """An object of any kind."""
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}


def _container(name: str, image: str) -> dict[str, Any]:
    return {
        "name": name,
        "image": image,
        "args": ["--port", "8080", "--port", "9090"],
        "env": [
            {"name": "A", "value": "1"},
            {"name": "B", "value": "$(A)/b"},
            {"name": "C", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
        ],
        "ports": [
            {"name": "tcp", "containerPort": 8080, "protocol": "TCP"},
            {"name": "udp", "containerPort": 8080, "protocol": "UDP"},
        ],
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 - in a container
        "resources": {"limits": {"cpu": "1", "memory": "1Gi"}},
    }


def _pods() -> dict[str, Any]:
    return {
        "metadata": {"labels": {"app": "app"}, "annotations": {"sum": "1e3"}},
        "spec": {
            "initContainers": [_container("setup", "app:1")],
            "containers": [_container("app", "app:1"), _container("side", "team/app:1")],
            "volumes": [{"name": "tmp", "emptyDir": {}}, {"name": "c", "configMap": {"name": "c"}}],
            "tolerations": [{"key": "a", "operator": "Exists"}, {"operator": "Exists"}],
            "imagePullSecrets": [{"name": "registry"}],
            "topologySpreadConstraints": [
                {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"},
                {"maxSkew": 1, "topologyKey": "host", "whenUnsatisfiable": "DoNotSchedule"},
            ],
        },
    }


def _workload() -> dict[str, Any]:
    return {"replicas": 1, "selector": {"matchLabels": {"app": "app"}}, "template": _pods()}


FREE_KINDS = ("ConfigMap", "Widget", "ScaledObject")
"""The kinds in which kustomize takes any value anywhere."""

OTHERS: Manifests = (
    an_object("apps/v1", "Deployment", "app", "x", spec=_workload()),
    an_object("apps/v1", "Deployment", "app", "y", spec=_workload()),
    an_object("apps/v1", "StatefulSet", "1e3", "x", spec=_workload()),
    an_object(
        "batch/v1", "CronJob", "app", "x", spec={"jobTemplate": {"spec": {"template": _pods()}}}
    ),
    an_object("v1", "Pod", "app.b", "x", spec=_pods()["spec"]),
    an_object("v1", "Pod", "app-b", "x", spec=_pods()["spec"]),
    an_object(
        "v1", "ConfigMap", "app", "x", data={"a": "1", "a.conf": "b {\n  c\n}\n", "x/y~z": "on"}
    ),
    an_object("v1", "ConfigMap", "123", "456", data={"a": "1"}, immutable=False),
    an_object("v1", "ConfigMap", "app", data={"a": "1"}),
    an_object("v1", "Service", "app", "x", spec={"ports": [{"port": 80}, {"port": 81}]}),
    an_object("serving.example.dev/v1", "Service", "app", "x", spec={"ports": [{"port": 80}]}),
    an_object("v1", "ServiceAccount", "app", "x", imagePullSecrets=[{"name": "a"}, {"name": "b"}]),
    an_object("v1", "Secret", "s", "x", stringData={"k": "v"}, type="Opaque"),
    an_object(
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
        "app:binding",
        "x",
        roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "app"},
        subjects=[{"kind": "User", "name": "app"}, {"kind": "ServiceAccount", "name": "app"}],
    ),
    an_object(
        "rbac.authorization.k8s.io/v1",
        "ClusterRole",
        "system:app",
        rules=[{"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["s"]}],
    ),
    an_object(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        "widgets.example.dev",
        spec={"versions": [{"name": "v1", "schema": {"containers": [{"image": "app:1"}]}}]},
    ),
    an_object(
        "example.dev/v1",
        "Widget",
        "app",
        "x",
        spec={
            "containers": [{"name": "a", "image": "app:1"}, {"image": "team/app:1"}],
            "nested": {"initContainers": [{"image": "host.example:5000/app:1"}]},
            "items": ["a", "b", "b", "c"],
            "rules": [{"a": 1}, {"a": 2, "b": {"c": []}}, {}],
            "empty": {"list": [], "map": {}},
            "template": {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": []}},
        },
        status={"conditions": [{"type": "Ready"}, {"type": "Ready"}]},
    ),
    an_object("example.dev/v1", "Widget", "app", spec={"a": {"b": {"c": 1, "d": [1, 2, 3]}}}),
    an_object(
        "keda.sh/v1alpha1",
        "ScaledObject",
        "app",
        "x",
        spec={"triggers": [{"type": "nats-jetstream", "metadata": {"lagThreshold": "10"}}]},
    ),
    an_object("kustomize.toolkit.fluxcd.io/v1", "Kustomization", "app", "x", spec={"path": "./a"}),
)

OURS = tuple(
    manifest
    for manifest in render(PlatformSpec(environment=Environment.VALIDATION))
    if manifest["kind"] != "ServiceAccount" or manifest["metadata"]["name"] == "nats"
)
