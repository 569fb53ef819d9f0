"""The JSON Schema of a platform file, so that editors complete and check it."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from mistersmith_k8s.description import ENVIRONMENTS
from mistersmith_k8s.platform import Environment, PlatformSpec
from mistersmith_k8s.spec import Scalar, Spec, fields, hints, required

Schema = dict[str, Any]


def platform_schema() -> Schema:
    """The schema of a platform file, in JSON Schema 2020-12."""
    definitions: Schema = {}
    whole = _Writer(definitions, changes=False)
    changes = _Writer(definitions, changes=True)
    properties = {k: v for k, v in whole.properties(PlatformSpec).items() if k != "environment"}
    change = {k: v for k, v in changes.properties(PlatformSpec).items() if k != "environment"}
    change_schema = {"type": ["object", "null"], "properties": change, **_CLOSED}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Mister Smith platform",
        "type": "object",
        "properties": {
            **properties,
            ENVIRONMENTS: {
                "description": "What differs in each environment: mappings merge, null takes away.",
                "type": "object",
                "properties": {str(name): change_schema for name in Environment},
                "minProperties": 1,
                **_CLOSED,
            },
        },
        **_CLOSED,
        "$defs": dict(sorted(definitions.items())),
    }


_CLOSED: Schema = {"additionalProperties": False}


class _Writer:
    """Schemas of types. As `changes`, nothing is required and null takes a value away."""

    def __init__(self, definitions: Schema, *, changes: bool) -> None:
        self.definitions = definitions
        self.changes = changes

    def properties(self, spec: Any) -> Schema:
        """The schema of each field of a spec."""
        return {name: self._field(hint) for name, hint in hints(spec).items()}

    def _field(self, hint: Any) -> Schema:
        schema = self.schema(hint)
        nullable = {"anyOf": [schema, {"type": "null"}]}
        return nullable if self.changes and nullable["anyOf"] != schema.get("anyOf") else schema

    def schema(self, hint: Any) -> Schema:
        """The schema of a type."""
        origin, args = typing.get_origin(hint), typing.get_args(hint)
        if origin is typing.Annotated:
            limits = args[1]
            most = {} if limits.most is None else {"maximum": limits.most}
            return {**self.schema(args[0]), "minimum": limits.least, **most}
        if origin in {types.UnionType, typing.Union}:
            return {"anyOf": [self.schema(option) for option in args]}
        if origin is typing.Literal:
            return {"enum": list(args)}
        if origin is tuple:
            return {"type": "array", "items": self.schema(args[0])}
        if origin is not None and issubclass(origin, Mapping):
            values = self._field(args[1])
            keys = {"pattern": _whole(args[0].PATTERN)}
            return {"type": "object", "propertyNames": keys, "additionalProperties": values}
        return self._plain(hint)

    def _plain(self, kind: Any) -> Schema:
        if kind in _PLAIN:
            return {"type": _PLAIN[kind]}
        if issubclass(kind, Spec):
            return self._reference(kind)
        if issubclass(kind, StrEnum):
            return {"enum": [member.value for member in kind]}
        return _scalar(kind)

    def _reference(self, spec: Any) -> Schema:
        name = f"{spec.__name__}Changes" if self.changes else spec.__name__
        if name not in self.definitions:
            self.definitions[name] = {}  # taken, should the spec contain itself
            self.definitions[name] = self._object(spec)
        return {"$ref": f"#/$defs/{name}"}

    def _object(self, spec: Any) -> Schema:
        needed = [field.name for field in fields(spec) if required(field)]
        return {
            "description": (spec.__doc__ or "").split("\n", 1)[0],
            "type": "object",
            "properties": self.properties(spec),
            **({"required": needed} if needed and not self.changes else {}),
            **_CLOSED,
        }


_PLAIN = {int: "integer", bool: "boolean", str: "string", types.NoneType: "null"}


def _scalar(kind: type[Scalar]) -> Schema:
    pattern = _whole(kind.PATTERN)
    return {"type": ["string", "number"], "pattern": pattern, "description": kind.SYNTAX}


def _whole(pattern: str) -> str:
    return pattern if pattern.startswith("^") else f"^(?:{pattern})$"
