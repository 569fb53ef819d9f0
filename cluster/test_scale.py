from __future__ import annotations

from typing import TYPE_CHECKING

from cluster.live import APPLY, DIFF, prepared
from cluster.scale import NODES_IN_ZONE, POOLS, REPLICAS, Scale
from cluster.workloads import events

if TYPE_CHECKING:
    from pathlib import Path

    from cluster.conftest import Note

SYSTEM_PODS = 3 + 3 + 1 + 1  # orchestrator, NATS, Redis, PostgreSQL


def test_a_hundred_pools_run(tmp_path: Path, note: Note) -> None:
    """A thousand agents, from one description to the last available pod."""
    scale = Scale(tmp_path)
    assert scale.synth().status == 0
    folder = tmp_path / "plane"
    folder.mkdir()
    with prepared(folder, NODES_IN_ZONE) as plane:
        scale.step("start of the control plane and its nodes", 0, plane)
        applied = scale.kubectl(plane, "kubectl apply", *APPLY)
        assert applied.status == 0, applied.printed
        assert len(applied.printed.splitlines()) == len(scale.manifests)
        scale.run(plane, "until every pod is available")
        assert len(plane.api.list("v1", "Pod")) == POOLS * REPLICAS + SYSTEM_PODS
        unchanged = scale.kubectl(plane, "kubectl diff, which is empty", *DIFF)
        assert (unchanged.status, unchanged.printed) == (0, "")
        forbidden = [text for text in events(plane.api, "FailedCreate") if "forbidden" in text]
        assert forbidden == []  # a conflict, which is tried again, is not
    note("objects", len(scale.manifests))
    note("pods", POOLS * REPLICAS + SYSTEM_PODS)
    note("steps", [step._asdict() for step in scale.steps])
