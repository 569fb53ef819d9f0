"""Fields as the API server decodes them.

Null is absent. A value of a type that the field does not have is absent too: the API server
refuses such an object before any policy looks at it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

LARGEST = 2**63 - 1  # the API server refuses a larger integer


def present(value: Any) -> Mapping[str, Any] | None:
    """The object, be it empty, or None where there is none."""
    return value if isinstance(value, Mapping) else None


def mapping(value: Any) -> Mapping[str, Any]:
    """The object; empty where there is none."""
    return value if isinstance(value, Mapping) else {}


def items(value: Any) -> Sequence[Any]:
    """The items of the list; none where there is no list."""
    return value if isinstance(value, list | tuple) else ()


def text(value: Any) -> str:
    """The string; empty where there is none."""
    return value if isinstance(value, str) else ""


def texts(value: Any) -> list[str]:
    """The list of strings; an item that is no string is empty."""
    return [text(item) for item in items(value)]


def integer(value: Any) -> int | None:
    """The number, or None where there is none.

    YAML's `80.0` is 80 by the time that the API server reads it.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > LARGEST:
        return None
    return value
