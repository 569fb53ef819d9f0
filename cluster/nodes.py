"""Nodes that are not there: three zones of three, and one for the control plane in each zone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cluster.api import Api
    from mistersmith_k8s.manifest import Manifest

ZONE = "topology.kubernetes.io/zone"
HOSTNAME = "kubernetes.io/hostname"
CONTROL_PLANE = "node-role.kubernetes.io/control-plane"
ZONES = ("zone-a", "zone-b", "zone-c")


class Size(NamedTuple):
    """What the pods of a node may take."""

    cpu: str
    memory: str
    pods: str = "110"


ORDINARY = Size("8", "32Gi")


def nodes(in_zone: int = 3, size: Size = ORDINARY) -> list[Manifest]:
    """Nodes for pods, and in each zone one that pods stay off unless they tolerate its taint."""
    taint = {"key": CONTROL_PLANE, "effect": "NoSchedule"}
    return [
        *(node(f"{zone}-{number}", zone, size) for zone in ZONES for number in range(in_zone)),
        *(
            node(f"{zone}-control-plane", zone, ORDINARY, {CONTROL_PLANE: ""}, taint)
            for zone in ZONES
        ),
    ]


def node(
    name: str, zone: str, size: Size, labels: dict[str, str] | None = None, *taints: dict[str, str]
) -> Manifest:
    """A node as its kubelet would register it."""
    given = {HOSTNAME: name, ZONE: zone, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {**given, **(labels or {})}},
        "spec": {"taints": list(taints)},
        "status": {"allocatable": size._asdict(), "capacity": size._asdict()},
    }


def are_ready(api: Api) -> bool:
    """Whether every node is ready and nothing but its own taints keeps pods away."""
    return all(
        _ready(node) and not [t for t in node["spec"].get("taints", ()) if "not-ready" in t["key"]]
        for node in api.list("v1", "Node")
    )


def _ready(node: Manifest) -> bool:
    conditions = node["status"].get("conditions", ())
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
