"""Manifests from files: YAML and JSON as Kubernetes reads them, with lines for whoever asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mistersmith_k8s.reading.decoded import decoded
from mistersmith_k8s.reading.document import Document
from mistersmith_k8s.reading.error import ReadError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO

__all__ = ["MOST_BYTES", "Document", "ReadError", "expand"]
__all__ += ["read_bytes", "read_documents", "read_file", "read_stream"]

MOST_BYTES = 100_000_000
"""The largest file that is read: some 40,000 objects."""

PIECE_BYTES = 1 << 16
"""What is read at once: Python reserves all that a read may return, most files are far smaller."""


def read_file(path: Path, *, most_bytes: int = MOST_BYTES) -> list[Document]:
    """The documents of a file, empty ones left out.

    Raises:
        ReadError: there is no such file, it is too large, or it is neither YAML nor JSON.
    """
    try:
        with path.open("rb") as stream:
            content = read_stream(stream, most_bytes)
    except OSError as error:
        raise ReadError(str(path), 0, f"cannot be read: {error.strerror}", "Name a file") from None
    return read_bytes(content, str(path), most_bytes=most_bytes)


def read_stream(stream: IO[bytes], most_bytes: int = MOST_BYTES) -> bytes:
    """What a stream holds, as far as it is needed to know that it is too much."""
    pieces, left = [], most_bytes + 1
    while left and (piece := stream.read(min(left, PIECE_BYTES))):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def read_bytes(content: bytes, file: str, *, most_bytes: int = MOST_BYTES) -> list[Document]:
    """The documents of what a file contains, empty ones left out; `file` is its name in errors.

    Raises:
        ReadError: the content is too large, or neither YAML nor JSON.
    """
    if len(content) > most_bytes:
        limit = f"{most_bytes / 1e6:g} MB"
        raise ReadError(file, 0, f"is larger than {limit}, the most that is read", "Split it")
    return read_documents(decoded(content, file), file)


def read_documents(text: str, file: str) -> list[Document]:
    """The documents of a text, empty ones left out.

    Raises:
        ReadError: the text is neither YAML nor JSON.
    """
    from mistersmith_k8s.reading import json_text, yaml_text  # noqa: PLC0415 - of two, one

    found = json_text.documents(text, file) if json_text.looks_like(text) else None
    return [*(yaml_text.documents(text, file) if found is None else found)]


def expand(document: Document) -> Iterator[tuple[Any, tuple[str | int, ...]]]:
    """The objects of a document, each with its path: the items of a List, or the one that it is.

    An item takes the kind and the version that its list implies where it has none.
    Source: k8s.io/apimachinery unstructured, decodeToList.
    """
    yield from _expanded(document.value, ())


def _expanded(
    value: Any, path: tuple[str | int, ...]
) -> Iterator[tuple[Any, tuple[str | int, ...]]]:
    kind = value.get("kind") if isinstance(value, dict) else None
    items = value.get("items") if isinstance(kind, str) and kind.endswith("List") else None
    if not isinstance(items, list) and kind != "List":
        yield value, path
        return
    implied = {"apiVersion": value.get("apiVersion"), "kind": str(kind).removesuffix("List")}
    for index, item in enumerate(items or ()):
        whole = implied["kind"] and isinstance(item, dict) and not item.get("kind")
        yield from _expanded({**item, **implied} if whole else item, (*path, "items", index))
