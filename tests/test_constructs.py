"""The library in the charts of others."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import cdk8s
import yaml

from charts.examples.research import PLATFORM, Research
from mistersmith_k8s.checks import run
from mistersmith_k8s.checks.world import Object
from mistersmith_k8s.components.nats import NatsSpec
from mistersmith_k8s.components.orchestrator import OrchestratorSpec
from mistersmith_k8s.components.postgres import PostgresSpec
from mistersmith_k8s.components.redis import RedisSpec
from mistersmith_k8s.connectivity import connections, render_txt, universe
from mistersmith_k8s.constructs import MisterSmith, Nats, Orchestrator, Postgres, Redis, mount
from mistersmith_k8s.platform import render

ROOT = Path(__file__).parents[1]


def test_the_research_chart_joins_the_platform() -> None:
    """Its pool and its bot reach what they need, both policy sides included, and no more."""
    chart = Research(cdk8s.Testing.app(), "research")
    lines = render_txt(connections(universe([*render(PLATFORM), *chart.to_json()]))).splitlines()
    pool = "mister-smith-workload/mister-smith-research[Deployment]"
    boss = "mister-smith-system/mister-smith-orchestrator[Deployment]"
    nats = "mister-smith-system/nats[StatefulSet]"
    ours = {line for line in lines if pool in line or "research/bot" in line}
    assert {line for line in ours if "External" not in line} == {
        f"{pool} => {boss} : TCP 8080,9090",
        f"{pool} => {nats} : TCP 4222",
        f"{pool} => mister-smith-data/postgres[StatefulSet] : TCP 5432",
        f"{pool} => mister-smith-data/redis[StatefulSet] : TCP 6379",
        f"{boss} => {pool} : TCP 8081",
        f"research/bot[Deployment] => {nats} : TCP 4222",
    }
    assert {line for line in ours if "External" in line} == set()


def test_the_research_chart_runs_as_an_app(tmp_path: Path) -> None:
    """`python -m charts.examples.research` is what `cdk8s synth` would call."""
    env = {**os.environ, "CDK8S_OUTDIR": str(tmp_path)}
    command = [sys.executable, "-m", "charts.examples.research"]
    subprocess.run(command, cwd=ROOT, env=env, check=True)
    (file,) = tmp_path.iterdir()
    kinds = [document["kind"] for document in yaml.safe_load_all(file.read_text())]
    assert kinds.count("Deployment") == 2
    assert kinds.count("NetworkPolicy") == 9


def test_together_with_the_platform_it_passes_every_check() -> None:
    """What joins a platform is held to the same checks; the bot is its author's own."""
    chart = Research(cdk8s.Testing.app(), "research")
    ours = [o for o in chart.to_json() if o["metadata"].get("namespace") != "research"]
    assert [str(f) for f in run(map(Object, [*render(PLATFORM), *ours]))] == []


def test_each_component_mounts_alone() -> None:
    """A component's construct is its part of the whole platform."""
    whole = render(PLATFORM)
    chart = cdk8s.Testing.chart()
    Orchestrator(chart, "orchestrator", PLATFORM.orchestrator, PLATFORM)
    assert [part for part in chart.to_json() if part not in whole] == []


def test_components_need_no_platform() -> None:
    """Without one they join the default, in validation."""
    chart = cdk8s.Testing.chart()
    Orchestrator(chart, "orchestrator", OrchestratorSpec(replicas=5))
    Nats(chart, "nats", NatsSpec())
    Redis(chart, "redis", RedisSpec())
    Postgres(chart, "postgres", PostgresSpec())
    workloads: dict[str, Any] = {
        o["metadata"]["name"]: o
        for o in chart.to_json()
        if o["kind"] in {"Deployment", "StatefulSet"}
    }
    assert set(workloads) == {"mister-smith-orchestrator", "nats", "redis", "postgres"}
    assert workloads["mister-smith-orchestrator"]["spec"]["replicas"] == 5


def test_an_author_patches_what_is_mounted() -> None:
    """The construct tree, JSON patches and metadata are as in any chart."""
    chart = cdk8s.Testing.chart()
    platform = MisterSmith(chart, "platform", PLATFORM)
    (boss,) = [o for o in platform.objects if o.kind == "Deployment" and "orch" in o.name]
    boss.add_json_patch(cdk8s.JsonPatch.replace("/spec/replicas", 7))
    boss.metadata.add_label("team", "core")
    (patched,) = [
        o
        for o in chart.to_json()
        if o["metadata"]["name"] == boss.name and o["kind"] == "Deployment"
    ]
    assert patched["spec"]["replicas"] == 7
    assert patched["metadata"]["labels"]["team"] == "core"


def test_metadata_that_cdk8s_does_not_know_is_kept() -> None:
    """Finalizers and owner references arrive; a data key with a slash too."""
    manifest = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "finalizers": ["example.com/keep"]},
        "data": {"x": "1"},
        "odd/key~": {},
    }
    chart = cdk8s.Testing.chart()
    mount(chart, [manifest])
    assert chart.to_json() == [manifest]


AUTHOR = """
from mistersmith_k8s import OrchestratorSpec, WorkerPoolSpec, Quantity

OrchestratorSpec(replica=3)
WorkerPoolSpec(concurrency="4")
WorkerPoolSpec(workspace_size="1Gi")
WorkerPoolSpec(workspace_size=Quantity("1Gi"))
"""


def test_a_wrong_field_is_a_type_error_at_the_authors_line(tmp_path: Path) -> None:
    """Mypy shows what would be refused at run time, before it runs."""
    file = tmp_path / "author.py"
    file.write_text(AUTHOR)
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    lines = [line.rpartition("author.py:")[2] for line in done.stdout.splitlines()]
    assert [line.split(" ")[0] for line in lines if "error" in line] == ["4:", "5:", "6:"]
    assert 'Unexpected keyword argument "replica"' in lines[0]
