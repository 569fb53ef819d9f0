"""The bundled tables hold together, and we read them as a JSON Schema engine does."""

from __future__ import annotations

import json
import re
from functools import cache, partial
from typing import Any

import jsonschema_rs
from hypothesis import given, settings
from hypothesis import strategies as st

from mistersmith_k8s.schemas import MINORS, scalars, tables
from mistersmith_k8s.schemas.checkers import Definitions
from mistersmith_k8s.schemas.validation import problems

Schema = dict[str, Any]


def narrower(common: Schema, minor: Schema, table: dict[str, Schema]) -> bool:
    """Whether whatever the first schema takes the second takes too, told by structure."""
    if "$ref" in common and "$ref" in minor and common != minor:
        return narrower(resolved(common, parsed("common")), resolved(minor, table), table)
    if common in (minor, {"not": {}}) or minor == {}:
        return True
    inner = ("properties", "items", "additionalProperties")
    frames = [
        {k: v for k, v in s.items() if k != "required" and not (k in inner and isinstance(v, dict))}
        for s in (common, minor)
    ]
    fields = common.get("properties", {})
    return (
        frames[0] == frames[1]
        and set(minor.get("required", ())) <= set(common.get("required", ()))
        and all(
            f in minor["properties"] and narrower(s, minor["properties"][f], table)
            for f, s in fields.items()
        )
        and all(
            narrower(common[key], minor[key], table)
            for key in inner[1:]
            if isinstance(common.get(key), dict)
        )
    )


def resolved(schema: Schema, table: dict[str, Schema]) -> Schema:
    """What a reference leads to."""
    return table[schema["$ref"].removeprefix("#/$defs/")]


def test_what_all_minors_have_in_common_is_narrower_than_each() -> None:
    """An object that passes the first question passes all: definition by definition."""
    wider = [
        (name, minor)
        for minor in MINORS
        for name, body in parsed(minor).items()
        if not narrower(parsed("common")[name], body, parsed(minor))
    ]
    assert wider == []


def test_a_field_that_came_to_be_of_another_type_stays_in_common() -> None:
    """A volume claim is asked once, though its resources have a type of their own since 1.29."""
    claim = parsed("common")["io.k8s.api.core.v1.PersistentVolumeClaimSpec"]
    resources = resolved(claim["properties"]["resources"], parsed("common"))
    assert sorted(resources["properties"]) == ["limits", "requests"]


def test_every_reference_leads_somewhere() -> None:
    """No table names a definition that it does not hold."""
    all_tables = {"common": tables.common(), **{m: tables.definitions(m) for m in MINORS}}
    lost = {
        (where, name)
        for where, table in all_tables.items()
        for text in table.values()
        for name in re.findall(r'"\$ref":"#/\$defs/([^"]+)"', text)
        if name not in table
    }
    assert lost == set()


JUNK = st.sampled_from(
    ["", "a", "1", "1Gi", 0, -1, 5, 2**31, 2**63, 1.0, 0.5, True, [], {}, [{}], {"a": "b"}]
)


@cache
def parsed(table: str) -> dict[str, Schema]:
    """The definitions of a minor, or what all have in common, as dicts."""
    texts = tables.common() if table == "common" else tables.definitions(table)
    return {name: json.loads(text) for name, text in texts.items()}


def values(schema: Schema, table: dict[str, Schema], depth: int) -> st.SearchStrategy[Any]:
    """Mostly right instances of a schema, with a stranger now and then."""
    right = st.deferred(lambda: rightful(schema, table, depth))
    return st.integers(0, 15).flatmap(lambda dice: JUNK if dice == 0 else right)


def rightful(schema: Schema, table: dict[str, Schema], depth: int) -> st.SearchStrategy[Any]:
    """Instances of a schema; what is inside may be strange."""
    if "$ref" in schema:
        return rightful(table[schema["$ref"].removeprefix("#/$defs/")], table, depth)
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "properties" in schema:
        return structs(schema, table, depth)
    inner = schema.get("items") or schema.get("additionalProperties") or {}
    size = 2 if depth else 0
    if schema.get("type") == "array":
        return st.lists(values(inner, table, depth - 1), max_size=size)
    if schema.get("type") == "object":
        return st.dictionaries(
            st.sampled_from("ab"), values(inner, table, depth - 1), max_size=size
        )
    return SCALARS.get(str(schema.get("type")), JUNK)


SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "string": st.sampled_from(["a", "", "x/y"]),
    "integer": st.sampled_from([0, 1, 2**31 - 1, 3.0]),
    "number": st.sampled_from([0, 1.5]),
    "boolean": st.booleans(),
    "['integer', 'string']": st.sampled_from([0, "http"]),
    "['number', 'string']": st.sampled_from([1, "1.5Gi", "1e3", "2k"]),
}


@st.composite
def structs(draw: st.DrawFn, schema: Schema, table: dict[str, Schema], depth: int) -> Schema:
    """Objects with most of their required fields, some others, and seldom an unknown one."""
    fields = schema["properties"]
    required = [f for f in schema.get("required", ()) if draw(st.integers(0, 15))]
    some = draw(st.lists(st.sampled_from(sorted(fields) or ["x"]), max_size=4 if depth > 0 else 0))
    strange = ["strange"] if draw(st.integers(0, 20)) == 0 else []
    return {
        field: draw(values(fields.get(field, {}), table, depth - 1))
        for field in (*required, *some, *strange)
    }


@st.composite
def objects(draw: st.DrawFn) -> tuple[str, str, Schema]:
    """A definition, a minor that has it, and an object that is meant for it."""
    definition, minors = draw(st.sampled_from(sorted(tables.kinds().values())))
    minor = draw(st.sampled_from(minors))
    table = parsed(minor)
    return definition, minor, draw(rightful(table[definition], table, 6))


@settings(deadline=None, max_examples=200, derandomize=True)
@given(objects())
def test_an_object_that_all_have_in_common_passes_each(case: tuple[str, str, Schema]) -> None:
    """The first question is sound."""
    definition, _, value = case
    minors = next(found for name, found in tables.kinds().values() if name == definition)
    if not problems(checkers("common")[definition], value):
        assert [m for m in minors if problems(checkers(m)[definition], value)] == []


@settings(deadline=None, max_examples=200, derandomize=True)
@given(objects())
def test_a_json_schema_engine_agrees(case: tuple[str, str, Schema]) -> None:
    """Our reading of the bundled schemas is that of a complete JSON Schema engine."""
    definition, minor, value = case
    ours = not problems(checkers(minor)[definition], value)
    assert ours == engine(definition, minor).is_valid(value)


@cache
def checkers(table: str) -> Definitions:
    """The checkers of a minor, or of what all have in common."""
    return Definitions(tables.common() if table == "common" else tables.definitions(table))


@cache
def engine(definition: str, minor: str) -> jsonschema_rs.Validator:
    """A compiled JSON Schema; what a format means it takes from us."""
    schema = {"$ref": f"#/$defs/{definition}", "$defs": parsed(minor)}
    formats = {"byte": scalars.base64, "date-time": scalars.time}
    return jsonschema_rs.Draft202012Validator(
        schema,
        formats={name: partial(takes, check) for name, check in formats.items()},
        validate_formats=True,
    )


def takes(check: scalars.Checker, value: str) -> bool:
    """Whether a checker finds nothing."""
    return not check(value)
