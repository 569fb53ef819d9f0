"""Structural schemas of custom resources.

Source: k8s.io/apiextensions-apiserver/pkg/apiserver/schema, `ValidateStructural`;
pkg/apis/apiextensions/validation, `ValidateCustomResourceDefinitionOpenAPISchema`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields.faults import (
    Fault,
    forbidden,
    invalid,
    required,
    under,
    unsupported,
)
from mistersmith_k8s.checks.fields.rules import dicts, pick, strings, struct

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.finding import Path

TYPES = ("array", "boolean", "integer", "number", "object", "string")
ANY, INT_OR_STRING = "x-kubernetes-preserve-unknown-fields", "x-kubernetes-int-or-string"
EMBEDDED, CEL = "x-kubernetes-embedded-resource", "x-kubernetes-validations"
REASONS = ("FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired")
LIST, MAP, KEYS = (
    "x-kubernetes-list-type",
    "x-kubernetes-map-type",
    "x-kubernetes-list-map-keys",
)
UNSUPPORTED = (
    *("id", "$ref", "$schema", "additionalItems", "definitions", "dependencies"),
    "patternProperties",
)
# Of these, even an empty value is one too many.
POINTERS = frozenset(("$ref", "additionalItems", "dependencies"))
NOT_NESTED = (
    *("type", "default", "title", "description", "nullable", "additionalProperties"),
    *(ANY, EMBEDDED, INT_OR_STRING, KEYS, LIST, MAP, CEL),
)
# What stands at the root when the status is a subresource.
AT_ROOT = frozenset(
    (
        *("description", "type", "format", "title", "maximum", "exclusiveMaximum", "minimum"),
        *("exclusiveMinimum", "maxLength", "minLength", "pattern", "maxItems", "minItems"),
        *("uniqueItems", "multipleOf", "required", "items", "properties", "externalDocs"),
        *("example", ANY, CEL),
    )
)
INT_OR_STRING_TYPES = [{"type": "integer"}, {"type": "string"}]
COMBINED = ("allOf", "anyOf", "oneOf")
Node = dict[str, Any]


def root_schema(value: Any, *, with_status: bool) -> Iterator[Fault]:
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
        unset = value[key] is None or value[key] is False or value[key] == ""
        if isinstance(key, str) and not unset:
            detail = "is not allowed at the root of the schema if the status subresource is enabled"
            yield invalid(key, detail, "Move it below.", (key,))
    yield from _identity(struct(value.get("properties")))
    yield from _complete(value)
    stack: list[tuple[Path, Node]] = [((), value)]
    while stack:
        path, node = stack.pop()
        yield from under(_node(node), *path)
        stack.extend((path + step, child) for step, child in _children(node))


def _identity(properties: Node) -> Iterator[Fault]:
    """What every resource has may be named with its type, and restricted in its names."""
    for name, kind in (("apiVersion", "string"), ("kind", "string"), ("metadata", "object")):
        value = properties.get(name, {"type": kind})
        if struct(value).get("type") != kind:
            wrong = invalid(struct(value).get("type"), f"must be {kind}", f"Use {kind}.")
            yield from under((wrong,), "properties", name, "type")
    metadata = struct(properties.get("metadata"))
    said = {key for key, item in metadata.items() if item not in (None, "", False, [], {})}
    names = struct(metadata.get("properties")).keys()
    said |= metadata.keys() & {"required", "x-kubernetes-list-map-keys"}
    if names - {"name", "generateName"} or said - {
        "type",
        "properties",
        "default",
        "items",
        "example",
    }:
        detail = "must not specify anything other than name and generateName"
        mend = "Write metadata as {type: object}."
        at = ("properties", "metadata")
        yield forbidden(f"{detail}, but metadata is implicitly specified", mend, at)


def _children(node: Node) -> Iterator[tuple[Path, Node]]:
    items, more = node.get("items"), node.get("additionalProperties")
    if isinstance(items, dict):
        yield ("items",), items
    if isinstance(more, dict):
        yield ("additionalProperties",), more
    properties = node.get("properties")
    if isinstance(properties, dict):
        for name, child in properties.items():
            if isinstance(child, dict | None) and isinstance(name, str):
                yield ("properties", name), child or {}


def _node(node: Node) -> Iterator[Fault]:
    """What is wrong with one node, leaving its children aside."""
    kind = node.get("type")
    if kind in (None, ""):
        if not node.get(INT_OR_STRING) and not node.get(ANY) and not node.get(EMBEDDED):
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
) | {"default", "additionalProperties", "pattern", CEL}
_repeats_nothing = re.compile(r"[*+?][^\\\[]*|[^\\\[]*\([*+][^\\\[]*").fullmatch


def _rare(node: Node) -> Iterator[Fault]:
    yield from _unsupported(node)
    if node.get("properties") and node.get("additionalProperties", True) not in (None, True):
        detail = "additionalProperties and properties are mutual exclusive"
        yield forbidden(detail, "Keep one of them.", ("additionalProperties",))
    yield from _extensions(node)
    yield from _lists(node)
    yield from _default(node)
    for index, rule in dicts(node.get(CEL)):
        yield from under(_rule(rule), CEL, index)
    yield from _combined(node)


def _unsupported(node: Node) -> Iterator[Fault]:
    for name in UNSUPPORTED:
        value = node.get(name)
        given = value is not None if name in POINTERS else bool(value)
        if given:
            yield forbidden(f"{name} is not supported", "Remove it.", (name,))
    if node.get("uniqueItems") is True:
        detail = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        yield forbidden(detail, f"Use {LIST}: set.", ("uniqueItems",))
    pattern = node.get("pattern")
    if isinstance(pattern, str) and _repeats_nothing(pattern):
        detail = "must be a valid regular expression, but isn't: missing argument to repetition"
        yield invalid(pattern, detail, "Escape the sign.", ("pattern",))


def _extensions(node: Node) -> Iterator[Fault]:
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


def _rule(rule: Node) -> Iterator[Fault]:
    """What can be said of a rule without reading its CEL."""
    said, message, path = (rule.get(name) or "" for name in ("rule", "message", "fieldPath"))
    yield from pick(*REASONS)(rule["reason"]) if rule.get("reason") is not None else ()
    if isinstance(said, str) and not said.strip():
        yield required("rule is not specified", "Write a CEL expression.", ("rule",))
    if isinstance(message, str) and message:
        if not message.strip():
            yield invalid(message, "must be non-empty if specified", "Remove it.", ("message",))
        elif "\n" in message.strip() or "\r" in message.strip():
            yield invalid(message, "must not contain line breaks", "Write one line.", ("message",))
    elif isinstance(said, str) and "\n" in said.strip():
        detail = "message must be specified if rule contains line breaks"
        yield required(detail, path=("message",))
    if isinstance(path, str) and path and not path.startswith((".", "[")):
        yield invalid(path, "must be a valid path", "Write a path such as .color.", ("fieldPath",))


def _lists(node: Node) -> Iterator[Fault]:
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
    for index, key in strings(keys):
        if key in keys[:index]:
            detail = "must not contain duplicate entries"
            yield invalid(key, detail, "Remove it.", (KEYS, index))
        yield from _map_key(key, index, items)


def _set_items(items: Node) -> Iterator[Fault]:
    for kind, name in (("array", LIST), ("object", MAP)):
        of_set = items.get("type") == kind
        atomic = items.get(name) == "atomic" or (kind == "array" and items.get(name) is None)
        if of_set and not atomic:
            detail = f"must be atomic as item of a list with {LIST}=set"
            yield invalid(items.get(name), detail, f"Set {name}: atomic.", ("items", name))


def _map_key(key: str, index: int, items: Node) -> Iterator[Fault]:
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


def _default(node: Node) -> Iterator[Fault]:
    """A default obeys the schema that it is the default of, and has no unknown fields."""
    if node.get("default") is None:
        return
    from mistersmith_k8s.schemas.structural import structural  # noqa: PLC0415 - seldom needed

    for problem in structural(_given(node))(node["default"]) or ():
        mend = "Write a value that the schema takes."
        yield Fault(("default", *problem.path), problem.message(), mend)


def _given(value: Any) -> Any:
    """A schema without the keywords that say nothing."""
    if isinstance(value, dict):
        return {key: _given(item) for key, item in value.items() if item not in (None, [])}
    return [_given(item) for item in value] if isinstance(value, list) else value


def _combined(node: Node) -> Iterator[Fault]:
    """Alternatives validate values; what a value is, is said outside of them."""
    for path, inner in _alternatives(node):
        if path in (("anyOf", 0), ("anyOf", 1)) and _is_int_or_string(node):
            yield from under(_in_pattern(inner), *path)
            continue
        skips = path == ("allOf", 0) and _is_int_or_string(inner)
        yield from under(_nested(inner, skip_any=skips), *path)


def _in_pattern(node: Node) -> Iterator[Fault]:
    yield from _unsupported(node)
    if node.get(ANY) is False:
        yield invalid(
            value=False, detail="must be true or undefined", mend="Remove it.", path=(ANY,)
        )


def _is_int_or_string(node: Node) -> bool:
    """Whether the node is the pattern in which alternatives may say a type."""
    said = [
        {key: part for key, part in item.items() if _says(part) and key not in ("items", "example")}
        for _, item in dicts(node.get("anyOf"))
    ]
    return said == INT_OR_STRING_TYPES


def _says(value: Any) -> bool:
    """Whether a keyword's value is not the one that stands for its absence."""
    return not (value is None or value is False or value in ("", []))


