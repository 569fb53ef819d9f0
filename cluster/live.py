"""One environment as it ships, applied to a control plane of its own."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import yaml

from cluster import nodes
from cluster.control_plane import ControlPlane, control_plane
from cluster.costs import Clock
from cluster.processes import eventually
from cluster.stages import kustomized, tool
from cluster.workloads import await_rollouts, of_kind
from mistersmith_k8s.layouts import required_secrets
from tools import pins

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from cluster.api import Api
    from mistersmith_k8s.manifest import Manifest

DIST = pins.ROOT / "dist"
ENVIRONMENTS = ("experimental", "validation", "operational")
LAYOUTS = ("plain", "overlay")
MANAGER = "proof"
KUBECTL_SECONDS = 300


class Said(NamedTuple):
    """How kubectl ended, and what it said beside its result."""

    status: int
    result: str
    complaints: str


class Live(NamedTuple):
    """An environment in a cluster: what was applied, and how that went."""

    environment: str
    layout: str
    plane: ControlPlane
    manifests: tuple[Manifest, ...]
    applied: Said
    seconds: dict[str, float]

    @property
    def api(self) -> Api:
        """The API as an administrator sees it."""
        return self.plane.api

    def kubectl(self, *arguments: object) -> Said:
        """What kubectl says of a command."""
        return kubectl(self.plane, *arguments)


@contextmanager
def live(environment: str, layout: str, folder: Path) -> Iterator[Live]:
    """The environment, applied from one of its layouts as a person would apply it."""
    files = shipped(environment, layout, folder)
    manifests = read(files)
    with prepared(folder) as plane:
        clock = Clock()
        applied = kubectl(plane, *APPLY, *all_of(files))
        clock.lap("apply")
        if applied.status == 0:
            await_rollouts(plane.api, manifests)
            clock.lap("run")
        add_secrets(plane.api, manifests)
        yield Live(environment, layout, plane, manifests, applied, clock.laps)


def shipped(environment: str, layout: str, folder: Path) -> Path:
    """The files of an environment: as they lie there, or as the real kustomize builds them."""
    if layout == "plain":
        return DIST / "plain" / environment
    built = folder / "built"
    built.mkdir()
    text = kustomized(DIST / "kustomize" / "overlays" / environment)
    (built / f"{environment}.yaml").write_text(text, encoding="utf-8")
    return built


def all_of(files: Path) -> tuple[object, ...]:
    """What kubectl is to be told to take every file of a folder."""
    return "--recursive", "--filename", files


@contextmanager
def prepared(folder: Path, in_zone: int = 3) -> Iterator[ControlPlane]:
    """A control plane with nodes and storage classes."""
    with control_plane(folder) as plane:
        for manifest in (*nodes.nodes(in_zone), *storage_classes()):
            plane.api.do("POST", plane.api.path(manifest).rpartition("/")[0], manifest)
        eventually("every node is ready", lambda: nodes.are_ready(plane.api))
        yield plane


APPLY = ("apply", "--server-side", f"--field-manager={MANAGER}", "--warnings-as-errors")


DIFF = ("diff", *(argument for argument in APPLY if argument.startswith("--")))


def kubectl(plane: ControlPlane, *arguments: object) -> Said:
    """What kubectl says of a command."""
    done = subprocess.run(
        kubectl_command(plane, *arguments),
        env={**os.environ, **variables(plane)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=KUBECTL_SECONDS,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


def kubectl_command(plane: ControlPlane, *arguments: object) -> list[str]:
    """Kubectl as the administrator of a cluster."""
    path = tool("cluster", "kubectl").path
    return [str(path), f"--kubeconfig={plane.kubeconfig}", *map(str, arguments)]


def variables(plane: ControlPlane) -> dict[str, str]:
    """What kubectl finds around it: a home for its cache that goes with the control plane."""
    return {"HOME": str(plane.kubeconfig.parent)}


def read(folder: Path) -> tuple[Manifest, ...]:
    """Every object in the files of a folder, in the order in which kubectl takes them."""
    texts = (file.read_text(encoding="utf-8") for file in sorted(folder.rglob("*.yaml")))
    return tuple(m for text in texts for m in yaml.safe_load_all(text) if m)


def storage_classes() -> list[Manifest]:
    """A default class, and the one that the operational environment names."""
    return [storage_class("standard", default=True), storage_class("gp3")]


def storage_class(name: str, *, default: bool = False) -> Manifest:
    """A class whose claims kwok serves."""
    annotation = {"storageclass.kubernetes.io/is-default-class": str(default).lower()}
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name, "annotations": annotation},
        "provisioner": "kwok.x-k8s.io/volume",
        "volumeBindingMode": "Immediate",
    }


def add_secrets(api: Api, manifests: Sequence[Manifest]) -> None:
    """The Secrets that the cluster must hold, as the page that ships lists them."""
    for secret in required_secrets(manifests):
        api.apply(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": secret.name, "namespace": secret.namespace},
                "stringData": {secret.key: "as good as any"},
            }
        )


def settle(cluster: Live) -> None:
    """Everything is as applied: sizes as they were at first, every node open, all available."""
    api = cluster.api
    for manifest in cluster.manifests:
        api.apply(manifest)
    for scaler in of_kind(cluster.manifests, "HorizontalPodAutoscaler"):
        api.scale(scaled(scaler), scaler["spec"]["minReplicas"])
    for node in api.list("v1", "Node"):
        if node["spec"].get("unschedulable"):
            api.patch(node, {"spec": {"unschedulable": None}})
    await_rollouts(api, cluster.manifests)


def scaled(scaler: Manifest) -> Manifest:
    """The workload that an autoscaler scales."""
    target = scaler["spec"]["scaleTargetRef"]
    metadata = {"name": target["name"], "namespace": scaler["metadata"]["namespace"]}
    return {"apiVersion": target["apiVersion"], "kind": target["kind"], "metadata": metadata}
