"""Strategic merge patches, where kustomize merges one to exactly the target.

A strategic merge patch reads like the manifest that it changes, so it is the first choice. It
adds and changes; what must go, and what stands in a list, takes a JSON patch.

Source: kustomize 5.7.1, api/filters/patchstrategicmerge and kyaml/yaml/merge2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mistersmith_k8s.layouts.kinds import POD_SPECS
from mistersmith_k8s.layouts.values import LISTS, Path, same

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mistersmith_k8s.manifest import Manifest

MERGE_KEYS: Mapping[str, tuple[str, ...]] = {
    "addresses": ("type",),
    "conditions": ("type",),
    "configMapGenerator": ("name",),
    "containers": ("name",),
    "drivers": ("name",),
    "env": ("name",),
    "ephemeralContainers": ("name",),
    "finalizers": (),
    "hostAliases": ("ip",),
    "imagePullSecrets": ("name",),
    "initContainers": ("name",),
    "ownerReferences": ("uid",),
    "podCIDRs": (),
    "podIPs": ("ip",),
    "ports": ("containerPort", "port", "protocol"),
    "secretGenerator": ("name",),
    "secrets": ("name",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
    "volumeDevices": ("devicePath",),
    "volumeMounts": ("mountPath",),
    "volumes": ("name",),
    "webhooks": ("name",),
}
"""The lists that kustomize merges by key, with their keys; none for a list of strings.

Source: x-kubernetes-patch-merge-key and x-kubernetes-list-map-keys of its OpenAPI document.
"""

MERGED_AS_MAPS = frozenset({("metadata", "labels"), ("metadata", "annotations")})
"""The mappings that kustomize writes into a patch itself, and so drops where they are empty."""


class _NotMergeable(Exception):  # noqa: N818 - never leaves this module
    """A change that no merge makes exactly."""


def merge_patch(base: Manifest, target: Manifest) -> Manifest | None:
    """The smallest strategic merge patch from base to target; None where none is exact."""
    containers = _container_lists(base)
    try:
        changes = _merge(base, target, (), containers)
    except _NotMergeable:
        return None
    if not (mergeable(base) and mergeable(target)):
        return None
    metadata = base["metadata"]
    identity = {key: metadata[key] for key in ("name", "namespace") if key in metadata}
    return {
        "apiVersion": base["apiVersion"],
        "kind": base["kind"],
        **changes,
        "metadata": {**identity, **changes.get("metadata", {})},
    }


def mergeable(value: Any, field: str = "") -> bool:
    """Whether a merge leaves alone what the patch does not name.

    A merge rewrites each list that it merges by key, and obeys keys such as `$patch`.
    """
    if isinstance(value, dict):
        return not any(key.startswith("$") for key in value) and all(
            mergeable(item, key) for key, item in value.items()
        )
    if isinstance(value, LISTS):
        stable = field not in MERGE_KEYS or _told_apart(value, MERGE_KEYS[field])
        return stable and all(map(mergeable, value))
    return True


def _told_apart(items: Sequence[Any], keys: tuple[str, ...]) -> bool:
    """Whether every element has the same of the keys, and no two have the same values of them."""
    found = [tuple(_key_values(item, keys)) for item in items]
    return (
        all(found)
        and len(set(found)) == len(found)
        and len({tuple(key for key, _ in one) for one in found}) <= 1
    )


def _key_values(item: Any, keys: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if isinstance(item, dict):
        pairs = [(key, item[key]) for key in keys if key in item]
    else:
        pairs = [] if keys else [("", item)]
    for key, value in pairs:
        if isinstance(value, str | int) and value != "":
            yield key, str(value)


def _container_lists(manifest: Manifest) -> frozenset[Path]:
    """The lists of containers that kustomize merges by name in this kind."""
    path = POD_SPECS.get((manifest["apiVersion"], manifest["kind"]))
    lists = ("initContainers", "containers")
    return frozenset((*path, name) for name in lists) if path else frozenset()


def _merge(
    base: Mapping[str, Any], target: Mapping[str, Any], path: Path, containers: frozenset[Path]
) -> dict[str, Any]:
    """What a merge has to add to the base and change in it."""
    if base.keys() - target.keys():
        raise _NotMergeable
    return {
        key: _change(base[key], value, (*path, key), containers)
        if key in base
        else _addition(value, (*path, key))
        for key, value in target.items()
        if key not in base or not same(base[key], value)
    }


def _change(base: Any, target: Any, path: Path, containers: frozenset[Path]) -> Any:
    if isinstance(base, dict) and isinstance(target, dict):
        return _merge(base, target, path, containers)
    if path in containers:
        return _containers(base, target, path)
    # the merge keeps the quotes of the base, so a value must stay a string or a number
    if isinstance(base, LISTS) or type(base) is not type(target):
        raise _NotMergeable
    return target


def _addition(value: Any, path: Path) -> Any:
    if path in MERGED_AS_MAPS and not value:
        raise _NotMergeable
    return value


def _containers(base: Any, target: Any, path: Path) -> list[dict[str, Any]]:
    """The containers up to the last that changes: a merge puts those that it names first."""
    if _container_names(base) != _container_names(target):
        raise _NotMergeable
    changes = [
        {"name": old["name"], **_merge(old, new, path, frozenset())}
        for old, new in zip(base, target, strict=True)
    ]
    while len(changes[-1]) == 1:
        changes.pop()
    return changes


def _container_names(containers: Any) -> list[str]:
    if not isinstance(containers, LISTS):
        raise _NotMergeable
    names = [item["name"] for item in containers if isinstance(item, dict) and "name" in item]
    if len(names) < len(containers):
        raise _NotMergeable
    return names
