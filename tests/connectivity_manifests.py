"""Small manifests for the laws of connectivity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mistersmith_k8s.connectivity import connections, render_txt, universe

if TYPE_CHECKING:
    from tests.connectivity_universes import Object

GROUPS = {"Pod": "v1", "ReplicationController": "v1", "Job": "batch/v1", "CronJob": "batch/v1"}


def container_port(name: str, number: int, protocol: str = "TCP") -> Object:
    """A port of a container."""
    return {"name": name, "containerPort": number, "protocol": protocol}


def workload(
    kind: str,
    namespace: str,
    name: str,
    labels: dict[str, str],
    *ports: Object,
    metadata: Object | None = None,
    **pod_spec: Any,
) -> Object:
    """An object that runs pods with these labels."""
    containers = [{"name": "main", "image": "image:1", "ports": list(ports)}]
    template: Object = {
        "metadata": {"labels": labels},
        "spec": {"containers": containers, **pod_spec},
    }
    spec: Object = {"template": template}
    if kind == "CronJob":
        spec = {"jobTemplate": {"spec": spec}}
    own: Object = {"name": name, "namespace": namespace, **(metadata or {})}
    if kind == "Pod":
        own, spec = {**own, "labels": labels}, template["spec"]
    return {
        "apiVersion": GROUPS.get(kind, "apps/v1"),
        "kind": kind,
        "metadata": own,
        "spec": spec,
    }


def deployment(namespace: str, name: str, labels: dict[str, str], *ports: Object) -> Object:
    """A Deployment."""
    return workload("Deployment", namespace, name, labels, *ports)


def pod(
    namespace: str,
    name: str,
    labels: dict[str, str],
    *ports: Object,
    metadata: Object | None = None,
    **spec: Any,
) -> Object:
    """A lone pod."""
    return workload("Pod", namespace, name, labels, *ports, metadata=metadata, **spec)


def namespace(name: str, labels: dict[str, str] | None = None) -> Object:
    """A Namespace."""
    metadata = {"name": name, **({} if labels is None else {"labels": labels})}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def policy(namespace: str, name: str, spec: Any) -> Object:
    """A NetworkPolicy."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }


def service(namespace: str, name: str, selector: dict[str, str], *ports: Object) -> Object:
    """A Service."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": selector, "ports": list(ports)},
    }


def ingress(namespace: str, to: str, port: Object) -> Object:
    """An Ingress that forwards everything to one Service."""
    backend = {"service": {"name": to, "port": port}}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "entry", "namespace": namespace},
        "spec": {"rules": [{"http": {"paths": [{"path": "/", "backend": backend}]}}]},
    }


WEB = deployment("a", "web", {"app": "web"}, container_port("http", 8080))
API = deployment("b", "api", {"app": "api"})
DB = workload("StatefulSet", "a", "db", {"app": "db"})


def into_web(*rules: Object) -> Object:
    """A policy on the pods of web that lets some rules in."""
    selector = {"matchLabels": {"app": "web"}}
    return policy("a", "p", {"podSelector": selector, "ingress": list(rules)})


def lines(*objects: Object) -> list[str]:
    """The connections of some manifests, as lines."""
    return render_txt(connections(universe(objects))).splitlines()


def ports(*objects: Object, src: str = "b/api[Deployment]", dst: str = "a/web[Deployment]") -> str:
    """What one workload reaches of another, as text; empty if nothing."""
    found = connections(universe(objects))
    return next((str(c.ports) for c in found if (str(c.src), str(c.dst)) == (src, dst)), "")
