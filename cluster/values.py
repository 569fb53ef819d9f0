"""Values that people write by mistake, of every type, and values that a schema asks for."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.schemas import tables

if TYPE_CHECKING:
    import random

Schema = dict[str, Any]

WORDS = Path(__file__).with_name("words.txt").read_text(encoding="utf-8").split()
STRINGS = (
    *WORDS,
    *("", " ", "a b", " a", "a ", "a\nb", "*/5 * * * *", "0 0 31 2 *", "TZ=UTC 0 0 * * *"),
    *("x" * 63, "x" * 64, "x" * 254, "a." * 40 + "a", "a." * 130 + "a"),
)
NUMBERS = (
    *(0, 1, -1, 2, 5, 10, 53, 80, 100, 101, 512, 600, 1000, 3600, 32767, 65535, 65536, 86401),
    *(2**31 - 1, 2**31, -(2**31), 10**10, 2**63 - 1, 2**63),
)
OTHERS: tuple[Any, ...] = (None, True, False, [], {}, [""], [None], [{}], {"a": "b"}, {"": ""}, 1.5)
DEEPEST = 4


def anything(chance: random.Random) -> Any:
    """A value of any type."""
    return copy.deepcopy(chance.choice((*STRINGS, *NUMBERS, *OTHERS)))


def like(value: Any, chance: random.Random) -> Any:
    """Another value of the same type, where there is one."""
    if isinstance(value, str):
        return _string_like(value, chance)
    if type(value) is int:
        return chance.choice((*NUMBERS, value + 1, value - 1, -value, value * 10))
    if isinstance(value, bool) and chance.random() < 0.5:
        return not value
    return copy.deepcopy(chance.choice(OTHERS))


def _string_like(value: str, chance: random.Random) -> str:
    near = (f"{value}x", value.upper(), value.title(), f"{value}.{value}", f"{value}/", f" {value}")
    return chance.choice(near if chance.random() < 0.2 else STRINGS)


def of_schema(schema: Schema, chance: random.Random, depth: int = 0) -> Any:
    """A value that the schema takes, more or less."""
    schema = resolved(schema)
    kinds = schema.get("type", "string")
    if "enum" in schema:
        return chance.choice(schema["enum"])
    if "properties" in schema:
        return _object(schema, chance, depth)
    if kinds == "object":
        return {chance.choice(STRINGS): _inner(schema, chance, depth) for _ in range(2)}
    if kinds == "array":
        return [
            of_schema(schema["items"], chance, depth + 1)
            for _ in range(chance.choice((0, 1, 1, 2)))
        ]
    if kinds == "boolean":
        return chance.choice((True, False))
    return chance.choice(NUMBERS if "integer" in kinds and chance.random() < 0.7 else STRINGS)


def _inner(schema: Schema, chance: random.Random, depth: int) -> Any:
    values = schema.get("additionalProperties")
    return of_schema(values, chance, depth + 1) if isinstance(values, dict) else "a"


def _object(schema: Schema, chance: random.Random, depth: int) -> Any:
    if depth > DEEPEST:
        return {}
    fields = schema["properties"]
    likely = min(0.5, 2 / len(fields))
    return {
        name: of_schema(field, chance, depth + 1)
        for name, field in fields.items()
        if name in schema.get("required", ()) or chance.random() < likely
    }


def schema_at(api_version: str, kind: str, path: tuple[str | int, ...]) -> Schema:
    """The schema of a place in an object; empty where there is none."""
    schema = resolved({"$ref": tables.kinds()[api_version, kind][0]})
    for part in path:
        if isinstance(part, int):
            schema = resolved(schema.get("items", {}))
        else:
            values = schema.get("additionalProperties")
            other = values if isinstance(values, dict) else {}
            schema = resolved(schema.get("properties", {}).get(part, other))
    return schema


def resolved(schema: Schema) -> Schema:
    """The schema, or the one that it refers to."""
    name = schema.get("$ref")
    return _definition(name.removeprefix("#/$defs/")) if name else schema


@cache
def _definition(name: str) -> Schema:
    found: Schema = json.loads(tables.newest()[name])
    return resolved(found)
