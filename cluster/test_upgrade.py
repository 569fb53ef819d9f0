from __future__ import annotations

import io
import subprocess
import zipfile
from typing import TYPE_CHECKING

import pytest

from cluster.live import APPLY, DIST, ENVIRONMENTS, all_of, kubectl, prepared, read
from cluster.workloads import await_rollouts
from tools import pins

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_what_ran_before_becomes_what_ships_now(environment: str, tmp_path: Path) -> None:
    """No field that is to stay as it was has changed since the last dist/ that was committed."""
    assert git("rev-parse", "--is-shallow-repository") == b"false\n", "git fetch --unshallow"
    before = previous(environment, tmp_path)
    now = DIST / "plain" / environment
    folder = tmp_path / "plane"
    folder.mkdir()
    with prepared(folder) as plane:
        for files in (before, now):
            said = kubectl(plane, *APPLY, *all_of(files))
            assert (said.status, said.complaints) == (0, ""), files
            await_rollouts(plane.api, read(files))


def previous(environment: str, folder: Path) -> Path:
    """The files of an environment as they were before they last changed."""
    path = f"dist/plain/{environment}"
    changed = git("status", "--porcelain", "--", path)
    commits = git("log", "--format=%H", "-2", "--", path).decode().split()
    archive = git("archive", "--format=zip", commits[0] if changed else commits[-1], path)
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        files.extractall(folder)
    return folder / path


def git(*arguments: str) -> bytes:
    """What Git says of this repository."""
    command = ["git", *arguments]
    return subprocess.run(command, cwd=pins.ROOT, capture_output=True, check=True).stdout
