"""What a run does to a folder, decided before it touches anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mistersmith_k8s.write import folder
from mistersmith_k8s.write.index import Index, WriteError, digest, free, index_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

SHOWN = 10
"""Lines of an error that somebody reads."""


class Plan(NamedTuple):
    """What a run does to a folder, decided before it touches anything."""

    writes: Mapping[str, bytes]
    removals: tuple[str, ...]
    unchanged: tuple[str, ...]
    kept: tuple[str, ...]
    before: Index
    after: Index


def wanted_files(files: Mapping[str, str | bytes]) -> dict[str, bytes]:
    """The files by path, sorted, as bytes; no path leaves the folder or meets another."""
    seen: dict[str, tuple[str, str]] = {}
    for path in sorted(files):
        if not free(path):
            raise WriteError(
                f"{path!r} is no path of a file. Use a relative path such as a/b.yaml."
            )
        for place in folder.places(path):
            here = ("file" if place == path else "folder", place)
            other = seen.setdefault(place.casefold(), here)
            if other != here:
                raise WriteError(f"{path} collides with the {' '.join(other)}. Rename one of them.")
    return {path: _bytes(files[path]) for path in sorted(files)}


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def planned(root: Path, wanted: Mapping[str, bytes]) -> Plan:
    """What a run would do. Reads the folder, changes nothing."""
    index = index_of(root)
    paths = sorted({*index.files, *index.pending, *wanted})
    found = {path: old for path in paths if (old := folder.content(root, path)) is not None}
    ours = {path: digest(old) for path, old in found.items() if index.wrote(path, old)}
    stale = [path for path in found if path not in wanted]
    removals = tuple(path for path in stale if path in ours)
    leaving = {*removals, *index.folders, *map(folder.temporary, index.pending)}
    _refuse(folder.obstacle(root, path, leaving) for path in wanted)
    writes = {path: new for path, new in wanted.items() if found.get(path) != new}
    _refuse(
        f"{root / path} has other content and was not written by this tool"
        for path in writes
        if path in found and path not in ours and path not in index.files
    )
    kept = tuple(path for path in stale if path in index.files and path not in ours)
    after = {path: digest(new) for path, new in wanted.items()}
    return Plan(
        writes=writes,
        removals=removals,
        unchanged=tuple(path for path in wanted if path not in writes),
        kept=kept,
        before=index._replace(files={**index.files, **ours}),
        after=Index(after | {path: index.files[path] for path in kept}, pending={}),
    )


def _refuse(reasons: Iterable[str]) -> None:
    """Raises what stands against a run, if anything does."""
    lines = [f"{reason}. Move it away, or choose another folder." for reason in reasons if reason]
    if lines:
        more = [f"And {len(lines) - SHOWN} more."] if len(lines) > SHOWN else []
        raise WriteError("\n".join(lines[:SHOWN] + more))
