"""Checkers of single values: what the API server's decoder takes for each Go type.

A null is the zero value of its type, so each of them takes None.
"""

from __future__ import annotations

import binascii
import math
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from mistersmith_k8s.schemas.problem import Problem, invalid

Checker = Callable[[Any], list[Problem] | None]
"""Problems of a value; None or an empty list where there are none."""

_TIME = re.compile(
    r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d"
    r"([.,]\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)"
)

_DIGITLESS = r"[+-]\.?([numk]|[KMGT]i?|[PE])?|\.?([numk]|[KMGT]i?|[PE])|\."


def anything(_value: Any) -> None:
    """Every JSON value will do."""


def boolean(value: Any) -> list[Problem] | None:
    """True or false; the words in quotes are strings."""
    ok = value is True or value is False or value is None
    return None if ok else invalid(value, "must be a boolean")


def string(value: Any) -> list[Problem] | None:
    """A string: numbers and booleans want quotes."""
    if value.__class__ is str or value is None or isinstance(value, str):
        return None
    return invalid(value, "must be a string")


def number(value: Any) -> list[Problem] | None:
    """A finite number."""
    ok = value is None or (_is_number(value) and math.isfinite(value))
    return None if ok else invalid(value, "must be a number")


def integer(least: float, most: float) -> Checker:
    """A checker of whole numbers within bounds.

    `1.0` is whole: kubectl reads it as a float and sends `1`.
    """
    rule = _integer_rule(least, most)

    def check(value: Any) -> list[Problem] | None:
        if value is None or (value.__class__ is int and least <= value <= most):
            return None
        if not _is_number(value) or not math.isfinite(value) or value != int(value):
            return invalid(value, "must be an integer")
        return None if least <= value <= most else invalid(value, rule)

    return check


def int_or_string(value: Any) -> list[Problem] | None:
    """A string, or a whole number of 32 bits."""
    if isinstance(value, str):
        return None
    rule = "must be an integer or a string"
    return invalid(value, rule) if _INT32(value) else None


def quantity(pattern: str) -> Checker:
    """A checker of quantities: a number, or a string with a unit.

    The API server takes one that has no digits for zero.
    """
    digits = pattern.removesuffix("$")
    matches = lru_cache(1024)(re.compile(rf"{digits}|{_DIGITLESS}").fullmatch)
    rule = 'must be a quantity, such as "500m", "1.5" or "2Gi"'

    def check(value: Any) -> list[Problem] | None:
        ok = matches(value.strip(" ")) if isinstance(value, str) else not number(value)
        return None if ok else invalid(value, rule)

    return check


def time(value: Any) -> list[Problem] | None:
    """A time as Go's `time.RFC3339` layout reads it."""
    ok = value is None or (isinstance(value, str) and _TIME.fullmatch(value))
    return None if ok else invalid(value, 'must be a time, such as "2026-01-31T12:00:00Z"')


def base64(value: Any) -> list[Problem] | None:
    """Standard base64 with padding; line breaks are skipped, as Go's decoder does.

    That decoder takes a list of the bytes too.
    """
    if value is None or (isinstance(value, list) and not any(map(_BYTE, value))):
        return None
    if not isinstance(value, str):
        return invalid(value, "must be a base64 string")
    packed = value.replace("\n", "").replace("\r", "")
    try:
        binascii.a2b_base64(packed, strict_mode=True)
        ok = len(packed) % 4 == 0
    except ValueError:
        ok = False
    return None if ok else invalid(value, "must be base64")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _integer_rule(least: float, most: float) -> str:
    for bits in (32, 64):
        if (least, most) == (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1):
            return f"must be an integer of {bits} bits"
    return f"must be between {least} and {most}"


_BYTE = integer(0, 255)
_INT32 = integer(-(2**31), 2**31 - 1)
