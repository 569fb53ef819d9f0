"""JSON values: when two are the same, and how a path to one is written."""

from __future__ import annotations

import json
from typing import Any

Key = str | int
Path = tuple[Key, ...]

LISTS = (list, tuple)
NESTED = (dict, *LISTS)

ENCODER = json.JSONEncoder(sort_keys=True)


def text(value: Any) -> str:
    """The value as one line of JSON; the same text means the same value.

    `true` and `1` are equal to Python and differ here, as they do for Kubernetes.
    """
    return ENCODER.encode(value)


def same(left: Any, right: Any) -> bool:
    """Whether two values are the same in JSON."""
    if isinstance(left, NESTED):
        return bool(left == right) and text(left) == text(right)
    return type(left) is type(right) and bool(left == right)


def pointer(path: Path) -> str:
    """The path as a JSON Pointer.

    Source: RFC 6901, section 3.
    """
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in path)
