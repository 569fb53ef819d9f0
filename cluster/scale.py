"""A large platform in a cluster: how long each step takes, and how much memory the servers."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cluster import live
from cluster.control_plane import ControlPlane
from cluster.processes import eventually
from cluster.workloads import rolled_out, workloads
from mistersmith_k8s.components.governance import QuotasSpec
from mistersmith_k8s.components.workers import WorkerPoolSpec
from mistersmith_k8s.emit import emit
from mistersmith_k8s.layouts import lay_out
from mistersmith_k8s.platform import Environment, PlatformSpec, render
from mistersmith_k8s.primitives import Label
from mistersmith_k8s.quantity import Quantity
from mistersmith_k8s.tiers import Amounts

if TYPE_CHECKING:
    from cluster.live import Said
    from mistersmith_k8s.manifest import Manifest

POOLS = 100
REPLICAS = 10
NODES_IN_ZONE = 25
SECONDS = 600
MEBIBYTE = 1024  # in the kibibytes of /proc


class Scale(NamedTuple):
    """What became of a large platform."""

    objects: int
    pods: int
    applied: Said
    seconds: dict[str, float]
    mebibytes: dict[str, int]


def measured(folder: Path) -> Scale:
    """A hundred pools of ten, rendered, applied and run.

    Raises:
        TooLateError: not everything ran in time.
    """
    clock = Clock()
    manifests = render(platform())
    files = lay_out({"operational": manifests}, ["plain"])
    for path, content in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content if isinstance(content, str) else emit(content), encoding="utf-8")
    clock.lap("render and write")
    plane_folder = folder / "plane"
    plane_folder.mkdir()
    with live.prepared(plane_folder, NODES_IN_ZONE) as plane:
        clock.lap("start the control plane and its nodes")
        target = folder / "plain" / "operational"
        applied = live.kubectl(plane, *live.APPLY, "--recursive", "--filename", target)
        clock.lap("apply")
        left = workloads(manifests)
        eventually("everything runs", lambda: everything(plane, left), SECONDS)
        clock.lap("until every pod is available")
        pods = len(plane.api.list("v1", "Pod"))
        memory = {name: resident(server.process.pid) for name, server in plane.servers.items()}
    return Scale(len(manifests), pods, applied, clock.laps, memory)


def everything(plane: ControlPlane, left: list[Manifest]) -> bool:
    """Whether all are rolled out; those that are need not be asked again."""
    while left and rolled_out(plane.api, left[-1]):
        left.pop()
    return not left


def platform() -> PlatformSpec:
    """A hundred pools, with quotas that hold them."""
    pool = WorkerPoolSpec(replicas=REPLICAS)
    much = Amounts(cpu=Quantity("1000"), memory=Quantity("2Ti"))
    quotas = QuotasSpec()
    workload = quotas.workload.but(
        requests=much, limits=much, pods=2 * POOLS * REPLICAS, services=2 * POOLS
    )
    return PlatformSpec(
        environment=Environment.VALIDATION,
        workers={Label(f"pool-{number}"): pool for number in range(POOLS)},
        quotas=quotas.but(workload=workload),
    )


class Clock:
    """Seconds since the last lap, by the name of what took them."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.monotonic()

    def lap(self, name: str) -> None:
        """This took the time since the last lap."""
        now = time.monotonic()
        self.laps[name] = now - self._last
        self._last = now


def resident(process: int) -> int:
    """The memory that a process holds, in mebibytes."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    (size,) = [line.split()[1] for line in lines if line.startswith("VmRSS:")]
    return int(size) // MEBIBYTE
