from __future__ import annotations

from typing import TYPE_CHECKING

from cluster.scale import POOLS, REPLICAS, measured

if TYPE_CHECKING:
    from pathlib import Path

SYSTEM_PODS = 3 + 3 + 1 + 1  # orchestrator, NATS, Redis, PostgreSQL


def test_a_hundred_pools_run(tmp_path: Path) -> None:
    """A thousand agents, from one description to the last available pod."""
    scale = measured(tmp_path)
    print(scale.seconds, scale.mebibytes)
    assert (scale.applied.status, scale.applied.complaints) == (0, "")
    assert scale.pods == POOLS * REPLICAS + SYSTEM_PODS
