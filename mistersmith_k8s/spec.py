"""Specs: frozen, keyword-only descriptions that are checked when they are made.

A spec made in Python and one loaded from YAML take the same road through `converted`, so both
refuse the same mistakes with the same words.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import re
import types
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple, Self, dataclass_transform

Path = tuple[str | int, ...]


class Violation(NamedTuple):
    """One wrong value: where it stands, what it is, which rule it breaks, what to do.

    `path` may be given as one field name; it is kept as a tuple of keys and indexes.
    """

    path: Path | str
    value: object
    rule: str
    advice: str = ""

    @property
    def where(self) -> Path:
        """The path as a tuple of keys and indexes."""
        return (self.path,) if isinstance(self.path, str) else self.path

    def under(self, prefix: Path) -> Violation:
        """The same violation, seen from further up."""
        return self._replace(path=(*prefix, *self.where))

    def __str__(self) -> str:
        where = dotted(self.where)
        hidden = self.value is MISSING or _SECRET.search(where)
        shown = "" if hidden else f" {_shown(self.value)}"
        return f"{where}:{shown} {self.rule}.{' ' + self.advice if self.advice else ''}"


_SECRET = re.compile(r"(?i)passw|secret|token|credential|api_?key")
"""Paths whose values are never shown: somebody may have put a secret there by mistake."""


class SpecError(ValueError):
    """A spec that cannot be: carries every `Violation` that was found, not just the first."""

    def __init__(self, violations: Sequence[Violation]) -> None:
        self.violations = tuple(violations)
        super().__init__("\n".join(map(str, self.violations)))


class _Missing:
    """The value of something that is not there."""


MISSING = _Missing()


class Range(NamedTuple):
    """The numbers that a field takes, both ends included."""

    least: float
    most: float | None = None

    def __str__(self) -> str:
        return f"at least {self.least}" + (f" and at most {self.most}" if self.most else "")


@typing.runtime_checkable
class Scalar(typing.Protocol):
    """A typed string such as a quantity: it knows its syntax and refuses the rest."""

    SYNTAX: ClassVar[str]
    PATTERN: ClassVar[str]


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Spec:
    """A frozen record of decisions. Making one with wrong values raises `SpecError`."""

    ADVICE: ClassVar[str] = ""
    """What to do where something else stands in the place of this spec."""

    def __init_subclass__(cls) -> None:
        """Every spec is a frozen, keyword-only dataclass."""
        dataclasses.dataclass(frozen=True, kw_only=True)(cls)

    def __post_init__(self) -> None:
        """Convert and check each field, then the rules between fields."""
        found: list[Violation] = []
        for name, hint in hints(typing.cast("Any", type(self))).items():
            object.__setattr__(self, name, converted(getattr(self, name), hint, (name,), found))
        if not found:
            found += self.rules()
        if found:
            raise SpecError(found)

    def rules(self) -> Iterator[Violation]:
        """The violations of rules that hold between fields; paths start at this spec."""
        yield from ()

    def but(self, **changes: Any) -> Self:
        """This spec with some fields changed, checked again."""
        return dataclasses.replace(self, **changes)  # type: ignore[type-var]  # see __init_subclass__


@functools.cache
def hints(spec: Any) -> dict[str, Any]:
    """The resolved type of each field of a spec class, in order of declaration."""
    resolved = typing.get_type_hints(spec, include_extras=True)
    return {field.name: resolved[field.name] for field in fields(spec)}


def fields(spec: type[Spec]) -> tuple[dataclasses.Field[Any], ...]:
    """The dataclass fields of a spec."""
    return dataclasses.fields(spec)  # type: ignore[arg-type]  # made one in __init_subclass__


def load(spec: type[Spec], data: object, path: Path, found: list[Violation]) -> Any:
    """The spec that a mapping describes; what is wrong with it goes to `found`."""
    if not isinstance(data, Mapping):
        found.append(Violation(path, data, f"must be a mapping of {_known(spec)}", spec.ADVICE))
        return None
    known = hints(typing.cast("Any", spec))
    others = [str(key) for key in data if key not in known]
    found += [Violation((*path, key), MISSING, *unknown(key, known)) for key in others]
    before = len(found)
    needed = [f.name for f in fields(spec) if f.name not in data and required(f)]
    found += [Violation((*path, name), MISSING, "is required") for name in needed]
    values = {
        name: converted(data[name], hint, (*path, name), found)
        for name, hint in known.items()
        if name in data
    }
    return None if len(found) > before else _made(spec, values, path, found)


def _made(
    spec: type[Spec], values: Mapping[str, object], path: Path, found: list[Violation]
) -> Any:
    try:
        return spec(**values)
    except SpecError as error:
        found += [violation.under(path) for violation in error.violations]


def converted(value: object, hint: Any, path: Path, found: list[Violation]) -> Any:
    """The value as the type of a field wants it; what is wrong with it goes to `found`."""
    origin = typing.get_origin(hint)
    if origin is typing.Annotated:
        return _in_range(value, typing.get_args(hint), path, found)
    if origin in (types.UnionType, typing.Union):
        chosen = _alternative(value, typing.get_args(hint))
        return value if value is None and chosen is None else converted(value, chosen, path, found)
    if origin is typing.Literal:
        return _choice(value, [str(a) for a in typing.get_args(hint)], path, found)
    if origin is tuple:
        return _items(value, typing.get_args(hint)[0], path, found)
    if origin is not None and issubclass(origin, Mapping):
        return _entries(value, typing.get_args(hint), path, found)
    return _plain(value, hint, path, found)


def _plain(value: object, kind: Any, path: Path, found: list[Violation]) -> Any:
    if issubclass(kind, Spec):
        return value if isinstance(value, kind) else load(kind, value, path, found)
    if issubclass(kind, StrEnum):
        chosen = _choice(value, [member.value for member in kind], path, found)
        return chosen if chosen is None else kind(chosen)
    if isinstance(value, kind) and not (isinstance(value, bool) and kind is not bool):
        return value
    if isinstance(kind, Scalar):
        return _scalar(value, kind, path, found)
    found.append(Violation(path, value, f"must be {_NAMES[kind]}"))
    return None


_NAMES = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}


def _scalar(value: object, kind: Any, path: Path, found: list[Violation]) -> Any:
    try:
        if isinstance(value, int | str) and not isinstance(value, bool):
            return kind(str(value))
    except ValueError as error:
        found.append(Violation(path, value, str(error)))
        return None
    found.append(Violation(path, value, f"must be {kind.SYNTAX}"))
    return None


def _in_range(value: object, args: Sequence[Any], path: Path, found: list[Violation]) -> Any:
    number = converted(value, args[0], path, found)
    limits: Range = args[1]
    if isinstance(number, int | float) and number < limits.least:
        rule = f"is below {limits.least}, the least"
        found.append(Violation(path, value, rule, f"Set it to {limits.least} or more."))
    if isinstance(number, int | float) and limits.most is not None and number > limits.most:
        rule = f"is above {limits.most}, the most"
        found.append(Violation(path, value, rule, f"Set it to {limits.most} or less."))
    return number


def _choice(value: object, names: Sequence[str], path: Path, found: list[Violation]) -> Any:
    if isinstance(value, str) and value in names:
        return value
    near = nearest(value, names)
    advice = f"Did you mean {near}?" if near else ""
    found.append(Violation(path, value, f"must be one of {', '.join(names)}", advice))
    return None


def _alternative(value: object, options: Sequence[Any]) -> Any:
    """The member of a union that a value is measured against: `None` for None, else the first."""
    present = [option for option in options if option is not types.NoneType]
    if value is None and len(present) < len(options):
        return None
    exact = [o for o in present if isinstance(o, type) and isinstance(value, o)]
    return exact[0] if exact else present[0]


def _items(value: object, hint: Any, path: Path, found: list[Violation]) -> tuple[Any, ...] | None:
    if isinstance(value, str) or not isinstance(value, Sequence):
        found.append(Violation(path, value, "must be a list"))
        return None
    return tuple(converted(item, hint, (*path, i), found) for i, item in enumerate(value))


def _entries(
    value: object, hint: Sequence[Any], path: Path, found: list[Violation]
) -> Mapping[Any, Any] | None:
    if not isinstance(value, Mapping):
        found.append(Violation(path, value, "must be a mapping"))
        return None
    keyed = {key: converted(key, hint[0], (*path, str(key)), found) for key in value}
    return types.MappingProxyType(
        {keyed[k]: converted(v, hint[1], (*path, str(k)), found) for k, v in value.items()}
    )


def nearest(value: object, names: Iterable[str]) -> str | None:
    """The name that a mistyped value most likely means, if one is near."""
    return next(iter(difflib.get_close_matches(str(value), list(names), n=1)), None)


def dotted(path: Path | str) -> str:
    """A path as people write it: `workers.research.volumes[0].size`."""
    parts = (path,) if isinstance(path, str) else path
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return text.removeprefix(".") or "(top)"


def unknown(key: str, known: Iterable[str]) -> tuple[str, str]:
    """What is wrong with a key that no field has, and what to do about it."""
    near = nearest(key, known)
    advice = f"Did you mean {near}?" if near else f"The fields are {', '.join(known)}."
    return "is not a field", advice


def _known(spec: Any) -> str:
    return ", ".join(hints(spec))


def required(field: dataclasses.Field[Any]) -> bool:
    """Whether a spec cannot be made without this field."""
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _shown(value: object) -> str:
    text = value if isinstance(value, str) and value.strip() else repr(value)
    text = " ".join(str(text).split()) or repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - one line of a terminal
