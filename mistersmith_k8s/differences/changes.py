"""What changed between two renderings: objects, then fields, in readable form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from mistersmith_k8s.manifest import ObjectRef, ref
from mistersmith_k8s.quantity import amount

if TYPE_CHECKING:
    from mistersmith_k8s.checks.finding import Path

ABSENT = object()
_WORD = re.compile(r"\w+(\[.*\])?", re.DOTALL)
# What tells the items of a list apart, by the field that holds the list.
# Source: the list-map keys of the Kubernetes API.
KEYS: Mapping[str, tuple[str, ...]] = {
    "containers": ("name",),
    "initContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "ports": ("name", "containerPort", "port"),
    "topologySpreadConstraints": ("topologyKey",),
    "subjects": ("kind", "name"),
}


class FieldChange(NamedTuple):
    """A field that is not what it was; `ABSENT` stands for one that was not or is not there.

    The path names list items by what tells them apart: `containers[nats]`.
    """

    path: Path
    old: Any
    new: Any

    @property
    def field(self) -> str:
        """The path as people write it; keys that are no plain words go in brackets."""
        parts = (f".{p}" if _WORD.fullmatch(str(p)) else f"[{p}]" for p in self.path)
        return "".join(parts).removeprefix(".")


class ObjectChange(NamedTuple):
    """An object that was added (`old` is None), removed (`new` is None) or changed."""

    object: ObjectRef
    old: Mapping[str, Any] | None
    new: Mapping[str, Any] | None
    fields: tuple[FieldChange, ...] = ()

    @property
    def verb(self) -> str:
        """added, removed or changed."""
        return "added" if self.old is None else "removed" if self.new is None else "changed"


def changes(
    old: Iterable[Mapping[str, Any]], new: Iterable[Mapping[str, Any]]
) -> list[ObjectChange]:
    """Every object that is not the same, sorted by identity."""
    before, after = _identified(old), _identified(new)
    found = (_change(before.get(key), after.get(key)) for key in sorted({*before, *after}))
    return [change for change in found if change is not None]


def _identified(
    manifests: Iterable[Mapping[str, Any]],
) -> dict[tuple[str, str, str, str], Mapping[str, Any]]:
    """By group, kind, namespace and name: a new version of an API is the same object."""
    made: dict[tuple[str, str, str, str], Mapping[str, Any]] = {}
    for manifest in manifests:
        identity = ref(manifest)
        made[identity.group, identity.kind, identity.namespace, identity.name] = manifest
    return made


def _change(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> ObjectChange | None:
    shown = new if new is not None else old
    if shown is None:
        return None
    if old is None or new is None:
        return ObjectChange(ref(shown), old, new)
    fields = tuple(_fields(old, new, ()))
    return ObjectChange(ref(shown), old, new, fields) if fields else None


def _fields(old: Any, new: Any, path: Path) -> Iterator[FieldChange]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys((*old, *new)):
            yield from _fields(old.get(key, ABSENT), new.get(key, ABSENT), (*path, str(key)))
    elif isinstance(old, list) and isinstance(new, list):
        yield from _items(old, new, path)
    elif not same(old, new, path):
        yield FieldChange(path, old, new)


def _items(old: Sequence[Any], new: Sequence[Any], path: Path) -> Iterator[FieldChange]:
    before, after = _keyed(old, path), _keyed(new, path)
    if before is None or after is None:
        if list(old) != list(new):
            yield FieldChange(path, old, new)
        return
    for key in dict.fromkeys((*before, *after)):
        here = (*path[:-1], f"{path[-1]}[{key}]") if path else (key,)
        yield from _fields(before.get(key, ABSENT), after.get(key, ABSENT), here)
    common = [key for key in before if key in after]
    if common != [key for key in after if key in before]:
        yield FieldChange((*path, "order"), list(before), list(after))


def _keyed(items: Sequence[Any], path: Path) -> dict[str, Any] | None:
    """The items by what tells them apart, or None where nothing does."""
    names = KEYS.get(str(path[-1]).rpartition("]")[2] if path else "", ())
    made: dict[str, Any] = {}
    for item in items:
        parts = [str(item[n]) for n in names if n in item] if isinstance(item, Mapping) else []
        if not parts or parts[0] in made:
            return None
        made[parts[0]] = item
    return made


_QUANTITIES = {"requests", "limits", "hard", "default", "defaultRequest", "min", "max"}


def same(old: Any, new: Any, path: Path) -> bool:
    """Whether two values mean the same: `1000m` and `1` are one quantity."""
    if old == new and type(old) is type(new):
        return True
    if len(path) < 2 or path[-2] not in _QUANTITIES or ABSENT in (old, new):  # noqa: PLR2004 - a parent
        return False
    try:
        return amount(str(old)) == amount(str(new))
    except ValueError:
        return False
