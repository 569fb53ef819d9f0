"""The index of a folder: which files in it are ours, and what we wrote into them."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, NamedTuple

from mistersmith_k8s.write import folder

if TYPE_CHECKING:
    from pathlib import Path

INDEX = ".mistersmith-k8s.json"
WRITTEN_BY = "mistersmith-k8s"


class WriteError(Exception):
    """A folder that cannot be written as asked, and why, a line for each reason."""


class Index(NamedTuple):
    """The files that we wrote, by path, with the SHA-256 of what we wrote.

    `pending` is what an unfinished run set out to write: each file may be there or not.
    """

    files: dict[str, str]
    pending: dict[str, str]

    def wrote(self, path: str, content: bytes) -> bool:
        """Whether we wrote just this content under the path."""
        return digest(content) in {self.files.get(path), self.pending.get(path)}

    @property
    def folders(self) -> set[str]:
        """Each folder of our files, with a slash at its end."""
        paths = (*self.files, *self.pending)
        return {f"{place}/" for path in paths for place in folder.places(path)[:-1]}

    @property
    def content(self) -> bytes:
        """The index as it stands in the folder."""
        parts = {"files": self.files, "pending": self.pending}
        body = {name: dict(sorted(part.items())) for name, part in parts.items() if part}
        return (json.dumps({"written-by": WRITTEN_BY} | body, indent=2) + "\n").encode()


def digest(content: bytes) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def index_of(root: Path) -> Index:
    """The index of the folder; empty if there is none."""
    content = folder.content(root, INDEX)
    if content is None and not folder.mode(root / INDEX):
        return Index({}, {})
    try:
        data = json.loads(content or b"")
    except (ValueError, RecursionError):
        data = None
    parts = {**data} if isinstance(data, dict) else {}
    if parts.pop("written-by", None) != WRITTEN_BY or not all(map(_is_part, parts.items())):
        raise WriteError(
            f"{root / INDEX} is no index of this tool. Restore it, or remove it together with the "
            "files that it should name."
        )
    return Index(parts.get("files", {}), parts.get("pending", {}))


def _is_part(item: tuple[str, object]) -> bool:
    """Whether the item is a part of an index: paths of files with their hashes."""
    name, hashes = item
    return (
        name in Index._fields
        and isinstance(hashes, dict)
        and all(isinstance(value, str) and free(path) for path, value in hashes.items())
    )


def free(path: str) -> bool:
    """Whether a file of ours can have the path: it is in the folder and is not the index."""
    return folder.inside(path) and path != INDEX
