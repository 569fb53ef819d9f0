"""Overlays are true: the real kustomize builds exactly what the plain layout holds."""

from __future__ import annotations

import re
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml_rs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mistersmith_k8s.emit import emit
from mistersmith_k8s.layouts import lay_out
from mistersmith_k8s.layouts.images import slots_of
from mistersmith_k8s.manifest import Manifests, ObjectRef, ref
from mistersmith_k8s.platform import render
from mistersmith_k8s.platform_file import load_platforms
from tests.environments import environment_sets
from tests.strategies import PLATFORM_FILES, is_taken, rendered
from tests.traps import TRAPS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.strategies import Fields

PLATFORM = Path(__file__).parents[1] / "charts" / "platform.yaml"

SEPARATOR = re.compile("^---\n", re.MULTILINE)

ENVIRONMENTS = ("experimental", "validation", "operational")

AT_ONCE = 10
"""Platforms in one build: starting kustomize takes longer than building another one."""

repeatable = settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("trap", TRAPS)
def test_no_trap_catches_an_overlay(kustomize: Path, tmp_path: Path, trap: str) -> None:
    """Where one kind of patch would make something else, another is written."""
    write(tmp_path, TRAPS[trap])
    for name, manifests in TRAPS[trap].items():
        overlay = tmp_path / "kustomize" / "overlays" / name
        assert by_identity(built(kustomize, overlay)) == by_identity(manifests)


@settings(repeatable, max_examples=250)
@given(environments=environment_sets())
def test_an_overlay_builds_what_its_environment_holds(
    kustomize: Path, environments: dict[str, Manifests]
) -> None:
    """Whatever differs between environments, wherever it stands, in whatever kind."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), environments)
        for name, manifests in environments.items():
            overlay = Path(folder, "kustomize/overlays", name)
            assert by_identity(built(kustomize, overlay)) == by_identity(stated(manifests))


@settings(repeatable, max_examples=20)
@given(
    files=st.lists(
        PLATFORM_FILES.filter(is_taken),
        min_size=AT_ONCE,
        max_size=AT_ONCE,
        unique_by=lambda file: file["name"],
    )
)
def test_the_overlays_of_any_platform_are_true(kustomize: Path, files: list[Fields]) -> None:
    """Whatever a platform file describes: 200 of them, ten in one build."""
    made = {file["name"]: rendered(file) for file in files}
    with tempfile.TemporaryDirectory() as folder:
        for name, environments in made.items():
            write(Path(folder, name), environments)
        overlays = [together(Path(folder), environment, made) for environment in ENVIRONMENTS]
        with ThreadPoolExecutor() as threads:
            builds = threads.map(partial(built, kustomize), overlays)
        for environment, objects in zip(ENVIRONMENTS, builds, strict=True):
            expected = [item for platform in made.values() for item in platform[environment]]
            assert by_identity(objects) == by_identity(expected)


def together(folder: Path, environment: str, platforms: Iterable[str]) -> Path:
    """A folder that builds one environment of all platforms."""
    overlays = [f"../{name}/kustomize/overlays/{environment}" for name in platforms]
    kustomization = folder / f"all-{environment}" / "kustomization.yaml"
    kustomization.parent.mkdir()
    kustomization.write_text(emit([{"resources": overlays}]), encoding="utf-8")
    return kustomization.parent


def test_the_shipped_overlays_are_true(kustomize: Path, tmp_path: Path) -> None:
    """Each builds alone to what its environment holds."""
    shipped = shipped_environments()
    write(tmp_path, shipped)
    for name, manifests in shipped.items():
        overlay = tmp_path / "kustomize" / "overlays" / name
        assert by_identity(built(kustomize, overlay)) == by_identity(manifests)


def test_an_image_is_set_as_people_set_images(kustomize: Path, tmp_path: Path) -> None:
    """`kustomize edit set image` reaches every container that runs the image."""
    write(tmp_path, shipped_environments())
    overlay = tmp_path / "kustomize" / "overlays" / "operational"
    name = "ghcr.io/mister-smith/mister-smith-worker"
    command = [str(kustomize), "edit", "set", "image", f"{name}=registry.example:5000/worker:9.9"]

    subprocess.run(command, cwd=overlay, check=True)

    images = [slot.reference for item in built(kustomize, overlay) for slot in slots_of(item)]
    assert [image for image in images if image.startswith(name)] == []
    assert "registry.example:5000/worker:9.9" in images


def test_patches_name_no_image_that_an_overlay_sets() -> None:
    """What differs by image alone needs no patch."""
    files = lay_out(shipped_environments())
    patches = [
        content if isinstance(content, str) else emit(content)
        for path, content in files.items()
        if "/patches/" in path
    ]
    assert [patch for patch in patches if "ghcr.io" in patch] == []


def shipped_environments() -> dict[str, Manifests]:
    """The manifests of the reference platform."""
    return {str(name): render(spec) for name, spec in load_platforms(PLATFORM).items()}


def stated(manifests: Manifests) -> list[dict[str, Any]]:
    """The manifests without the empty annotations that no layout writes."""
    plain = lay_out({"e": manifests}, ("plain",)).values()
    return [manifest for file in plain if not isinstance(file, str) for manifest in file]


def write(folder: Path, environments: Mapping[str, Manifests]) -> None:
    """Write the Kustomize layout below a folder."""
    for path, content in lay_out(environments, ("kustomize",)).items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content if isinstance(content, str) else emit(content), encoding="utf-8")


def built(kustomize: Path, folder: Path) -> list[Any]:
    """What kustomize builds of a folder."""
    command = [str(kustomize), "build", str(folder)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.stderr == ""
    documents = filter(None, SEPARATOR.split(done.stdout))
    return [yaml_rs.loads(document, parse_datetime=False) for document in documents]


def by_identity(manifests: Iterable[Any]) -> dict[ObjectRef, Any]:
    """The manifests as JSON by identity."""
    return {ref(manifest): as_json(manifest) for manifest in manifests}


def as_json(value: Any) -> Any:
    """The value with each scalar beside its JSON type: 1.0 is 1 there, and true is not."""
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    return (float if type(value) is int else type(value), value)
