"""Where manifests lie below the paths that are named: a walk that reads nothing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from mistersmith_k8s.inputs.error import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SUFFIXES = (".yaml", ".yml", ".json")
# Source: sigs.k8s.io/kustomize/api/konfig, `RecognizedKustomizationFileNames`.
KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
OWN_INDEX = ".mistersmith-k8s.json"
CHART = "Chart.yaml"
TEMPLATES = "templates"
OTHERS = frozenset({"node_modules"})
"""Folders of other tools, with thousands of files that are no manifests."""
STDIN = "-"


class Source(NamedTuple):
    """A file; None is standard input. A `walked` one was found in a folder, not named."""

    name: str
    file: Path | None
    walked: bool = False


class Places(NamedTuple):
    """What lies below some paths, each kind of it in the order of its path.

    `named` are the kustomizations that a path names, `kustomizations` those found in a folder;
    `written` are folders that synth wrote, `charts` the Helm charts.
    """

    files: list[Source]
    named: list[Path]
    kustomizations: list[Path]
    written: list[Path]
    charts: list[Path]

    @property
    def size(self) -> int:
        """How much there is."""
        folders = (self.named, self.kustomizations, self.written, self.charts)
        return len(self.files) + sum(map(len, folders))


def places(paths: Sequence[str]) -> Places:
    """What lies below some paths; what is named twice is there once.

    Raises:
        InputError: a path does not exist, cannot be opened, or holds nothing that is read.
    """
    found = Places([], [], [], [], [])
    for path in paths:
        if path == STDIN:
            found.files.append(Source("<stdin>", None))
            continue
        for place in _existing(path):
            _sort_in(place, found)
    return Places(
        _once_each(found.files),
        *(sorted(set(part)) for part in found[1:]),
    )


def _once_each(files: list[Source]) -> list[Source]:
    """Each file once, by name; one that is also named counts as named."""
    by_path: dict[str, Source] = {}
    for source in sorted(files, key=lambda source: (source.name, source.walked)):
        by_path.setdefault(os.path.abspath(source.file or STDIN), source)  # noqa: PTH100 - fast
    return list(by_path.values())


def _existing(path: str) -> list[Path]:
    if os.path.exists(path):  # noqa: PTH110 - a name that no system takes is not there, either
        return [Path(path)]
    matches = sorted(Path(match) for match in _matches(path))
    if not matches:
        message = f"{path}: no such file or folder. Check the path."
        raise InputError(message)
    return matches


def _matches(path: str) -> list[str]:
    from glob import glob, has_magic  # noqa: PLC0415 - most paths are no patterns

    return glob(path, recursive=True) if has_magic(path) else []  # noqa: PTH207 - absolute ones too


def _sort_in(path: Path, found: Places) -> None:
    """A file is a source, a kustomization is built, a folder is walked."""
    if not path.is_dir():
        found.files.append(Source(str(path), path))
    elif any((path / name).is_file() for name in KUSTOMIZATIONS):
        found.named.append(path)
    else:
        before = found.size
        _walk(path, found)
        if found.size == before:
            message = f"{path}: holds no {', '.join(SUFFIXES)} file. Name another folder."
            raise InputError(message)


def _walk(root: Path, found: Places) -> None:
    covered: set[str] = set()  # the folders of a kustomization and below: its build reads them
    for folder, folders, files in os.walk(root, onerror=_refuse):
        below = Path(folder)
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f not in OTHERS)
        if OWN_INDEX in files:
            found.written.append(below)
            folders.clear()
        elif not set(KUSTOMIZATIONS).isdisjoint(files):
            found.kustomizations.append(below)
            covered.update((folder, *_joined(folder, folders)))
        elif folder in covered:
            covered.update(_joined(folder, folders))
        elif CHART in files:
            found.charts.append(below)
            folders[:] = [name for name in folders if name != TEMPLATES]
        else:
            found.files.extend(_sources(below, files))


def _joined(folder: str, names: list[str]) -> Iterator[str]:
    return (os.path.join(folder, name) for name in names)  # noqa: PTH118 - as os.walk does


def _sources(folder: Path, names: list[str]) -> Iterator[Source]:
    for name in names:
        if name.lower().endswith(SUFFIXES) and not name.startswith("."):
            file = folder / name
            yield Source(str(file), file, walked=True)


def _refuse(error: OSError) -> NoReturn:
    message = f"{error.filename}: cannot be opened: {error.strerror}."
    raise InputError(message)
