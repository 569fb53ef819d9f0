"""What a check says of a pod that it forbids, worded as the admission controller words it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple

from mistersmith_k8s.pod_security.pod import Path, Pod, Scope

ESCAPES = {
    "\a": r"\a",
    "\b": r"\b",
    "\f": r"\f",
    "\n": r"\n",
    "\r": r"\r",
    "\t": r"\t",
    "\v": r"\v",
    "\\": r"\\",
    '"': r"\"",
}


class Forbidden(NamedTuple):
    """Why a pod is forbidden, in short and in detail, and the fields that have to change.

    A field that has to be set and is not has its path all the same.
    """

    reason: str
    detail: str
    paths: tuple[Path, ...]


Look = Callable[[Pod], Forbidden | None]


def plural(word: str, things: Collection[object]) -> str:
    """The word for so many things."""
    return word if len(things) == 1 else f"{word}s"


def use(things: Collection[object]) -> str:
    """The verb for so many things."""
    return "uses" if len(things) == 1 else "use"


def quoted(names: Iterable[str]) -> str:
    """The names, each in quotes."""
    return ", ".join(f'"{name}"' for name in names)


def listed(word: str, names: Sequence[str]) -> str:
    """The names, after the word for what they name."""
    return f"{plural(word, names)} {quoted(names)}"


def containers(scopes: Iterable[Scope]) -> str:
    """The containers among the scopes by name."""
    return listed("container", [scope.name for scope in scopes if scope.name is not None])


def setters(scopes: Sequence[Scope]) -> str:
    """The pod, the containers, or both, whichever the scopes are."""
    named = [scope for scope in scopes if scope.name is not None]
    pod = ["pod"] if len(named) < len(scopes) else []
    return " and ".join([*pod, containers(named)] if named else pod)


def literal(value: str) -> str:
    """The value in quotes, with escapes for what does not print."""
    return f'"{"".join(_escaped(char) for char in value)}"'


def _escaped(char: str) -> str:
    code = ord(char)
    if char in ESCAPES:
        return ESCAPES[char]
    if char.isprintable():
        return char
    if char.isascii():
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if char <= "\uffff" else f"\\U{code:08x}"
