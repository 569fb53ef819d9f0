"""What stands in a folder, and how a file appears there: whole, or not at all.

Paths are relative to the folder, with `/`. A link is never followed below the folder.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import PurePosixPath
from stat import S_ISDIR, S_ISLNK, S_ISREG
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

TEMPORARY = ".mistersmith-k8s.tmp"


def inside(path: str) -> bool:
    """Whether the path is plain and relative, stays in the folder, and is no temporary file."""
    parts = path.split("/")
    plain = not any(part in {"", ".", ".."} for part in parts) and not {"\0", "\\"} & {*path}
    return plain and not path.endswith(TEMPORARY)


def places(path: str) -> tuple[str, ...]:
    """The folders on the way to a file, outermost first, and the file."""
    return (*map(str, reversed(PurePosixPath(path).parents[:-1])), path)


def content(root: Path, path: str) -> bytes | None:
    """The content of a file in the folder; None if there is none or a link leads to it."""
    file = root / path
    return file.read_bytes() if S_ISREG(mode(file)) and reachable(root, path) else None


def reachable(root: Path, path: str) -> bool:
    """Whether every folder on the way to a file is one, and no link."""
    return all(S_ISDIR(mode(root / folder)) for folder in places(path)[:-1])


def mode(place: Path) -> int:
    """What stands at a place, links not followed; 0 if nothing does."""
    try:
        return place.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return 0


def obstacle(root: Path, path: str, leaving: set[str]) -> str:
    """What is in the way of a file, other than a file and what leaves anyhow."""
    for place in places(path):
        found = mode(root / place)
        fits = S_ISREG(found) if place == path else S_ISDIR(found)
        if found and not fits and not _leaves(root, place, leaving):
            what = "symbolic link" if S_ISLNK(found) else "folder" if S_ISDIR(found) else "file"
            return f"{root / place} is a {what} in the way of {path}"
    return ""


def _leaves(root: Path, place: str, leaving: set[str]) -> bool:
    """Whether nothing stays at a place: a file that leaves, or a folder with nothing else."""
    found = mode(root / place)
    if S_ISDIR(found):
        below = (f"{place}/{entry.name}" for entry in (root / place).iterdir())
        return f"{place}/" in leaving and all(_leaves(root, name, leaving) for name in below)
    return S_ISREG(found) and place in leaving


def sweep(root: Path, paths: Iterable[str]) -> None:
    """What a killed run was in the middle of writing is gone."""
    for path in paths:
        if reachable(root, path):
            (root / temporary(path)).unlink(missing_ok=True)


def prune(root: Path, path: str) -> None:
    """The folders that held a file are gone, as far as they are empty."""
    with contextlib.suppress(OSError):
        for folder in reversed(places(path)[:-1]):
            if reachable(root, f"{folder}/file"):
                (root / folder).rmdir()


def put(file: Path, content: bytes) -> None:
    """The file appears with its content, or stays as it was."""
    draft = file.with_name(temporary(file.name))
    try:
        with draft.open("xb") as stream:
            stream.write(content)
        draft.replace(file)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def temporary(path: str) -> str:
    """Where a file stands until it is whole."""
    return path + TEMPORARY


@contextlib.contextmanager
def alone_in(root: Path) -> Iterator[None]:
    """The folder exists, and no other run writes to it meanwhile; a killed run holds nothing."""
    root.mkdir(parents=True, exist_ok=True)
    folder = os.open(root, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
