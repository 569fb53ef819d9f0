from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import cdk8s
import pytest
from hypothesis import given, settings

from imports.kubeconform import LOCATION
from imports.kubeconform import write as write_schemas
from mistersmith_k8s.checks import run
from mistersmith_k8s.checks.finding import Severity
from mistersmith_k8s.checks.world import Object
from mistersmith_k8s.constructs import MisterSmith
from mistersmith_k8s.description import platforms
from mistersmith_k8s.emit import emit
from mistersmith_k8s.manifest import manifests
from mistersmith_k8s.platform import Environment, PlatformSpec, render
from mistersmith_k8s.platform_file import load_platforms
from mistersmith_k8s.schemas import MINORS
from mistersmith_k8s.spec import SpecError
from tests.ledger.frame import PLATFORM, reference
from tests.strategies import PLATFORM_FILES

ROOT = Path(__file__).parents[1]
ENVIRONMENTS = list(Environment)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_shell_is_the_identity(environment: Environment) -> None:
    """What a chart gives back is what was rendered, to the byte once it is written."""
    chart = cdk8s.Testing.chart()
    MisterSmith(chart, "platform", load_platforms(PLATFORM)[environment])
    mounted, rendered = chart.to_json(), list(reference()[environment].manifests)
    assert mounted == rendered
    assert emit(mounted) == emit(rendered)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_rendering_is_a_function(environment: Environment) -> None:
    """The same spec gives equal manifests that share nothing, without a None."""
    spec = load_platforms(PLATFORM)[environment]
    first, second = render(spec), render(spec)
    assert first == second
    assert emit(first) == emit(second)
    assert _parts(first) & _parts(second) == set()
    assert list(manifests(first)) == list(first)


def _parts(value: object) -> set[int]:
    """The identities of all mappings and lists inside a value."""
    if isinstance(value, dict):
        return {id(value)}.union(*map(_parts, value.values()))
    if isinstance(value, list | tuple):
        return {id(value)}.union(*map(_parts, value))
    return set()


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_shipped_environment_passes_every_check(environment: Environment) -> None:
    """No finding of any severity."""
    assert [str(f) for f in run(map(Object, reference()[environment].manifests), MINORS)] == []


@pytest.mark.parametrize("minor", MINORS)
def test_kubeconform_accepts_dist(tmp_path: Path, kubeconform: Path, minor: str) -> None:
    """Strictly, with no object skipped, for every minor."""
    write_schemas(tmp_path, minor)
    said = ["-strict", "-summary", "-output", "json"]
    command = [str(kubeconform), *said, "-schema-location", f"{tmp_path}/{LOCATION}", "dist/plain"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    summary = json.loads(done.stdout)["summary"]
    objects = sum(len(rendered.manifests) for rendered in reference().values())
    assert summary == {"valid": objects, "invalid": 0, "errors": 0, "skipped": 0}


def test_the_core_needs_no_node() -> None:
    """Importing the package and rendering a platform imports neither jsii nor cdk8s."""
    code = (
        "import sys, mistersmith_k8s as m;"
        "m.render(m.PlatformSpec(environment=m.Environment.VALIDATION));"
        "print([n for n in ('jsii', 'cdk8s', 'constructs') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


SURROUNDINGS = (
    {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C"},
    {"PYTHONHASHSEED": "4711", "TZ": "Asia/Kathmandu", "LC_ALL": "C.UTF-8"},
)


def test_the_same_file_gives_the_same_bytes_everywhere(tmp_path: Path) -> None:
    """Hash seeds, time zones, locales and working directories change nothing in dist/."""
    trees = []
    for number, surroundings in enumerate(SURROUNDINGS):
        home = tmp_path / str(number)
        home.mkdir()
        command = [sys.executable, "-m", "mistersmith_k8s", "synth", str(PLATFORM), "-o", "out"]
        env = {**os.environ, **surroundings}
        subprocess.run(command, cwd=home, env=env, check=True, capture_output=True)
        trees.append(_tree(home / "out"))
    assert trees[0] == trees[1] == _tree(ROOT / "dist")


def test_cdk8s_synth_writes_the_same_bytes(tmp_path: Path, cdk8s_cli: Path) -> None:
    """The road through the construct tree ends where the short one does."""
    app = f"{sys.executable} -m charts"
    command = [str(cdk8s_cli), "synth", "--app", app, "--output", str(tmp_path / "out")]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    assert _tree(tmp_path / "out") == _tree(ROOT / "dist")


def _tree(folder: Path) -> dict[str, bytes]:
    """The bytes of every file below a folder."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@settings(deadline=None, derandomize=True, max_examples=60)
@given(file=PLATFORM_FILES)
def test_what_loads_renders_valid_manifests(file: dict[str, Any]) -> None:
    """Any description is refused as a whole, or gives manifests without an error."""
    for spec in _loaded(file).values():
        found = run(map(Object, render(spec)), MINORS)
        assert [str(f) for f in found if f.severity is Severity.ERROR] == []


def _loaded(file: dict[str, Any]) -> dict[Environment, PlatformSpec]:
    """The platforms of a description, none where it is refused."""
    try:
        return platforms(file)
    except SpecError:
        return {}
