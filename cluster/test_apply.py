from __future__ import annotations

from typing import TYPE_CHECKING

from cluster.live import APPLY, DIST, built_overlay

if TYPE_CHECKING:
    from pathlib import Path

    from cluster.live import Live


def test_everything_is_applied_without_error_or_warning(live: Live) -> None:
    """The API server takes each object at once, and has nothing to say about it."""
    assert (live.applied.status, live.applied.complaints) == (0, "")
    lines = live.applied.result.splitlines()
    assert len(lines) == len(live.manifests)
    assert [line for line in lines if not line.endswith(" serverside-applied")] == []


def test_a_second_apply_changes_nothing(settled: Live) -> None:
    """What is written is what the API server keeps."""
    files = DIST / "plain" / settled.environment
    said = settled.kubectl(*DIFF, "--recursive", "--filename", files)
    assert (said.status, said.complaints, said.result.splitlines()) == (0, "", [])


def test_the_built_overlay_is_what_was_applied(settled: Live, tmp_path: Path) -> None:
    """Whoever takes the overlay gets the same cluster as whoever takes the plain files."""
    file = tmp_path / "built.yaml"
    file.write_text(built_overlay(settled.environment), encoding="utf-8")
    said = settled.kubectl(*DIFF, "--filename", file)
    assert (said.status, said.complaints, said.result.splitlines()) == (0, "", [])
    applied = settled.kubectl(*APPLY, "--filename", file)
    assert (applied.status, applied.complaints) == (0, "")


DIFF = ("diff", *(argument for argument in APPLY if argument.startswith("--")))
