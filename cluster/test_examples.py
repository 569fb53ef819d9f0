from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from cluster.live import APPLY, DIFF, all_of, live, read
from cluster.workloads import await_rollouts, events, workloads
from tools import pins

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cluster.live import Live

FOLDER = pins.ROOT / "charts" / "examples"
EXAMPLES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The platform that the examples join."""
    with live("operational", "plain", tmp_path_factory.mktemp("platform")) as cluster:
        yield cluster


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_joins_the_running_platform(platform: Live, name: str, tmp_path: Path) -> None:
    """What another team's chart writes is taken, comes up, and stays as it was written."""
    command = [sys.executable, "-m", f"charts.examples.{name}"]
    environment = {**os.environ, "CDK8S_OUTDIR": str(tmp_path), "JSII_NODE": str(pins.NODE)}
    subprocess.run(command, cwd=pins.ROOT, env=environment, check=True)
    manifests = read(tmp_path)
    metadata = {"name": name}  # the other team's own namespace, which is there before its chart
    platform.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    applied = platform.kubectl(*APPLY, *all_of(tmp_path))
    assert (applied.status, applied.complaints) == (0, "")
    assert len(workloads(manifests)) >= 1
    await_rollouts(platform.api, [*manifests, *platform.manifests])
    assert events(platform.api, "FailedCreate") == []
    unchanged = platform.kubectl(*DIFF, *all_of(tmp_path))
    assert (unchanged.status, unchanged.complaints, unchanged.result) == (0, "", "")
