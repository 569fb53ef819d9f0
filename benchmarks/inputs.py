"""What the benchmarks work on, made anew for each run."""

from __future__ import annotations

import json
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import yaml

from imports import kubeconform
from imports.bundle import kinds
from imports.upstream import closure, definitions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

MINOR = "1.37"
EMPTY_APP = "from cdk8s import App\n\nApp().synth()\n"
PLENTY = {"cpu": "1M", "memory": "1Pi"}  # a quota that no benchmark fills


def write_complete_schemas(folder: Path) -> None:
    """One file a kind with all that the kind needs: what kubeconform loads quickest."""
    folder.mkdir()
    tables = definitions()[MINOR]
    for (version, kind), name in kinds(tables).items():
        needed = {part: tables[part] for part in sorted(closure(tables, name))}
        schema = {"$ref": f"#/$defs/{name}", "$defs": needed}
        path = folder / kubeconform.file_name(version, kind)
        path.write_text(json.dumps(schema), encoding="utf-8")


def write_shared_schemas(folder: Path) -> None:
    """One file a kind, all referring to one file of definitions: what our own tests use."""
    kubeconform.write(folder, MINOR)


def write_objects(folder: Path, manifests: Iterable[Mapping[str, Any]]) -> None:
    """The folder holds the manifests, one a file."""
    folder.mkdir()
    for number, manifest in enumerate(manifests):
        text = yaml.safe_dump(manifest)
        (folder / f"{number:05}.yaml").write_text(text, encoding="utf-8")


def varied(manifests: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The manifests, one of each kind before a second of any."""
    by_kind: dict[str, list[Mapping[str, Any]]] = {}
    for manifest in manifests:
        by_kind.setdefault(manifest["kind"], []).append(manifest)
    return [one for turn in zip_longest(*by_kind.values()) for one in turn if one]


def manifests_in(folder: Path) -> list[dict[str, Any]]:
    """Every manifest below a folder of YAML files."""
    files = (path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.yaml")))
    return [manifest for text in files for manifest in yaml.safe_load_all(text) if manifest]


def write_platform(path: Path, pools: int) -> None:
    """The file describes a platform with as many worker pools as asked."""
    hard = {"requests": PLENTY, "limits": PLENTY}
    description = {
        "workers": {f"pool-{number}": {"replicas": 1} for number in range(pools)},
        "quotas": {"workload": hard},
        "environments": {"experimental": {}},
    }
    path.write_text(json.dumps(description, indent=2), encoding="utf-8")
