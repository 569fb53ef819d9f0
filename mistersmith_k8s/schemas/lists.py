"""Lists that Kubernetes treats as sets or maps: what must be unique, and what merges by key."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from mistersmith_k8s.schemas import tables

if TYPE_CHECKING:
    from mistersmith_k8s.schemas.problem import Path


class ListRule(NamedTuple):
    """How the API treats a list.

    `type` is `map`, `set`, `atomic` or empty; `keys` are unique together in a `map`.
    `merge_key` and `strategy` belong to strategic merge patches.
    """

    type: str
    keys: tuple[str, ...]
    merge_key: str
    strategy: str


def declared_lists(manifest: Mapping[str, Any]) -> Iterator[tuple[Path, Sequence[Any], ListRule]]:
    """Every list of a manifest that has a rule: its path, its items and the rule."""
    key = (str(manifest.get("apiVersion")), str(manifest.get("kind")))
    definition, _ = tables.kinds().get(key, ("", ()))
    if definition:
        yield from _lists(definition, manifest, ())


def list_rule(api_version: str, kind: str, path: Path) -> ListRule | None:
    """The rule of the list at a path of a kind; None where there is none."""
    definition, _ = tables.kinds().get((api_version, kind), ("", ()))
    *steps, field = [step for step in path if isinstance(step, str)] or [""]
    ahead = iter(steps)
    for step in ahead:
        definition, shape = _targets(definition).get(step, ("", ""))
        if not definition or (shape == "map" and next(ahead, None) is None):
            return None
    return _rules().get((definition, str(field)))


def _lists(
    definition: str, value: Any, path: Path
) -> Iterator[tuple[Path, Sequence[Any], ListRule]]:
    if not isinstance(value, Mapping):
        return
    targets = _targets(definition)
    for field, item in value.items():
        rule = _rules().get((definition, field))
        if rule and isinstance(item, list | tuple):
            yield ((*path, field), item, rule)
        target, shape = targets.get(field, ("", ""))
        for step, inner in _inside(item, shape) if target else ():
            yield from _lists(target, inner, (*path, field, *step))


def _inside(value: Any, shape: str) -> Iterator[tuple[Path, Any]]:
    """Objects that a field holds, with the steps to them."""
    if shape == "list":
        items = value if isinstance(value, list | tuple) else ()
        yield from (((index,), item) for index, item in enumerate(items))
    elif shape == "map":
        entries = value if isinstance(value, Mapping) else {}
        yield from (((str(key),), item) for key, item in entries.items())
    else:
        yield ((), value)


@cache
def _targets(definition: str) -> dict[str, tuple[str, str]]:
    """Definition that each field of a definition holds, and in what: `list`, `map` or alone."""
    schema = json.loads(tables.newest().get(definition, "{}"))
    if "$ref" in schema:
        return _targets(_name(schema))
    found = {}
    for field, body in schema.get("properties", {}).items():
        for shape, inner in (("", body), *((s, body.get(key)) for key, s in _SHAPES.items())):
            if isinstance(inner, dict) and "$ref" in inner:
                found[field] = (_name(inner), shape)
    return found


_SHAPES = {"items": "list", "additionalProperties": "map"}


def _name(schema: Mapping[str, Any]) -> str:
    return str(schema["$ref"]).removeprefix("#/$defs/")


@cache
def _rules() -> dict[tuple[str, str], ListRule]:
    return {
        (name, field): ListRule(kind, tuple(keys.split(",")) if keys else (), merge, strategy)
        for name, field, kind, keys, merge, strategy in tables.rows("lists")
    }
