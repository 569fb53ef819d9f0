"""Structural schemas of custom resources.

Source: k8s.io/apiextensions-apiserver/pkg/apiserver/schema, `ValidateStructural`;
pkg/apis/apiextensions/validation, `ValidateCustomResourceDefinitionOpenAPISchema`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields.flaws import forbidden, invalid, required, under, unsupported
from mistersmith_k8s.checks.fields.rules import dicts, struct

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.check import Flaw
    from mistersmith_k8s.checks.finding import Path

TYPES = ("array", "boolean", "integer", "number", "object", "string")
ANY, INT_OR_STRING = "x-kubernetes-preserve-unknown-fields", "x-kubernetes-int-or-string"
EMBEDDED = "x-kubernetes-embedded-resource"
LIST, MAP, KEYS = (
    "x-kubernetes-list-type",
    "x-kubernetes-map-type",
    "x-kubernetes-list-map-keys",
)
UNSUPPORTED = (
    *("id", "$ref", "$schema", "additionalItems", "definitions", "dependencies"),
    "patternProperties",
)
NOT_NESTED = (
    *("type", "default", "title", "description", "nullable", "additionalProperties"),
    *(ANY, EMBEDDED, INT_OR_STRING, KEYS, LIST, MAP),
)
# What stands at the root when the status is a subresource.
AT_ROOT = frozenset(
    (
        *("description", "type", "format", "title", "maximum", "exclusiveMaximum", "minimum"),
        *("exclusiveMinimum", "maxLength", "minLength", "pattern", "maxItems", "minItems"),
        *("uniqueItems", "multipleOf", "required", "items", "properties", "externalDocs"),
        *("example", ANY, "x-kubernetes-validations"),
    )
)
INT_OR_STRING_TYPES = [{"type": "integer"}, {"type": "string"}]
COMBINED = ("allOf", "anyOf", "oneOf")
Node = dict[str, Any]


def root_schema(value: Any, *, with_status: bool) -> Iterator[Flaw]:
    """A schema that says the type of everything, and an object at the root."""
    if not isinstance(value, dict):
        return
    if value.get("type") in (None, "") and value.get(ANY) is not True:
        yield required("must not be empty at the root", "Set type: object.", ("type",))
    elif value.get("type") not in (None, "", "object"):
        yield invalid(value["type"], "must be object at the root", "Use object.", ("type",))
    if value.get("additionalProperties") is not None:
        detail = "must not be used at the root"
        yield forbidden(detail, "Name the properties.", ("additionalProperties",))
    if value.get("nullable") is True:
        yield forbidden("nullable cannot be true at the root", "Remove it.", ("nullable",))
    for key in sorted(value.keys() - AT_ROOT) if with_status else ():
        if isinstance(key, str) and value[key]:
            detail = "is not allowed at the root of the schema if the status subresource is enabled"
            yield invalid(key, detail, "Move it below.", (key,))
    metadata = struct(struct(value.get("properties")).get("metadata"))
    yield from under(_metadata(metadata), "properties", "metadata")
    stack: list[tuple[Path, Node]] = [((), value)]
    while stack:
        path, node = stack.pop()
        yield from under(_node(node), *path)
        stack.extend((path + step, child) for step, child in _children(node))


def _metadata(value: Node) -> Iterator[Flaw]:
    if set(struct(value.get("properties"))) - {"name", "generateName"} or value.keys() - {
        *("type", "properties", "description", "default"),
    }:
        detail = "must not specify anything other than name and generateName"
        mend = "Write metadata as {type: object}."
        yield forbidden(f"{detail}, but metadata is implicitly specified", mend)


def _children(node: Node) -> Iterator[tuple[Path, Node]]:
    items, more = node.get("items"), node.get("additionalProperties")
    if isinstance(items, dict):
        yield ("items",), items
    if isinstance(more, dict):
        yield ("additionalProperties",), more
    properties = node.get("properties")
    if isinstance(properties, dict):
        for name, child in properties.items():
            if isinstance(child, dict) and isinstance(name, str):
                yield ("properties", name), child


def _node(node: Node) -> Iterator[Flaw]:
    """What is wrong with one node, leaving its children aside."""
    kind = node.get("type")
    if kind in (None, ""):
        if node and not node.get(INT_OR_STRING) and not node.get(ANY):
            detail = "must not be empty for specified object fields and array items"
            yield required(detail, "Set type.", ("type",))
    elif isinstance(kind, str) and kind not in TYPES:
        yield unsupported(kind, TYPES, ("type",))
    if kind == "array" and node.get("items") is None:
        yield required("must be specified", "Set items.", ("items",))
    if not node.keys().isdisjoint(_RARE):
        yield from _rare(node)


_RARE = frozenset(
    (*UNSUPPORTED, *COMBINED, "not", "uniqueItems", ANY, INT_OR_STRING, EMBEDDED, LIST, MAP, KEYS)
) | {"default", "additionalProperties"}


def _rare(node: Node) -> Iterator[Flaw]:
    for name in UNSUPPORTED:
        if node.get(name):
            yield forbidden(f"{name} is not supported", "Remove it.", (name,))
    if node.get("uniqueItems") is True:
        detail = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        yield forbidden(detail, f"Use {LIST}: set.", ("uniqueItems",))
    if node.get("properties") and isinstance(node.get("additionalProperties"), dict | bool):
        if node["additionalProperties"] is not True:
            detail = "additionalProperties and properties are mutual exclusive"
            yield forbidden(detail, "Keep one of them.", ("additionalProperties",))
    yield from _extensions(node)
    yield from _lists(node)
    yield from _default(node)
    yield from _combined(node)


def _extensions(node: Node) -> Iterator[Flaw]:
    if node.get(ANY) is False:
        yield invalid(
            value=False, detail="must be true or undefined", mend="Remove it.", path=(ANY,)
        )
    for name in (ANY, EMBEDDED):
        if node.get(INT_OR_STRING) is True and node.get(name) is True:
            detail = f"must be false if {INT_OR_STRING} is true"
            yield invalid(value=True, detail=detail, mend="Remove it.", path=(name,))
    if node.get(EMBEDDED) is True:
        if node.get("type") != "object":
            detail = f"must be object if {EMBEDDED} is true"
            yield invalid(node.get("type"), detail, "Set type: object.", ("type",))
        if not node.get("properties") and node.get(ANY) is not True:
            detail = f"must not be empty if {EMBEDDED} is true without {ANY}"
            yield required(detail, path=("properties",))
    for name, kind, known in (
        (MAP, "object", ("atomic", "granular")),
        (LIST, "array", ("atomic", "set", "map")),
    ):
        value = node.get(name)
        if value is not None and node.get("type") != kind:
            detail = f"must be {kind} if {name} is specified"
            yield invalid(node.get("type"), detail, f"Set type: {kind}.", ("type",))
        if isinstance(value, str) and value not in known:
            yield unsupported(value, known, (name,))


def _lists(node: Node) -> Iterator[Flaw]:
    kind, keys, items = node.get(LIST), node.get(KEYS) or [], struct(node.get("items"))
    if keys and kind != "map":
        detail = f"must be map if {KEYS} is non-empty"
        yield invalid(kind, detail, f"Set {LIST}: map.", (LIST,))
    if kind in ("map", "set") and items.get("nullable") is True:
        detail = f"cannot be nullable when {LIST} is {kind}"
        yield forbidden(detail, "Remove it.", ("items", "nullable"))
    if kind == "set":
        yield from _set_items(items)
    if kind != "map" or not isinstance(keys, list):
        return
    if not keys:
        yield required(f"must not be empty if {LIST} is map", path=(KEYS,))
    if items.get("type") != "object":
        detail = f"must be object if parent array's {LIST} is map"
        yield invalid(items.get("type"), detail, "Set type: object.", ("items", "type"))
        return
    for index, key in enumerate(keys):
        if isinstance(key, str):
            if key in keys[:index]:
                yield invalid(
                    key, "must not contain duplicate entries", "Remove it.", (KEYS, index)
                )
            yield from _map_key(key, index, items)


def _set_items(items: Node) -> Iterator[Flaw]:
    for kind, name in (("array", LIST), ("object", MAP)):
        of_set = items.get("type") == kind
        atomic = items.get(name) == "atomic" or (kind == "array" and items.get(name) is None)
        if of_set and not atomic:
            detail = f"must be atomic as item of a list with {LIST}=set"
            yield invalid(items.get(name), detail, f"Set {name}: atomic.", ("items", name))


def _map_key(key: str, index: int, items: Node) -> Iterator[Flaw]:
    found = struct(items.get("properties")).get(key)
    if found is None:
        detail = "entries must all be names of item properties"
        yield invalid(key, detail, "Name a property of the items.", (KEYS, index))
        return
    at = ("items", "properties", key)
    found = struct(found)
    if found.get("type") in ("array", "object"):
        detail = f"must be a scalar type if parent array's {LIST} is map"
        yield invalid(found["type"], detail, "Use another key.", (*at, "type"))
    if key not in (items.get("required") or ()) and found.get("default") is None:
        detail = f"this property is in {KEYS}, so it must have a default or be a required property"
        yield required(detail, "List it in required.", (*at, "default"))
    if found.get("nullable") is True:
        detail = f"this property is in {KEYS}, so it cannot be nullable"
        yield forbidden(detail, "Remove it.", (*at, "nullable"))


_JSON = {
    "array": list,
    "boolean": bool,
    "number": (int, float),
    "object": dict,
    "string": str,
}


def _default(node: Node) -> Iterator[Flaw]:
    """A default has the type that it is the default of."""
    value, kind = node.get("default"), node.get("type")
    if value is None or not isinstance(kind, str):
        return
    if kind == "integer":
        fits = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    else:
        fits = isinstance(value, _JSON.get(kind, object))
    if not fits or (isinstance(value, bool) and kind in ("integer", "number")):
        detail = f"default in body must be of type {kind}"
        yield invalid(value, detail, f"Write a value of type {kind}.", ("default",))
    choices = node.get("enum")
    if isinstance(choices, list) and fits and value not in choices:
        yield unsupported(value, map(str, choices), ("default",))


def _combined(node: Node) -> Iterator[Flaw]:
    """Alternatives validate values; what a value is, is said outside of them."""
    if isinstance(node.get("not"), dict):
        yield from under(_nested(node["not"], node), "not")
    for name in COMBINED:
        alternatives = node.get(name)
        if name == "anyOf" and alternatives == INT_OR_STRING_TYPES:
            continue
        for index, item in dicts(alternatives):
            skip = name == "allOf" and index == 0 and item.get("anyOf") == INT_OR_STRING_TYPES
            inner = {key: part for key, part in item.items() if key != "anyOf"} if skip else item
            yield from under(_nested(inner, node), name, index)


def _nested(node: Node, outer: Node | None) -> Iterator[Flaw]:
    for name in NOT_NESTED:
        if node.get(name):
            yield forbidden("must be undefined to be structural", "Move it out.", (name,))
    properties = struct(node.get("properties"))
    known = struct(struct(outer).get("properties"))
    for name, child in properties.items():
        at = ("properties", str(name))
        if name not in known:
            detail = "must be defined outside of the alternatives too"
            yield required(detail, "Add the property there.", at)
        elif isinstance(child, dict):
            yield from under(_nested(child, struct(known[name])), *at)
    if isinstance(node.get("items"), dict):
        yield from under(_nested(node["items"], struct(struct(outer).get("items"))), "items")
    for name in COMBINED:
        for index, item in dicts(node.get(name)):
            yield from under(_nested(item, outer), name, index)
    if isinstance(node.get("not"), dict):
        yield from under(_nested(node["not"], outer), "not")