def _alternatives(node: Node) -> Iterator[tuple[Path, Node]]:
    for name in COMBINED:
        for index, item in dicts(node.get(name)):
            yield (name, index), item
    if isinstance(node.get("not"), dict):
        yield ("not",), node["not"]


def _nested(node: Node, *, skip_any: bool = False) -> Iterator[Fault]:
    for name in NOT_NESTED:
        value = node.get(name)
        if value or (name in (ANY, "default") and value is not None):
            yield forbidden("must be undefined to be structural", "Move it out.", (name,))
    yield from _unsupported(node)
    for name, child in struct(node.get("properties")).items():
        at = ("properties", str(name))
        if name == "metadata":
            yield forbidden("must not be specified in a nested context", "Remove it.", at)
        if isinstance(child, dict):
            yield from under(_nested(child), *at)
    if isinstance(node.get("items"), dict):
        yield from under(_nested(node["items"]), "items")
    for path, inner in _alternatives(node):
        if not (skip_any and path[0] == "anyOf"):
            yield from under(_nested(inner), *path)


def _complete(root: Node) -> Iterator[Fault]:
    """What alternatives at the root speak of is also specified outside of them."""
    stack = [(path, inner, root) for path, inner in _alternatives(root)]
    while stack:
        path, node, outer = stack.pop()
        stack.extend((path + step, inner, outer) for step, inner in _alternatives(node))
        known = struct(outer.get("properties"))
        for name, child in struct(node.get("properties")).items():
            at = (*path, "properties", str(name))
            if name not in known:
                detail = "must be defined outside of the alternatives too"
                yield required(detail, "Add the property there.", at)
            elif isinstance(child, dict):
                stack.append((at, child, struct(known[name])))
