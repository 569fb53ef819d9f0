"""The documents of a JSON text, one or several, as Kubernetes reads them."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.reading import depth
from mistersmith_k8s.reading.document import HALF_CHARACTER, Document
from mistersmith_k8s.reading.error import TWINS, ReadError
from mistersmith_k8s.reading.scalars import LEAST, MOST

if TYPE_CHECKING:
    from collections.abc import Iterator

SPACE = re.compile(r"[ \t\n\r]*")


class _RefusedError(Exception):
    """JSON that Python reads and Kubernetes does not: why, and what to do."""


def looks_like(text: str) -> bool:
    """Whether the text starts as JSON does; YAML in brackets does so too."""
    return text.lstrip()[:1] in {"{", "["}


def documents(text: str, file: str) -> list[Document] | None:
    """The values of a JSON text, one behind the other; None if it must be YAML.

    Raises:
        ReadError: the text is JSON that Kubernetes refuses, or the file's name says JSON in vain.
    """
    try:
        return list(_documents(text, file))
    except json.JSONDecodeError as error:
        if not file.endswith(".json"):
            return None
        raise ReadError(file, error.lineno, f"is no JSON: {error.msg}", "Mend it there") from None
    except RecursionError:
        raise ReadError(file, 0, depth.TOO_DEEP, "Flatten it") from None


def _documents(text: str, file: str) -> Iterator[Document]:
    start, index = _after_space(text, 0), 0
    line = 1 + text.count("\n", 0, start)
    while start < len(text):
        try:
            value, end = DECODER.raw_decode(text, start)
        except _RefusedError as error:
            raise _refusal(error, text, file, line) from None
        if depth.is_too_deep(value):
            raise ReadError(file, line, depth.TOO_DEEP, "Flatten it")
        part = text[start:end]
        value = _whole(value) if HALF_CHARACTER.search(part) else value
        yield Document(value, file, index, part, line)
        end = _after_space(text, end)
        line += text.count("\n", start, end)
        start, index = end, index + 1


def _after_space(text: str, start: int) -> int:
    found = SPACE.match(text, start)
    return found.end() if found else start


def _refusal(error: _RefusedError, text: str, file: str, line: int) -> ReadError:
    """The error with the line of a doubled key, which only the exact reader knows."""
    from mistersmith_k8s.reading import exact  # noqa: PLC0415 - costs time that only errors need

    try:
        list(exact.documents(text, file))
    except ReadError as exact_error:
        return exact_error
    return ReadError(file, line, *error.args)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) < len(pairs):
        raise _RefusedError("a key is set twice", TWINS)
    return entries


def _integer(digits: str) -> int | float:
    """The number; beyond 63 bits a float, as in Kubernetes."""
    if len(digits) <= len(str(LEAST)) and LEAST <= (number := int(digits)) <= MOST:
        return number
    return _float(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise _RefusedError("a number is beyond what a float holds", "Write a smaller one")
    return number


def _constant(name: str) -> None:
    raise _RefusedError(f"{name} is no number that JSON has", "Write a finite number, or quote it")


DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant
)


def _whole(value: Any) -> Any:
    """The value with each half of a character replaced, as Go does."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_whole(key): _whole(item) for key, item in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list) else value
