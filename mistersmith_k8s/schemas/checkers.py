"""Checkers made from the bundled schemas: one pass over a manifest, each made when first met.

The bundled schemas use a small part of JSON Schema (objects with known fields, maps, lists and
scalars), so plain functions check a Deployment about as fast as a compiled JSON Schema engine
does, and start in no time: only what a manifest uses is ever read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from mistersmith_k8s.schemas import scalars
from mistersmith_k8s.schemas.problem import REQUIRED, UNSUPPORTED, Problem, invalid, unknown
from mistersmith_k8s.schemas.scalars import Checker

Schema = dict[str, Any]


class Definitions:
    """Checkers of one set of definitions by name."""

    def __init__(self, schemas: Mapping[str, str]) -> None:
        """Take schemas as JSON text by definition."""
        self._schemas = schemas
        self._made: dict[str, Checker] = {}

    def __getitem__(self, name: str) -> Checker:
        """The checker of a definition."""
        if name not in self._made:
            self._made[name] = checker(json.loads(self._schemas[name]), self)
        return self._made[name]


class Fields(dict[str, Checker]):
    """Checkers of the fields of an object, each made when it is first met."""

    def __init__(self, properties: Mapping[str, Schema], make: Callable[[Schema], Checker]) -> None:
        """Take the schema of each field and what makes its checker."""
        super().__init__()
        self.names = frozenset(properties)
        self._properties = properties
        self._make = make

    def __missing__(self, name: str) -> Checker:
        """The checker of a field that was not met before. Raises KeyError for an unknown one."""
        made = self._make(self._properties[name])
        self[name] = made
        return made


def checker(schema: Schema, definitions: Definitions) -> Checker:
    """The checker of a bundled schema."""
    if "$ref" in schema:
        return definitions[schema["$ref"].removeprefix("#/$defs/")]
    if "enum" in schema:
        return _choice(tuple(schema["enum"]))
    if "not" in schema:
        return _nothing
    return _BY_TYPE.get(str(schema.get("type")), _scalar)(schema, definitions)


def _scalar(schema: Schema, _definitions: Definitions) -> Checker:
    if "maximum" in schema and schema["type"] == "integer":
        return scalars.integer(schema["minimum"], schema["maximum"])
    if "pattern" in schema:
        return scalars.quantity(schema["pattern"])
    return _SCALARS[str(schema.get("format") or schema.get("type"))]


_SCALARS: dict[str, Checker] = {
    "None": scalars.anything,
    "['integer', 'string']": scalars.int_or_string,
    "boolean": scalars.boolean,
    "byte": scalars.base64,
    "date-time": scalars.time,
    "integer": scalars.integer(-(2**63), 2**63 - 1),
    "number": scalars.number,
    "string": scalars.string,
}


def _object(schema: Schema, definitions: Definitions) -> Checker:
    """The checker of an object: one with known fields, a map, or any."""
    make = partial(checker, definitions=definitions)
    if "properties" in schema:
        return _struct(Fields(schema["properties"], make), tuple(schema.get("required", ())))
    return _map(make(schema.get("additionalProperties", {})))


def _array(schema: Schema, definitions: Definitions) -> Checker:
    return _list(checker(schema["items"], definitions))


def _boolean_or_object(schema: Schema, definitions: Definitions) -> Checker:
    other = _object(schema, definitions)

    def check(value: Any) -> list[Problem] | None:
        if isinstance(value, Mapping | bool | None):
            return None if isinstance(value, bool) else other(value)
        return invalid(value, "must be a boolean or an object")

    return check


_BY_TYPE: dict[str, Callable[[Schema, Definitions], Checker]] = {
    "['boolean', 'object']": _boolean_or_object,
    "array": _array,
    "object": _object,
}


def _struct(fields: Fields, required: tuple[str, ...]) -> Checker:
    def check(value: Any) -> list[Problem] | None:
        if value.__class__ is not dict and not isinstance(value, Mapping):
            return check({}) if value is None else invalid(value, "must be an object")
        problems = None
        for key, item in value.items():
            try:
                found = fields[key]
            except KeyError:
                problems = [*(problems or ()), unknown(str(key), fields.names)]
                continue
            if item is not None and (inner := found(item)):
                problems = [*(problems or ()), *_under(key, inner)]
        for name in required:
            if value.get(name) is None:
                problems = [*(problems or ()), Problem(REQUIRED, path=(name,))]
        return problems

    return check


def _map(values: Checker) -> Checker:
    def check(value: Any) -> list[Problem] | None:
        if value.__class__ is not dict and not isinstance(value, Mapping):
            return None if value is None else invalid(value, "must be an object")
        problems = None
        for key, item in value.items():
            if inner := values(item):
                problems = [*(problems or ()), *_under(str(key), inner)]
        return problems

    return check


def _list(items: Checker) -> Checker:
    def check(value: Any) -> list[Problem] | None:
        if value.__class__ is not list and not isinstance(value, tuple | list):
            return None if value is None else invalid(value, "must be a list")
        problems = None
        for index, item in enumerate(value):
            if inner := items(item):
                problems = [*(problems or ()), *_under(index, inner)]
        return problems

    return check


def _under(key: str | int, problems: list[Problem]) -> list[Problem]:
    return [problem.under(key) for problem in problems]


def _choice(values: tuple[Any, ...]) -> Checker:
    listed = ", ".join(json.dumps(value) for value in values)

    def check(value: Any) -> list[Problem] | None:
        if value is None or value in values:
            return None
        return [Problem(UNSUPPORTED, f"supported values: {listed}", value)]

    return check


def _nothing(value: Any) -> list[Problem]:
    return invalid(value, "is not allowed")
