"""Worlds for the checks: read from YAML, and changed one field at a time."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from mistersmith_k8s.checks import INDEX, examine, load
from mistersmith_k8s.checks.world import Object, Setting, World
from mistersmith_k8s.platform import Environment, PlatformSpec, render
from mistersmith_k8s.primitives import Name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mistersmith_k8s.checks.finding import Finding

FIXTURES = Path(__file__).parent / "fixtures"
Manifest = dict[str, Any]


def documents(text: str) -> list[Manifest]:
    """The manifests of a YAML text, those of lists unpacked."""
    return [item for one in yaml.safe_load_all(text) if one for item in unpacked(one)]


def unpacked(manifest: Manifest) -> Iterator[Manifest]:
    """The manifest, or the items of a list."""
    if str(manifest.get("kind")).endswith("List") and isinstance(manifest.get("items"), list):
        for item in manifest["items"]:
            yield from unpacked(item)
    else:
        yield manifest


def folder(name: str) -> list[Object]:
    """The objects of a folder of fixtures, by file."""
    return [
        Object(manifest, file.name)
        for file in sorted((FIXTURES / name).glob("*.yaml"))
        for manifest in documents(file.read_text(encoding="utf-8"))
    ]


def platform(environment: Environment = Environment.OPERATIONAL) -> list[Manifest]:
    """Fresh manifests of our own platform."""
    spec = PlatformSpec(environment=environment, storage_class=Name("gp3"))
    return [copy.deepcopy(dict(manifest)) for manifest in render(spec)]


def findings(
    manifests: str | Iterable[Mapping[str, Any]], *ids: str, setting: Setting | None = None
) -> list[Finding]:
    """What some checks, or all of them, find in YAML or in manifests."""
    given = documents(manifests) if isinstance(manifests, str) else manifests
    return examine(World(map(Object, given), setting), load(ids or INDEX)).findings


def told(found: Sequence[Finding]) -> list[str]:
    """Severity, object, field and message of findings."""
    return [str(finding) for finding in found]


def at(manifests: Sequence[Manifest], kind: str, name: str, *path: str | int) -> Any:
    """The value at a path of the manifest with this kind and name."""
    value: Any = next(m for m in manifests if (m["kind"], m["metadata"]["name"]) == (kind, name))
    for part in path:
        value = value[part]
    return value
