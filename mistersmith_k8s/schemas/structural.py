"""Checkers of structural schemas: the OpenAPI v3 dialect of CustomResourceDefinitions.

Source: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/, and the packages
pkg/apiserver/schema and pkg/apiserver/validation of k8s.io/apiextensions-apiserver.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.schemas import scalars
from mistersmith_k8s.schemas.checkers import Fields
from mistersmith_k8s.schemas.problem import (
    DUPLICATE,
    REQUIRED,
    UNSUPPORTED,
    Problem,
    invalid,
    unknown,
)

if TYPE_CHECKING:
    from mistersmith_k8s.schemas.scalars import Checker

Schema = Mapping[str, Any]

_INT_OR_STRING = "x-kubernetes-int-or-string"
_PRESERVE = "x-kubernetes-preserve-unknown-fields"
_EMBEDDED = "x-kubernetes-embedded-resource"


def structural(
    schema: Schema, *, given: Mapping[str, Checker] | None = None, pruning: bool = True
) -> Checker:
    """The checker of a structural schema.

    `given` are fields that every object has, whatever the schema says. Where unknown fields
    would be pruned they are refused, as `kubectl apply` does with strict field validation.
    A keyword with a value of the wrong type says nothing.
    """
    schema = _sound(schema)
    checks = [_shape(schema, given or {}, pruning=pruning)]
    checks += [rule(schema[key], schema) for key, rule in _RULES.items() if key in schema]
    nullable = schema.get("nullable") is True

    def check(value: Any) -> list[Problem] | None:
        if value is None and nullable:
            return None
        return [problem for one in checks for problem in one(value) or ()]

    return check


def _sound(schema: Any) -> Schema:
    """The keywords of a schema that have a value of their type: anybody writes definitions."""
    return {key: value for key, value in _schema(schema).items() if _says(key, value)}


def _says(key: str, value: Any) -> bool:
    kind = _TYPES.get(key, object)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not object):
        return False
    if key in _NAMES:
        return all(isinstance(name, str) for name in value)
    return not (key == "multipleOf" and value == 0)


def _shape(schema: Schema, given: Mapping[str, Checker], *, pruning: bool) -> Checker:
    if schema.get(_INT_OR_STRING) is True:
        return scalars.int_or_string
    kind = schema.get("type")
    if kind == "object" or (kind is None and _OBJECT_RULES & schema.keys()):
        return _object(schema, given, pruning=pruning)
    if kind == "array" or (kind is None and "items" in schema):
        return _list(structural(_schema(schema.get("items")), pruning=pruning), schema)
    if kind == "integer":
        bits = 32 if schema.get("format") == "int32" else 64
        return _present(scalars.integer(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1), "an integer")
    base64 = kind == "string" and schema.get("format") == "byte"
    check, noun = _SCALARS.get(str(kind), (scalars.anything, ""))
    return _present(scalars.base64 if base64 else check, noun) if noun else check


_OBJECT_RULES = {"properties", "required", "additionalProperties"}

_SCALARS: dict[str, tuple[Checker, str]] = {
    "boolean": (scalars.boolean, "a boolean"),
    "number": (scalars.number, "a number"),
    "string": (scalars.string, "a string"),
}


def _present(check: Checker, noun: str) -> Checker:
    """The same checker for a place where null is no zero value."""
    return lambda value: invalid(value, f"must be {noun}") if value is None else check(value)


def _object(schema: Schema, given: Mapping[str, Checker], *, pruning: bool) -> Checker:
    properties = _schema(schema.get("properties"))
    fields = Fields(properties, partial(structural, pruning=pruning))
    fields |= {**(_EMBEDDED_FIELDS if schema.get(_EMBEDDED) is True else {}), **given}
    known = frozenset((*fields.names, *fields))
    rest = _rest(schema, pruning=pruning)
    absent = _absent(schema, properties)

    def check(value: Any) -> list[Problem] | None:
        if not isinstance(value, Mapping):
            return invalid(value, "must be an object") if "type" in schema else None
        problems = []
        for key, item in value.items():
            found = fields[key] if key in known else rest
            if found is None:
                problems.append(unknown(str(key), known))
            elif item is not None:  # a null is dropped, or kept where it may be null
                problems += [problem.under(str(key)) for problem in found(item) or ()]
        return problems + [Problem(REQUIRED, path=(name,)) for name in absent(value)]

    return check


def _rest(schema: Schema, *, pruning: bool) -> Checker | None:
    """The checker of fields that are not named; None where they are unknown fields."""
    values = schema.get("additionalProperties")
    if isinstance(values, Mapping):
        return structural(values, pruning=pruning)
    kept = values is True or schema.get(_PRESERVE) is True or not pruning
    return scalars.anything if kept else None


def _absent(schema: Schema, properties: Schema) -> Callable[[Mapping[str, Any]], list[str]]:
    """What tells which required fields an object lacks; a null counts where it may be null."""
    required = [*schema.get("required", ()), *_embedded_required(schema)]
    nullable = {name for name in required if _schema(properties.get(name)).get("nullable") is True}
    return lambda value: [
        name
        for name in required
        if value.get(name) is None and not (name in value and name in nullable)
    ]


_EMBEDDED_FIELDS = {
    "apiVersion": scalars.string,
    "kind": scalars.string,
    "metadata": scalars.anything,
}


def _embedded_required(schema: Schema) -> list[str]:
    return ["apiVersion", "kind"] if schema.get(_EMBEDDED) is True else []


def _list(items: Checker, schema: Schema) -> Checker:
    kind = schema.get("x-kubernetes-list-type")
    keys = schema.get("x-kubernetes-list-map-keys", ()) if kind == "map" else ()

    def check(value: Any) -> list[Problem] | None:
        if not isinstance(value, list | tuple):
            return invalid(value, "must be a list") if "type" in schema else None
        problems = [p.under(index) for index, item in enumerate(value) for p in items(item) or ()]
        return problems + (_duplicates(value, keys) if kind in {"map", "set"} else [])

    return check


def _duplicates(items: Sequence[Any], keys: Sequence[str]) -> list[Problem]:
    """Items that say again what an earlier one said: by their keys, or as a whole."""
    rule = f"must be unique by {', '.join(keys)}" if keys else "must be unique"
    seen: set[str] = set()
    problems = []
    for index, item in enumerate(items):
        entry = item if isinstance(item, Mapping) else {}
        identity = {key: entry.get(key) for key in keys} if keys else item
        text = json.dumps(identity, sort_keys=True, default=str)
        if text in seen:
            shown = item if identity is item else ", ".join(map(str, identity.values()))
            problems.append(Problem(DUPLICATE, rule, shown, (index,)))
        seen.add(text)
    return problems


def _bound(word: str, fits: Callable[[Any, Any], bool]) -> Callable[[Any, Schema], Checker]:
    """A rule on the size of numbers."""

    def rule(limit: Any, schema: Schema) -> Checker:
        exclusive = schema.get(f"exclusive{'Minimum' if word == 'at least' else 'Maximum'}") is True
        words = {"at least": "greater than", "at most": "less than"}[word] if exclusive else word

        def check(value: Any) -> list[Problem] | None:
            if isinstance(value, bool) or not isinstance(value, int | float):
                return None
            ok = fits(value, limit) and not (exclusive and value == limit)
            return None if ok else invalid(value, f"must be {words} {limit}")

        return check

    return rule


def _size(
    kind: Any, text: str, fits: Callable[[int, int], bool]
) -> Callable[[Any, Schema], Checker]:
    """A rule on the length of strings, lists or objects."""

    def rule(limit: Any, _schema: Schema) -> Checker:
        def check(value: Any) -> list[Problem] | None:
            ok = not isinstance(value, kind) or fits(len(value), limit)
            return None if ok else invalid(value, text.format(limit))

        return check

    return rule


def _choice(options: Any, _schema: Schema) -> Checker:
    listed = ", ".join(json.dumps(option, default=str) for option in options)

    def check(value: Any) -> list[Problem] | None:
        same = any(value == o and isinstance(value, bool) == isinstance(o, bool) for o in options)
        return None if same else [Problem(UNSUPPORTED, f"supported values: {listed}", value)]

    return check


def _pattern(pattern: Any, _schema: Schema) -> Checker:
    """A rule on strings; nothing is said where Python cannot read the expression."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # what Python warns of is read differently by RE2
        try:
            search = re.compile(str(pattern)).search
        except (re.error, Warning):
            return scalars.anything

    def check(value: Any) -> list[Problem] | None:
        ok = not isinstance(value, str) or search(value)
        return None if ok else invalid(value, f"must match {pattern}")

    return check


