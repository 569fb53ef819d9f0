"""What is wrong with a value, in the words of the API server."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

Path = tuple[str | int, ...]


class Problem(NamedTuple):
    """One thing that the API server's decoder or schema would refuse.

    `rule` says what must hold; `lead` is the API server's word for the sort of problem.
    """

    lead: str
    rule: str = ""
    value: Any = None
    path: Path = ()
    suggestion: str | None = None

    def under(self, key: str | int) -> Problem:
        """The same problem, seen from the value that holds this one."""
        return self._replace(path=(key, *self.path))

    def message(self, *, hidden: bool = False) -> str:
        """The problem in one line; the value is left out where it is a secret."""
        if self.lead == UNKNOWN:
            return f'unknown field "{dotted(self.path)}"'
        if self.lead == REQUIRED:
            return REQUIRED
        if self.lead == NO_MATCH:
            return f"{NO_MATCH} {self.rule}"
        return f"{self.lead}: {'(hidden)' if hidden else shown(self.value)}: {self.rule}"


UNKNOWN = "unknown field"
REQUIRED = "Required value"
INVALID = "Invalid value"
UNSUPPORTED = "Unsupported value"
DUPLICATE = "Duplicate value"
NO_MATCH = "no matches for kind"

_LONGEST = 60


def invalid(value: Any, rule: str) -> list[Problem]:
    """One problem: the value breaks the rule."""
    return [Problem(INVALID, rule, value)]


def unknown(field: str, known: frozenset[str]) -> Problem:
    """The field is none that the schema knows; the nearest that it knows is suggested."""
    return Problem(UNKNOWN, path=(field,), suggestion=nearest(field, known))


@lru_cache(256)
def nearest(word: str, words: frozenset[str]) -> str | None:
    """The word that was probably meant; None where nothing is near."""
    from difflib import get_close_matches  # noqa: PLC0415 (only what is wrong pays for it)

    spellings = {known.lower(): known for known in sorted(words)}
    found = get_close_matches(word.lower(), spellings, n=1, cutoff=0.7)
    return spellings[found[0]] if found else None


def dotted(path: Path) -> str:
    """A path as the API server writes it: `spec.containers[0].image`, `data[a.b]`.

    Source: k8s.io/apimachinery pkg/util/validation/field, `Path.String`.
    """
    steps = (f".{step}" if _plain(step) else f"[{step}]" for step in path)
    return "".join(steps).removeprefix(".")


def shown(value: Any) -> str:
    """A value short enough for a message."""
    import json  # noqa: PLC0415 (only what is wrong pays for it)

    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _plain(step: str | int) -> bool:
    return isinstance(step, str) and step.isidentifier()
