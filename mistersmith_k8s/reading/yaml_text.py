"""The documents of a YAML text: by the fast reader where it is sure, by the exact one elsewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.reading import fast
from mistersmith_k8s.reading.decoded import printable
from mistersmith_k8s.reading.document import Document

if TYPE_CHECKING:
    from collections.abc import Iterator

SEPARATOR = re.compile(r"\n---[ ]*(?:(?<=[ ])#[^\n]*)?(?=\n|$)")
UNUSUAL = re.compile(r"\n(?:\.\.\.|%|---(?![ ]*(?:\n|$)|[ ]+#))")
"""Lines that end a document, direct the reader, or begin a document behind the separator."""


def documents(text: str, file: str) -> Iterator[Document]:
    """The documents of a YAML text, empty ones left out.

    Raises:
        ReadError: the text is no YAML, or none that Kubernetes takes.
    """
    body = "\n" + printable(text, file)
    parts = [(text, 1)] if UNUSUAL.search(body) else _parts(body)
    index = 0
    for part, first_line in parts:
        for position, value in enumerate(_values(part, file, first_line)):
            if value is not None:
                yield Document(value, file, index, part, first_line, position)
                index += 1


def _parts(body: str) -> list[tuple[str, int]]:
    """The text of each document, with the number of its first line.

    Each starts with the end of the line before it, which for the first one is line 0.
    """
    pieces = SEPARATOR.split(body)
    parts, line = [], 0
    for piece in pieces:
        parts.append((piece + "\n", line))
        line += piece.count("\n") + 1
    parts[-1] = (pieces[-1], parts[-1][1])
    return [(part, line) for part, line in parts if not part.isspace()]


def _values(text: str, file: str, first_line: int) -> Iterator[Any]:
    if not fast.doubtful(text):
        try:
            yield fast.value(text)
        except fast.DoubtError:
            pass
        else:
            return
    from mistersmith_k8s.reading import exact  # noqa: PLC0415 - costs time that few texts need

    yield from exact.documents(text, file, first_line)
