"""What a validation looks at: files, folders, globs, standard input, kustomizations.

Objects that belong together form a group: cross-object checks see one group at a time.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mistersmith_k8s.checks.finding import Finding, Severity
from mistersmith_k8s.checks.world import Object
from mistersmith_k8s.manifest import ObjectRef
from mistersmith_k8s.reading import Document, ReadError, expand, read_bytes

SUFFIXES = (".yaml", ".yml", ".json")
# Source: sigs.k8s.io/kustomize/api/konfig, `RecognizedKustomizationFileNames`.
KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
BUILDERS = (("kustomize", "build"), ("kubectl", "kustomize"))
OWN_INDEX = ".mistersmith-k8s.json"
NOTHING = ObjectRef("", "", "", "")


class InputError(ValueError):
    """An input that is not there or cannot be used: which, why, and what to do."""


class Group(NamedTuple):
    """Objects that are applied together, by where they come from; what could not be read."""

    name: str
    objects: tuple[Object, ...]
    unread: tuple[Finding, ...]
    files: int


def groups(paths: Sequence[str]) -> list[Group]:
    """The objects below some paths; loose files of all paths form one group.

    Raises:
        InputError: a path does not exist, holds no manifests, or needs kustomize where there
            is none.
    """
    loose: list[Path] = []
    made: list[Group] = []
    for path in paths:
        if path == "-":
            made.append(_group(path, [("<stdin>", sys.stdin.buffer.read())], 1))
            continue
        for found in _existing(path):
            _sort_in(found, loose, made)
    files = list(dict.fromkeys(loose))
    if files:
        made.insert(0, _group(", ".join(paths), _contents(files), len(files)))
    return made


def _existing(path: str) -> list[Path]:
    if Path(path).exists():
        return [Path(path)]
    matches = sorted(Path().glob(path)) if not Path(path).is_absolute() and _is_glob(path) else []
    if not matches:
        message = f"{path}: no such file or folder. Check the path."
        raise InputError(message)
    return matches


def _is_glob(path: str) -> bool:
    return any(sign in path for sign in "*?[")


def _sort_in(path: Path, loose: list[Path], made: list[Group]) -> None:
    """A file is loose, a kustomization is built, a folder is walked."""
    if path.is_file():
        loose.append(path)
    elif _is_kustomization(path):
        made.append(_built(path))
    elif (path / OWN_INDEX).is_file():
        made.extend(_own(path))
    else:
        _walk(path, loose, made)


def _walk(folder: Path, loose: list[Path], made: list[Group]) -> None:
    kustomizations = [p for p in (folder, *_folders(folder)) if _is_kustomization(p)]
    inside = [f for f in _manifests(folder) if not any(k in f.parents for k in kustomizations)]
    if not inside and not kustomizations:
        message = f"{folder}: holds no {', '.join(SUFFIXES)} file. Name another folder."
        raise InputError(message)
    loose.extend(inside)
    made.extend(_built_or_said(root) for root in _roots(kustomizations))


def _own(folder: Path) -> Iterator[Group]:
    """Each environment that synth wrote is applied on its own, plain or as an overlay."""
    for environment in sorted(p for p in folder.glob("plain/*") if p.is_dir()):
        files = _manifests(environment)
        yield _group(str(environment), _contents(files), len(files))
    for overlay in sorted(p for p in folder.glob("kustomize/overlays/*") if p.is_dir()):
        yield _built_or_said(overlay)


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_dir() and not _hidden(path, folder))


def _manifests(folder: Path) -> list[Path]:
    found = (path for path in folder.rglob("*") if path.suffix in SUFFIXES)
    return sorted(path for path in found if path.is_file() and not _hidden(path, folder))


def _hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _is_kustomization(folder: Path) -> bool:
    return folder.is_dir() and any((folder / name).is_file() for name in KUSTOMIZATIONS)


def _roots(kustomizations: Sequence[Path]) -> list[Path]:
    """The kustomizations that no other one includes, less components: those build nothing."""
    included: set[Path] = set()
    components: set[Path] = set()
    for folder in kustomizations:
        said = _said(folder)
        names = [n for key in ("resources", "bases", "components") for n in said.get(key) or ()]
        included |= {(folder / name).resolve() for name in names if isinstance(name, str)}
        components |= {folder} if said.get("kind") == "Component" else set()
    return [k for k in kustomizations if k.resolve() not in included and k not in components]


def _said(folder: Path) -> Mapping[str, Any]:
    file = next(folder / name for name in KUSTOMIZATIONS if (folder / name).is_file())
    try:
        documents = read_bytes(file.read_bytes(), str(file))
    except (ReadError, OSError):
        return {}
    value = documents[0].value if documents else None
    return value if isinstance(value, Mapping) else {}


def _built_or_said(folder: Path) -> Group:
    """The built kustomization, or the word that it could not be built."""
    try:
        return _built(folder)
    except InputError as error:
        said = Finding("unread", Severity.NOT_CHECKED, NOTHING, (), str(error), "", str(folder))
        return Group(str(folder), (), (said,), 1)


def _built(folder: Path) -> Group:
    builder = next((words for words in BUILDERS if shutil.which(words[0])), None)
    if builder is None:
        message = (
            f"{folder}: is a kustomization, and neither kustomize nor kubectl is on PATH. "
            "Install one of them, or validate its built output from standard input."
        )
        raise InputError(message)
    done = subprocess.run([*builder, str(folder)], capture_output=True, check=False)
    if done.returncode:
        said = " ".join(done.stderr.decode(errors="replace").split())
        message = f"{folder}: {' '.join(builder)} failed: {said}"
        raise InputError(message)
    return _group(str(folder), [(str(folder), done.stdout)], 1, lines=False)


def _contents(files: Iterable[Path]) -> Iterator[tuple[str, bytes]]:
    for file in files:
        try:
            yield str(file), file.read_bytes()
        except OSError as error:
            message = f"{file}: cannot be read: {error.strerror}."
            raise InputError(message) from None


def _group(
    source: str, contents: Iterable[tuple[str, bytes]], files: int, *, lines: bool = True
) -> Group:
    objects: list[Object] = []
    unread: list[Finding] = []
    for name, content in contents:
        try:
            for document in read_bytes(content, name):
                _take(document, objects, unread, lines=lines)
        except ReadError as error:
            unread.append(_unread(error))
    return Group(source, tuple(objects), tuple(unread), files)


def _take(document: Document, objects: list[Object], unread: list[Finding], *, lines: bool) -> None:
    for value, prefix in expand(document):
        if not isinstance(value, Mapping):
            found = json.dumps(value, default=str)[:40]
            message = f"is no object but {found}"
            mend = "Write a mapping with apiVersion, kind and metadata."
            line = document.line_of(prefix) if lines else None
            where = (NOTHING, prefix, message, mend, document.file, line)
            unread.append(Finding("unread", Severity.ERROR, *where))
            continue

        def line_of(path: tuple[str | int, ...], prefix: tuple[str | int, ...] = prefix) -> int:
            return document.line_of((*prefix, *path))

        objects.append(Object(value, document.file, line_of if lines else None))


def _unread(error: ReadError) -> Finding:
    return Finding(
        "unread",
        Severity.ERROR,
        NOTHING,
        (),
        error.message,
        error.remediation,
        error.file,
        error.line or None,
    )
