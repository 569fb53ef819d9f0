"""Manifests as YAML text that every reader of YAML reads back as the same manifests.

The text is the part of YAML that reads like JSON without its punctuation: block mappings and
sequences, `|` for text of several lines, no anchors, no tags, no folding. A string is quoted
whenever a reader of YAML 1.1 or 1.2 could take it for something else.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from mistersmith_k8s.manifest import ref
from mistersmith_k8s.spec import Path, dotted

TOP_ORDER = ("apiVersion", "kind", "metadata")
METADATA_ORDER = ("name", "namespace", "labels", "annotations")

WORDS = frozenset(
    ("y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "infinity")
)
"""Letters that some reader takes for a boolean, a null or a number, in any case.

Source: https://yaml.org/type/bool.html, null.html and float.html; Go's strconv.ParseFloat.
"""

PLAIN = re.compile(
    r"""
    (?: [A-Za-z/$(]                         # starts like a word, a path or a $(REFERENCE)
      | _[A-Za-z]
      | --?[A-Za-z]                         # starts like a command line option
      | (?=[^ :]*[g-hj-mq-su-wyG-HJ-MQ-SU-WY/%])[0-9]   # 512Mi, 10.0.0.0/8: never a number, a time
    )
    (?: [-A-Za-z0-9_./@$()+=~%^&*|<>?!;,'"\\]
      | :(?=[^ ])                           # nats://host:4222, not "key: value"
      | [ ](?=[^ ])
    )*
    """,
    re.VERBOSE,
)
"""Text that is the same string, without quotes, to every reader."""

LONE = re.compile("[\ud800-\udfff]")
INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufdd0-\ufdef\ufff0-\ufffb"
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17))
    + "]"
)
"""What no reviewer sees and some reader drops, refuses or takes for the end of a line."""

QUOTED = re.compile(f'["\\\\\t\n]|{INVISIBLE.pattern}')
ESCAPES = {'"': '\\"', "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0"}

LONGEST_KEY = 1000
"""Bytes of the longest key that may stand before its colon: readers look ahead 1024 at most."""

DEEPEST = 100
"""Levels of the deepest manifest: no Kubernetes object comes near, a value in itself passes."""


MAPPINGS = (dict, Mapping)  # dict first: asking an abstract class is ten times slower
SEQUENCES = (list, tuple)


class EmitError(ValueError):
    """A manifest that YAML cannot say; the message names the object, the path and the value."""


def emit(documents: Iterable[Mapping[str, Any]]) -> str:
    """The manifests as YAML documents, in their order; equal manifests give equal bytes.

    Raises:
        EmitError: on None, a float that is no number, a lone surrogate, a key that is no string,
            and whatever else JSON does not have.
    """
    return "---\n".join(map(_document, documents))


def _document(manifest: Mapping[str, Any]) -> str:
    lines: list[str] = []
    try:
        _mapping(_ordered(manifest), "", "", lines.append)
    except (_Refused, RecursionError):
        raise EmitError(_refusal(manifest)) from None
    return "\n".join((*lines, ""))


def _ordered(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """The manifest with the keys first that a reader looks for first."""
    metadata = manifest.get("metadata")
    if isinstance(metadata, Mapping):
        manifest = {**manifest, "metadata": _led(metadata, METADATA_ORDER)}
    return _led(manifest, TOP_ORDER)


def _led(mapping: Mapping[str, Any], first: tuple[str, ...]) -> dict[str, Any]:
    return {key: mapping[key] for key in first if key in mapping} | dict(mapping)


Out = Callable[[str], None]


def _mapping(mapping: Mapping[str, Any], pad: str, lead: str, out: Out) -> None:
    """One entry a line under `pad`; `lead` is what the first line starts with instead."""
    for key, value in mapping.items():
        _node(value, f"{lead}{_key(key, pad)}:", pad, pad, out)
        lead = pad


def _sequence(items: Iterable[Any], pad: str, lead: str, out: Out) -> None:
    for item in items:
        if item and isinstance(item, MAPPINGS):
            _mapping(item, pad + "  ", lead + "- ", out)
        elif item and isinstance(item, SEQUENCES):
            _sequence(item, pad + "  ", lead + "- ", out)
        else:
            _node(item, lead + "-", pad, pad, out)
        lead = pad


def _node(value: Any, head: str, pad: str, lead: str, out: Out) -> None:
    """The value behind its key or dash: on the same line if it is a scalar or empty."""
    if isinstance(value, str):
        out(f"{head} {_text(value, pad)}")
    elif isinstance(value, MAPPINGS):
        out(head if value else head + " {}")
        pad += "  "
        _mapping(value, pad, pad, out)
    elif isinstance(value, SEQUENCES):
        out(head if value else head + " []")
        _sequence(value, pad, lead, out)
    else:
        out(f"{head} {_number(value)}")


def _key(key: Any, pad: str) -> str:
    if not isinstance(key, str):
        raise _Refused
    written = _flow(str.__str__(key))
    if len(written) * 4 > LONGEST_KEY and len(written.encode()) > LONGEST_KEY:
        return f"? {written}\n{pad}"
    return written


def _text(value: str, pad: str) -> str:
    text = str.__str__(value)
    return _block(text, pad) if "\n" in text else _flow(text)


def _number(value: Any) -> str:
    """A boolean, an integer or a float as every reader takes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not _writable(value):
        raise _Refused
    if isinstance(value, int):
        return int.__repr__(value)
    written = float.__repr__(value)
    # YAML 1.1 knows a float by its dot
    return written if "." in written else written.replace("e", ".0e")


def _writable(value: object) -> bool:
    """Whether the value is a number that Kubernetes reads without loss."""
    if isinstance(value, int):
        return -(2**63) <= value < 2**64
    return isinstance(value, float) and math.isfinite(value)


def _block(text: str, pad: str) -> str:
    """Text of several lines as a literal block, or in quotes if a block would lose some of it."""
    if INVISIBLE.search(text) or LONE.search(text) or text.isspace():
        return _quoted(text)
    body = text.rstrip("\n")
    closing = len(text) - len(body)
    chomp = ("-", "", "+")[min(closing, 2)]
    indent = "2" if body[0] in " \n\t" else ""
    lines = (pad + "  " + line if line else "" for line in body.split("\n"))
    return "\n".join((f"|{indent}{chomp}", *lines)) + "\n" * max(closing - 1, 0)


@functools.lru_cache(maxsize=1 << 14)
def _flow(text: str) -> str:
    """A string on one line: bare, in single quotes where those need no escapes, or in double."""
    if PLAIN.fullmatch(text) and text.lstrip("-").lower() not in WORDS:
        return text
    if ('"' in text or "\\" in text) and "'" not in text and text.isascii() and text.isprintable():
        return f"'{text}'"
    return _quoted(text)


def _quoted(text: str) -> str:
    if LONE.search(text):
        raise _Refused
    return f'"{QUOTED.sub(_escaped, text)}"'


def _escaped(match: re.Match[str]) -> str:
    point = ord(match[0])
    form = r"\x%02x" if point < 1 << 8 else r"\u%04x" if point < 1 << 16 else r"\U%08x"
    return ESCAPES.get(match[0]) or form % point


class _Refused(Exception):  # noqa: N818 - never leaves this module
    """Somewhere in the manifest is a value that YAML cannot say."""


def _refusal(manifest: Mapping[str, Any]) -> str:
    """Which value of the manifest was refused, and what to do about it."""
    path, problem = next(_problems(manifest, ()))
    return f"{ref(manifest)}: {dotted(path)} {problem}."


def _problems(value: object, path: Path) -> Iterator[tuple[Path, str]]:
    """What is refused in the value, with the path to it."""
    if len(path) > DEEPEST:
        yield path[:3], "nests in itself or too deeply. Write a finite value"
    elif isinstance(value, MAPPINGS):
        for key, item in value.items():
            yield from _key_problems(key, path)
            yield from _problems(item, (*path, str(key)))
    elif isinstance(value, SEQUENCES):
        for index, item in enumerate(value):
            yield from _problems(item, (*path, index))
    else:
        yield from _scalar_problems(value, path)


def _key_problems(key: object, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(key, str):
        yield from _scalar_problems(key, path)
    else:
        yield path, f"has the key {key!r}, which is no string. Write it as a string"


def _scalar_problems(value: object, path: Path) -> Iterator[tuple[Path, str]]:
    if value is None:
        yield path, "is None. Leave the key out or give it a value"
    elif isinstance(value, str) and LONE.search(value):
        yield path, f"is {value!r}, with half of a surrogate pair. Write the whole character"
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from () if _writable(value) else [(path, f"is {value}. Write a 64-bit number")]
    elif not isinstance(value, str | bool):
        yield path, f"is of type {type(value).__name__}. Write a string, number, list or mapping"
