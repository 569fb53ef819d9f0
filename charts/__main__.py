"""The cdk8s app that `cdk8s synth` runs: the reference platform, one chart an environment.

It walks the same road as `mistersmith-k8s synth` with the construct tree in the middle, so
whatever a chart author patches below is checked and laid out like everything else.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from mistersmith_k8s.constructs import MisterSmith
from mistersmith_k8s.platform_file import load_platforms
from mistersmith_k8s.synthesis import synth

from cdk8s import App, Chart  # isort: skip - after constructs, which choose Node


if TYPE_CHECKING:
    from mistersmith_k8s.manifest import Manifests


def main() -> None:
    """Mount, take the manifests back, write them where cdk8s wants them."""
    app = App()
    charts = {}
    for name, spec in load_platforms(Path(__file__).with_name("platform.yaml")).items():
        charts[name] = Chart(app, name)
        MisterSmith(charts[name], "platform", spec)
    environments: dict[str, Manifests] = {
        name: tuple(chart.to_json()) for name, chart in charts.items()
    }
    synth(environments, Path(os.environ.get("CDK8S_OUTDIR", "dist")))


main()