def _multiple(factor: Any, _schema: Schema) -> Checker:
    def check(value: Any) -> list[Problem] | None:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        ok = not number or (value / factor).is_integer()
        return None if ok else invalid(value, f"must be a multiple of {factor}")

    return check


def _all_of(schemas: Any, _schema: Schema) -> Checker:
    checks = _alternatives(schemas)
    return lambda value: [problem for check in checks for problem in check(value) or ()]


def _some_of(fits: Callable[[int], bool], rule: str) -> Callable[[Any, Schema], Checker]:
    """A rule on how many of several schemas may take a value."""

    def made(schemas: Any, _schema: Schema) -> Checker:
        checks = _alternatives(schemas)

        def check(value: Any) -> list[Problem] | None:
            return None if fits(sum(not one(value) for one in checks)) else invalid(value, rule)

        return check

    return made


def _not(schema: Any, _schema_around: Schema) -> Checker:
    refused = structural(_schema(schema), pruning=False)
    return lambda value: None if refused(value) else invalid(value, "must not match the schema")


def _alternatives(schemas: Any) -> list[Checker]:
    return [structural(_schema(schema), pruning=False) for schema in schemas]


def _schema(value: Any) -> Schema:
    return value if isinstance(value, Mapping) else {}


def _least(size: Any, limit: Any) -> bool:
    return bool(size >= limit)


