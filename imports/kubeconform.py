"""Local schema folders for kubeconform, from the tables that the package carries.

kubeconform resolves a `$ref` only as a relative file name, and only without `$id`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mistersmith_k8s.schemas import tables

if TYPE_CHECKING:
    from pathlib import Path

    from imports.upstream import Definition, Definitions

LOCATION = "{{.ResourceKind}}{{.KindSuffix}}.json"
"""What follows the folder of a minor in kubeconform's `-schema-location`."""

_DEFINITIONS = "_definitions.json"


def write(folder: Path, minor: str) -> None:
    """Write the schemas of one minor: a file for each kind, and one for what they share."""
    folder.mkdir(parents=True, exist_ok=True)
    table: Definitions = {n: json.loads(text) for n, text in tables.definitions(minor).items()}
    shared = {"$defs": {name: _with_nulls(body) for name, body in table.items()}}
    (folder / _DEFINITIONS).write_text(json.dumps(shared), encoding="utf-8")
    for (api_version, kind), (definition, minors) in tables.kinds().items():
        if minor in minors:
            schema = {"$ref": f"{_DEFINITIONS}#/$defs/{definition}"}
            (folder / file_name(api_version, kind)).write_text(json.dumps(schema), encoding="utf-8")


def file_name(api_version: str, kind: str) -> str:
    """Name under which kubeconform looks for a kind: `deployment-apps-v1.json`."""
    group, _, version = api_version.rpartition("/")
    parts = (kind, group.partition(".")[0], version)
    return "-".join(part for part in parts if part).lower() + ".json"


def _with_nulls(schema: Definition) -> Definition:
    """The schema as kubeconform must read it: null is the zero value of every optional field."""
    required = schema.get("required", ())
    properties = {
        field: body if field in required else _with_nulls(body)
        for field, body in schema.get("properties", {}).items()
    }
    inner = {key: _with_nulls(schema[key]) for key in ("items",) if key in schema}
    values = schema.get("additionalProperties")
    inner |= {"additionalProperties": _with_nulls(values)} if isinstance(values, dict) else {}
    types = schema.get("type", [])
    listed = [types] if isinstance(types, str) else types
    return {
        **schema,
        **inner,
        **({"properties": properties} if properties else {}),
        **({"type": [*listed, "null"]} if listed and "enum" not in schema else {}),
    }
