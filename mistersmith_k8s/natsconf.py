"""NATS configuration, written from typed values.

Source: github.com/nats-io/nats-server, `conf/lex.go` and `conf/parse.go`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence


class Variable(str):
    """A reference to an environment variable; the server parses its value as configuration."""

    __slots__ = ()


class Measure(str):
    """A size or duration that the server reads unquoted, such as `8MB` or `10s`."""

    __slots__ = ()


_BARE_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MEASURE = re.compile(r"[0-9]+[A-Za-z]+")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def written(configuration: Mapping[str, object]) -> str:
    """The text of a configuration file, one key a line, two spaces a level."""
    return "".join(f"{line}\n" for line in _entries(configuration))


def _entries(block: Mapping[str, object]) -> list[str]:
    return [line for key, value in block.items() for line in _entry(_key(key), value)]


def _entry(key: str, value: object) -> list[str]:
    if isinstance(value, Mapping):
        return [f"{key} {{", *_indented(_entries(value)), "}"]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [f"{key}: [", *_indented([line for item in value for line in _item(item)]), "]"]
    return [f"{key}: {_scalar(value)}"]


def _item(value: object) -> list[str]:
    if isinstance(value, Mapping):
        return ["{", *_indented(_entries(value)), "}"]
    return [_scalar(value)]


def _indented(lines: list[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else _quoted(key)


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Variable) and _VARIABLE.fullmatch(value):
        return f"${value}"
    if isinstance(value, Measure) and _MEASURE.fullmatch(value):
        return str(value)
    if isinstance(value, str) and not isinstance(value, Variable | Measure):
        return _quoted(value)
    message = f"{value!r} cannot be written as NATS configuration"
    raise TypeError(message)


def _quoted(text: str) -> str:
    return '"' + "".join(_ESCAPES.get(char, char) for char in text) + '"'
