"""Definitions of the Kubernetes API by minor, without prose and with what is known to be true."""

from __future__ import annotations

import json
from functools import cache
from importlib import metadata, util
from pathlib import Path
from typing import Any

from imports.pins import MINORS, SCHEMAS_PACKAGE, SCHEMAS_VERSION

Definition = dict[str, Any]
Definitions = dict[str, Definition]

_PREFIX = "#/$defs/"


def definitions() -> dict[str, Definitions]:
    """Definitions of each minor; those of the oldest minor come first.

    A field counts as required where the newest minor that has it says so: the API server never
    changed its mind, but OpenAPI was wrong about it for years (`roleRef.apiGroup` is defaulted,
    an absent `podSelector` selects all pods, `StatefulSet.spec.serviceName` may be absent).
    """
    raw = {minor: _read(minor) for minor in MINORS}
    newest: dict[tuple[str, str], bool] = {}
    for tables in raw.values():
        for name, body in tables.items():
            required = body.get("required", ())
            newest |= {(name, field): field in required for field in body.get("properties", ())}
    return {minor: _corrected(tables, newest) for minor, tables in raw.items()}


def target(schema: Definition) -> str | None:
    """Name of the definition that a `$ref` schema points to."""
    reference = schema.get("$ref")
    return reference.removeprefix(_PREFIX) if isinstance(reference, str) else None


def children(schema: Definition) -> list[Definition]:
    """Direct sub-schemas: properties, then items, then map values."""
    nested = [schema.get("items"), schema.get("additionalProperties")]
    return [*schema.get("properties", {}).values(), *(n for n in nested if isinstance(n, dict))]


def references(schema: Definition) -> set[str]:
    """Names of the definitions that a schema refers to directly."""
    own = target(schema)
    return ({own} if own else set()).union(*(references(child) for child in children(schema)))


def closure(tables: Definitions, *roots: str) -> set[str]:
    """Names of all definitions that can be reached from the roots, the roots included."""
    reached: set[str] = set()
    ahead = list(roots)
    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached.add(name)
            ahead.extend(references(tables[name]))
    return reached


def _corrected(tables: Definitions, required: dict[tuple[str, str], bool]) -> Definitions:
    return {
        name: {
            **{key: value for key, value in body.items() if key != "required"},
            **(
                {"required": fields}
                if (fields := [f for f in sorted(body.get("properties", ())) if required[name, f]])
                else {}
            ),
        }
        for name, body in tables.items()
    }


@cache
def _read(minor: str) -> Definitions:
    path = _folder() / f"v{minor}.0-local-strict" / "_definitions.json"
    tables: Definitions = json.loads(path.read_text(encoding="utf-8"))["$defs"]
    return {name: _plain(body) for name, body in sorted(tables.items())}


def _folder() -> Path:
    found = metadata.version(SCHEMAS_PACKAGE)
    if found != SCHEMAS_VERSION:
        message = f"{SCHEMAS_PACKAGE} is {found}; the pinned version is {SCHEMAS_VERSION}"
        raise RuntimeError(message)
    spec = util.find_spec(SCHEMAS_PACKAGE.replace("-", "_"))
    if spec is None or spec.origin is None:
        message = f"{SCHEMAS_PACKAGE} has no folder"
        raise RuntimeError(message)
    return Path(spec.origin).parent / "kubernetes-json-schema"


def _plain(schema: Definition) -> Definition:
    """The schema without descriptions and without `null` beside each type, keys sorted."""
    plain: Definition = {}
    for key, value in sorted(schema.items()):
        if key == "properties":
            plain[key] = {field: _plain(body) for field, body in sorted(value.items())}
        elif isinstance(value, dict):
            plain[key] = _plain(value)
        elif key == "type":
            plain[key] = value if isinstance(value, str) else value[0]
        elif key == "oneOf":
            plain["type"] = sorted(choice["type"][0] for choice in value)
        elif key != "description":
            plain[key] = value
    return plain
