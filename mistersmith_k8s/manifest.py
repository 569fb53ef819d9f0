"""Manifests: plain mappings that read like the YAML they become."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

Manifest = dict[str, Any]
Manifests = tuple[Manifest, ...]


class ObjectRef(NamedTuple):
    """The identity of an object: no two objects of a platform share one."""

    api_version: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        place = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.kind} {place}"

    @property
    def group(self) -> str:
        """The API group; empty for the core group."""
        return self.api_version.rpartition("/")[0]


def ref(manifest: Mapping[str, Any]) -> ObjectRef:
    """The identity of a manifest; empty strings stand for what it does not say."""
    metadata = manifest.get("metadata")
    names = metadata if isinstance(metadata, Mapping) else {}
    return ObjectRef(
        str(manifest.get("apiVersion") or ""),
        str(manifest.get("kind") or ""),
        str(names.get("namespace") or ""),
        str(names.get("name") or names.get("generateName") or ""),
    )


def manifests(*items: Mapping[str, Any] | Iterable[Mapping[str, Any]] | None) -> Manifests:
    """Fresh manifests without `None`: what a component returns.

    Each item is a manifest, an iterable of manifests, or None for one that is not wanted.
    """
    return tuple(_ordered(_pruned(manifest)) for manifest in _flat(items))


def _ordered(manifest: Manifest) -> Manifest:
    """The manifest with its labels and annotations by name, as cdk8s gives them back."""
    metadata = manifest["metadata"]
    for key in ("labels", "annotations"):
        if key in metadata:
            metadata[key] = dict(sorted(metadata[key].items()))
    return manifest


def _flat(
    items: Iterable[Mapping[str, Any] | Iterable[Mapping[str, Any]] | None],
) -> Iterator[Mapping[str, Any]]:
    for item in items:
        if isinstance(item, Mapping):
            yield item
        elif item is not None:
            yield from item


def _pruned(value: Any) -> Any:
    """A fresh copy in which no mapping has a value None and no list an item None."""
    if isinstance(value, str):  # most values are
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _pruned(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_pruned(item) for item in value if item is not None]
    return value
