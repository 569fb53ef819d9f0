"""Small objects of any kind, to say one thing with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mistersmith_k8s.manifest import Manifest


def thing(kind: str, name: str, namespace: str = "x", **rest: Any) -> Manifest:
    """An object of any kind."""
    versions = {"Deployment": "apps/v1", "Widget": "example.dev/v1"}
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {
        "apiVersion": versions.get(kind, "v1"),
        "kind": kind,
        **rest,
        "metadata": {**metadata, **rest.get("metadata", {})},
    }


def deployment(*containers: dict[str, Any], **spec: Any) -> Manifest:
    """A Deployment of some containers."""
    return thing(
        "Deployment", "app", spec={**spec, "template": {"spec": {"containers": list(containers)}}}
    )


def config(**data: str) -> Manifest:
    """A ConfigMap."""
    return thing("ConfigMap", "app", data=data)
