from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cluster.live import APPLY, DIFF, LAYOUTS, all_of, shipped
from cluster.processes import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from cluster.conftest import Note
    from cluster.live import Live


def test_everything_is_applied_without_error_or_warning(live: Live, note: Note) -> None:
    """The API server takes each object at once, and has nothing to say about it."""
    note("objects", len(live.manifests))
    note("seconds", live.seconds)
    assert (live.applied.status, live.applied.complaints) == (0, "")
    lines = live.applied.result.splitlines()
    assert len(lines) == len(live.manifests)
    assert [line for line in lines if not line.endswith(" serverside-applied")] == []


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_second_apply_changes_nothing(settled: Live, layout: str, tmp_path: Path) -> None:
    """What is written is what the API server keeps, from whichever layout either time."""
    files = all_of(shipped(settled.environment, layout, tmp_path))
    # A controller may write a status between the two looks that kubectl compares.
    eventually("kubectl diff is empty", lambda: settled.kubectl(*DIFF, *files) == (0, "", ""))
    before = generations(settled)
    applied = settled.kubectl(*APPLY, *files)
    assert (applied.status, applied.complaints) == (0, "")
    assert generations(settled) == before


def generations(cluster: Live) -> list[int]:
    """How often the wish of each object has changed, where the server counts that."""
    found = (cluster.api.get(manifest)["metadata"] for manifest in cluster.manifests)
    return [metadata["generation"] for metadata in found if "generation" in metadata]
