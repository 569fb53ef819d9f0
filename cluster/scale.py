"""A large platform in a cluster: how long each step takes, and how much memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from cluster import costs, live
from cluster.costs import Clock, ran
from cluster.processes import eventually
from cluster.workloads import rolled_out, workloads
from tools.registries import SCRIPTS

if TYPE_CHECKING:
    from pathlib import Path

    from cluster.control_plane import ControlPlane
    from cluster.costs import Ran
    from mistersmith_k8s.manifest import Manifest

POOLS = 100
REPLICAS = 10
NODES_IN_ZONE = 25
SECONDS = 600


class Step(NamedTuple):
    """What a step took: seconds, the memory of its command, that of each server afterwards."""

    what: str
    seconds: float
    command: int
    servers: dict[str, int]


class Scale:
    """A large platform on its way into a cluster, and the costs of each step."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = folder / "dist" / "plain" / "operational"
        self.steps: list[Step] = []
        self.manifests: tuple[Manifest, ...] = ()
        self._clock = Clock()

    def step(self, what: str, command: int = 0, plane: ControlPlane | None = None) -> None:
        """This is done."""
        self._clock.lap(what)
        servers = plane.servers.items() if plane else ()
        held = {name: costs.mebibytes(server.process.pid) for name, server in servers}
        self.steps.append(Step(what, self._clock.laps[what], command, held))

    def synth(self) -> Ran:
        """The platform file has become files."""
        description = self.folder / "platform.yaml"
        description.write_text(yaml.safe_dump(platform()), encoding="utf-8")
        command = [SCRIPTS / "mistersmith-k8s", "synth", description, "-o", self.folder / "dist"]
        done = ran(command, self.folder / "synth.log")
        self.step("synth with all checks", done.mebibytes)
        self.manifests = live.read(self.files)
        return done

    def kubectl(self, plane: ControlPlane, what: str, *arguments: object) -> Ran:
        """Kubectl has taken all files."""
        command = live.kubectl_command(plane, *arguments, *live.all_of(self.files))
        done = ran(command, self.folder / f"kubectl-{arguments[0]}.log", live.variables(plane))
        self.step(what, done.mebibytes, plane)
        return done

    def run(self, plane: ControlPlane, what: str) -> None:
        """Every replica is available."""
        left = workloads(self.manifests)
        eventually(what, lambda: everything(plane, left), SECONDS)
        self.step(what, 0, plane)


def everything(plane: ControlPlane, left: list[Manifest]) -> bool:
    """Whether all are rolled out; those that are need not be asked again."""
    while left and rolled_out(plane.api, left[-1]):
        left.pop()
    return not left


def platform() -> dict[str, Any]:
    """A hundred pools, with quotas that hold them."""
    much = {"cpu": "2000", "memory": "4Ti"}
    quota = {"requests": much, "limits": much, "pods": 2 * POOLS * REPLICAS, "services": 2 * POOLS}
    return {
        "storage_class": "gp3",
        "workers": {f"pool-{number}": {"replicas": REPLICAS} for number in range(POOLS)},
        "quotas": {"workload": quota},
    }
