"""docs/reference/platform-file.md, from the specs: each field, its type, its default."""

from __future__ import annotations

import dataclasses
import inspect
import json
import types
import typing
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from mistersmith_k8s.description import ENVIRONMENTS
from mistersmith_k8s.platform import Environment, PlatformSpec
from mistersmith_k8s.spec import Scalar, Spec, fields, hints
from tests.docs.markdown import anchor, code, table
from tests.docs.meanings import FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterator

TOP = f"""# The platform file

One YAML mapping. Every field has a default but `storage_class`, which the operational environment
needs. An unknown field is refused with the nearest known one. `mistersmith-k8s schema` prints the
same as JSON Schema, so that editors complete the file.

The fields of the top level describe the platform in every environment. `{ENVIRONMENTS}` says what
differs in some of them, in the same words: mappings merge, lists and values replace, `null` takes
a value away. Without `{ENVIRONMENTS}` there is one environment, operational.

A field whose type is a link is a mapping with the fields of that section.
"""

VALUES = """
## Values

Texts with a syntax of their own:

"""

PLAIN = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}
NOT_IN_FILES = ("environment",)
"""Fields of `PlatformSpec` that the name of the environment decides."""


def page() -> str:
    """The page, without its first line."""
    return TOP + "".join(_section(spec) for spec in sections()) + VALUES + _values()


class Holder(NamedTuple):
    """A field that takes a spec; `step` leads through a mapping."""

    spec: type[Spec]
    field: str
    step: str

    @property
    def path(self) -> str:
        """The field as a reader of the page finds it."""
        section = "" if self.spec is PlatformSpec else f"{heading(self.spec)}."
        return f"{section}{self.field}{self.step}"


@cache
def sections() -> dict[type[Spec], tuple[Holder, ...]]:
    """Every spec that a platform file describes, with the fields that take it."""
    found: dict[type[Spec], tuple[Holder, ...]] = {PlatformSpec: ()}
    waiting: list[type[Spec]] = [PlatformSpec]
    while waiting:
        spec = waiting.pop(0)
        for name, hint in field_hints(spec).items():
            for below, step in nested(hint):
                waiting += [] if below in found else [below]
                found[below] = (*found.get(below, ()), Holder(spec, name, step))
    return found


def field_hints(spec: Any) -> dict[str, Any]:
    """The fields of a spec that a file can give, with their types."""
    return {name: hint for name, hint in hints(spec).items() if name not in NOT_IN_FILES}


def nested(hint: Any) -> Iterator[tuple[type[Spec], str]]:
    """The specs inside a type, with the step that leads there."""
    arguments = typing.get_args(hint)
    if isinstance(hint, type) and issubclass(hint, Spec):
        yield hint, ""
    elif _is_mapping(hint):
        yield from ((spec, ".NAME") for spec, _ in nested(arguments[1]))
    else:
        yield from (pair for argument in arguments for pair in nested(argument))


def _is_mapping(hint: Any) -> bool:
    origin = typing.get_origin(hint)
    return isinstance(origin, type) and issubclass(origin, Mapping)


def heading(spec: type[Spec]) -> str:
    """The heading of the section of a spec: its path where there is one, else its name."""
    holders = sections()[spec]
    if not holders:
        return "Top level"
    return holders[0].path if len(holders) == 1 else spec.__name__.removesuffix("Spec")


def _section(spec: type[Spec]) -> str:
    known = {field.name: field for field in fields(spec)}
    rows = [_row(spec, known[name], hint) for name, hint in field_hints(spec).items()]
    if spec is PlatformSpec:
        rows.append(_environments())
    prose = inspect.cleandoc(spec.__doc__ or "")
    places = [holder.path for holder in sections()[spec]]
    where = f"\nStands at {', '.join(map(code, places))}.\n" if len(places) > 1 else ""
    body = table(("Field", "Type", "Default", "Meaning"), rows)
    return f"\n## {heading(spec)}\n\n{prose}\n{where}\n{body}"


def _values() -> str:
    kinds = {hint for spec in sections() for hint in field_hints(spec).values()}
    found = {part for hint in kinds for part in _parts(hint) if ": " in part.SYNTAX}
    said = sorted(part.SYNTAX.partition(": ") for part in found)
    return "".join(f"- {name}: {rest}.\n" for name, _, rest in said)


def _parts(hint: Any) -> Iterator[Any]:
    """The texts with a syntax inside a type."""
    if isinstance(hint, Scalar):
        yield hint
    yield from (part for argument in typing.get_args(hint) for part in _parts(argument))


def _row(spec: type[Spec], field: dataclasses.Field[Any], hint: Any) -> tuple[str, ...]:
    return code(field.name), kind(hint), default(field), meaning(spec, field.name)


def _environments() -> tuple[str, ...]:
    names = " or ".join(map(code, Environment))
    what = "What differs in each environment."
    return code(ENVIRONMENTS), f"a mapping from {names} to fields of the top level", "", what


def meaning(spec: type[Spec], name: str) -> str:
    """What a field means, as the class that declares it says."""
    return FIELDS[home(spec, name).__name__][name]


def home(spec: type[Spec], name: str) -> type[Any]:
    """The class that declares a field of a spec."""
    declaring = (one for one in spec.__mro__ if name in inspect.get_annotations(one))
    return next(declaring)


def kind(hint: Any) -> str:
    """A type in words."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return f"{kind(arguments[0])}, {arguments[1]}"
    if origin in (types.UnionType, typing.Union):
        return " or ".join(kind(one) for one in arguments if one is not types.NoneType)
    if origin is typing.Literal:
        return " or ".join(map(code, arguments))
    if origin is tuple:
        return f"a list, each {kind(arguments[0])}"
    if _is_mapping(hint):
        return f"a mapping from {kind(arguments[0])} to {kind(arguments[1])}"
    return _plain(hint)


def _plain(hint: Any) -> str:
    if issubclass(hint, Spec):
        return f"[{heading(hint)}](#{anchor(heading(hint))})"
    if issubclass(hint, StrEnum):
        return " or ".join(map(code, hint))
    return hint.SYNTAX.partition(": ")[0] if isinstance(hint, Scalar) else PLAIN[hint]


def default(field: dataclasses.Field[Any]) -> str:
    """The default of a field, as a file would say it."""
    if field.default_factory is not dataclasses.MISSING:
        return _shown(field.default_factory())
    return "required" if field.default is dataclasses.MISSING else _shown(field.default)


def _shown(value: Any) -> str:
    """A value as a file would say it; what is in the section of its type is not said again."""
    if isinstance(value, Mapping) and any(isinstance(item, Spec) for item in value.values()):
        return code(f"{{{', '.join(f'{name}: {{}}' for name in value)}}}")
    if value is None or (isinstance(value, Mapping | tuple) and not value):
        return "none"
    if isinstance(value, Spec):
        return "" if value == _bare(type(value)) else code(_flow(value))
    return code(_flow(value))


def _bare(spec: type[Spec]) -> Spec | None:
    """The spec that says nothing, if there can be one."""
    required = (f for f in fields(spec) if f.default is f.default_factory is dataclasses.MISSING)
    return None if any(required) else spec()


def _flow(value: Any) -> str:
    """A value in YAML's flow style."""
    if isinstance(value, Spec):
        given = {field.name: getattr(value, field.name) for field in fields(type(value))}
        said = {name: _flow(item) for name, item in given.items() if item is not None}
        return "{" + ", ".join(f"{name}: {item}" for name, item in said.items()) + "}"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_flow, value))}]"
    return str(value) if isinstance(value, str) else json.dumps(value)
