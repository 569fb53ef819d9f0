"""The documents of a YAML text: by the fast reader where it is sure, by the exact one elsewhere."""

from __future__ import annotations

import contextlib
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
    found = _unusual(text, file) if UNUSUAL.search(body) else _usual(body, file)
    filled = (where for where in found if where[0] is not None)
    for index, (value, part, first_line, position) in enumerate(filled):
        yield Document(value, file, index, part, first_line, position)


Found = tuple[Any, str, int, int]
"""A value, the text that it is in, the first line of that, and which value of the text it is."""


def _unusual(text: str, file: str) -> Iterator[Found]:
    """The documents of a text that only the exact reader can take apart."""
    for position, value in enumerate(_exact(text, file, 1)):
        yield value, text, 1, position


def _usual(body: str, file: str) -> Iterator[Found]:
    for part, first_line in _parts(body):
        yield _value(part, file, first_line), part, first_line, 0


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
    return [(part, line) for part, line in parts if part.strip(" \r\n")]


def _value(text: str, file: str, first_line: int) -> Any:
    """The value of a text that holds one document at most."""
    if not fast.doubtful(text):
        with contextlib.suppress(fast.DoubtError):
            return fast.value(text)
    values = [*_exact(text, file, first_line)]
    return values[0] if values else None


def _exact(text: str, file: str, first_line: int) -> Iterator[Any]:
    from mistersmith_k8s.reading import exact  # noqa: PLC0415 - costs time that few texts need

    return exact.documents(text, file, first_line)