def _most(size: Any, limit: Any) -> bool:
    return bool(size <= limit)


_LISTS = (list, tuple)
_NUMBERS = (int, float)
_NAMES = frozenset(("required", "x-kubernetes-list-map-keys"))
_TYPES: dict[str, Any] = {
    **dict.fromkeys(("allOf", "anyOf", "oneOf", "enum", *_NAMES), _LISTS),
    **dict.fromkeys(("maxItems", "maxLength", "maxProperties"), int),
    **dict.fromkeys(("minItems", "minLength", "minProperties"), int),
    **dict.fromkeys(("maximum", "minimum", "multipleOf"), _NUMBERS),
    **dict.fromkeys(("properties", "not"), Mapping),
    "pattern": str,
}

_RULES: dict[str, Callable[[Any, Schema], Checker]] = {
    "allOf": _all_of,
    "anyOf": _some_of(lambda count: count > 0, "must match one of the alternatives"),
    "enum": _choice,
    "maxItems": _size(_LISTS, "must have at most {} items", _most),
    "maxLength": _size(str, "must be at most {} characters long", _most),
    "maxProperties": _size(Mapping, "must have at most {} entries", _most),
    "maximum": _bound("at most", _most),
    "minItems": _size(_LISTS, "must have at least {} items", _least),
    "minLength": _size(str, "must be at least {} characters long", _least),
    "minProperties": _size(Mapping, "must have at least {} entries", _least),
    "minimum": _bound("at least", _least),
    "multipleOf": _multiple,
    "not": _not,
    "oneOf": _some_of(lambda count: count == 1, "must match exactly one of the alternatives"),
    "pattern": _pattern,
}
