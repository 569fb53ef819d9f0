"""What Kubernetes takes a scalar of YAML for.

Kubernetes reads YAML as go-yaml v2 does and then as JSON: more words are booleans than in YAML 1.2,
more spellings are numbers, a date stays a string, 1.0 and 1e3 are integers, and what JSON cannot
say is refused.

Source: go.yaml.in/yaml/v2 resolve.go, sigs.k8s.io/yaml yaml.go; compared with both in tests.
"""

from __future__ import annotations

import base64
import binascii
import functools
import math
import re
import struct
from decimal import Decimal

Value = str | int | float | bool | None


class ScalarError(ValueError):
    """A scalar that Kubernetes refuses: what is wrong with it, and what to do."""

    def __init__(self, message: str, remediation: str) -> None:
        self.message, self.remediation = message, remediation
        super().__init__(f"{message}. {remediation}.")


def _spelled(*words: str) -> tuple[str, ...]:
    return tuple(form for word in words for form in (word, word.capitalize(), word.upper()))


WORDS: dict[str, Value] = {
    **dict.fromkeys(_spelled("y", "yes", "on", "true"), True),
    **dict.fromkeys(_spelled("n", "no", "off", "false"), False),
    **dict.fromkeys(("", "~", *_spelled("null")), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}

STARTS = frozenset("0123456789+-.yYnNtTfFoO~")
"""The characters that something other than a string starts with."""

INTEGER = re.compile(
    r"(?P<sign>[-+]?)(?:0[xX](?P<hex>[0-9a-fA-F]+)|0[bB](?P<bin>[01]+)|0[oO]?(?P<oct>[0-7]+)"
    r"|(?P<dec>0|[1-9][0-9]*))"
)
BASES = {"hex": 16, "bin": 2, "oct": 8, "dec": 10}
FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
POINTED = re.compile(r"\.[0-9](?:_?[0-9])*(?:[eE][-+]?[0-9](?:_?[0-9])*)?")
"""A number that starts with its point: here an underscore must stand between digits."""

LEAST, MOST = -(2**63), 2**63 - 1
"""The integers that Kubernetes reads as integers; beyond, they are floats."""


@functools.lru_cache(maxsize=1 << 12)
def plain(text: str) -> Value:
    """What an unquoted scalar stands for."""
    if text in WORDS:
        return WORDS[text]
    if text[0] not in STARTS:
        return text
    if text[0] == ".":
        return _float(text.replace("_", ""), text) if POINTED.fullmatch(text) else text
    bare = text.replace("_", "")
    if match := INTEGER.fullmatch(bare):
        number = _integer(match)
        if number is not None:
            return number
    return _float(bare, text) if FLOAT.fullmatch(bare) else text


def _integer(match: re.Match[str]) -> int | float | None:
    """The number, as a float beyond 63 bits; None beyond 64, where Go reads no integer."""
    base = match.lastgroup or "dec"
    if base == "dec" and len(match[base]) > len(str(MOST)) + 1:
        return None
    number = int(match["sign"] + match[base], BASES[base])
    if LEAST <= number <= MOST:
        return number
    return float(number) if 0 <= number < 2**64 and not match["sign"] else None


def _float(bare: str, text: str) -> Value:
    """The number; the text itself where Go's float has no place for it."""
    number = float(bare)
    return text if math.isinf(number) else as_json(number)


def as_json(number: float) -> int | float:
    """The float as it is after a detour through Go's JSON: an integer if it has no fraction."""
    if not number.is_integer():
        return number
    whole = int(Decimal(repr(number)))  # the shortest digits, as Go writes them
    return whole if LEAST <= whole <= MOST else number


TAG = "tag:yaml.org,2002:"
TYPES: dict[str, tuple[type, ...]] = {
    "bool": (bool,),
    "float": (float, int),
    "null": (type(None),),
}
ANYTHING = re.compile(r"(?s:.*)")
SYNTAXES = {
    "int": INTEGER,
    "timestamp": re.compile(r"\d{4}-\d{1,2}-\d{1,2}(?:[Tt ].*)?"),
}


def tagged(tag: str, text: str) -> Value:
    """What a scalar with a tag stands for; a tag that Kubernetes does not know makes a string.

    Raises:
        ScalarError: the text is none of what the tag says.
    """
    name = tag.removeprefix(TAG) if tag.startswith(TAG) else ""
    if name == "binary":
        return _decoded(text)
    value = plain(text) if name in {*TYPES, "int"} else text
    if name in TYPES:
        fits = type(value) in TYPES[name]
    else:
        syntax = SYNTAXES.get(name, ANYTHING)
        fits = bool(syntax.fullmatch(text.replace("_", "")))
    if not fits:
        raise ScalarError(f"!!{name} does not fit {text!r}", "Remove the tag or change the value")
    return value


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(re.sub(r"[\r\n]", "", text), validate=True).decode(errors="replace")
    except binascii.Error:
        raise ScalarError("!!binary is no base64", "Encode the value, or remove the tag") from None


def finite(value: Value) -> Value:
    """The value, if JSON has it.

    Raises:
        ScalarError: it is infinite or no number.
    """
    if isinstance(value, float) and not math.isfinite(value):
        raise ScalarError(
            f"{value} is no number that JSON has", "Write a finite number, or quote it"
        )
    return value


PLAIN_EXPONENTS = range(-4, 6)
"""Source: Go's strconv.FormatFloat, format g."""

LARGEST_KEY = 3.4e38
"""A key that is a float passes through 32 bits."""


def key(value: Value, text: str) -> str:
    """The key that a scalar makes, as JSON has it.

    Raises:
        ScalarError: Kubernetes knows no such key.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    whole = INTEGER.fullmatch(text.replace("_", ""))
    if isinstance(value, int) and whole:
        return str(value)
    if value is None or (whole and value <= 2**64) or abs(value) > LARGEST_KEY:
        raise ScalarError(f"{text or 'nothing'} is no key", "Quote it")
    return _go_float(value)


def _go_float(number: float) -> str:
    """The number in the fewest digits that tell it from other 32-bit floats, as Go writes it."""
    forms = (f"{number:.{digits}e}" for digits in range(9))
    shown = next(form for form in forms if _single(float(form)) == _single(number))
    exponent = int(shown.partition("e")[2]) if number else 0
    return f"{Decimal(shown):f}" if exponent in PLAIN_EXPONENTS else shown


def _single(number: float) -> bytes:
    return struct.pack("f", number)
