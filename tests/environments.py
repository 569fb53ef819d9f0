"""Environments that nobody would write: realistic objects, each changed anywhere at random."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from mistersmith_k8s.manifest import Manifest, Manifests, ref
from tests.seeds import FREE_KINDS, OTHERS, OURS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hypothesis.strategies import DrawFn, SearchStrategy

Path = tuple[str | int, ...]


def words(text: str) -> list[str]:
    """The words of a text."""
    return text.split()


IMAGES = words("""
    app app:1 app:2 app:1.10 app:n app:1e3 app@sha256:aa app:1@sha256:bb team/app:1 team/app:2
    host.example:5000/app host.example:5000/app:1 host.example:5000/app:2 hostxexample:5000/app:1
    hub/app:1 apps:1 app:1@sha512:cc $(IMAGE) app:{TAG}
""")
STRINGS = words("""
    a b on n 1 012 0o7 1e3 1_000 2001-01-01 ~ null true = << $(VAR) $patch replace - 0 a/b a~1b x.y
""")
STRINGS += ["", " ", "a b", " a", "a ", "a: b", "a #b", "é", "{", "'", '"', "\\", "x" * 200]
STRINGS += ["a\n", "a\nb", " a\nb\n", "\na\n\n", "a\n---\nb\n", "a\n  b\n\n\nc"]
KEYS = words("""
    a b name on 1 1e3 a/b a~b ~ x.y - $patch image containers labels spec template replicas
    volumes configMap ports port protocol
""")
NUMBERS = [0, 1, 2, -1, 8080, 1_000_000, 2**53, 2**53 + 1, 2**63 - 1, 0.5, 1e-7, 1e21, 1.5e300]
SCALARS = st.sampled_from(STRINGS + IMAGES) | st.sampled_from(NUMBERS) | st.booleans()
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3)
        | st.lists(st.fixed_dictionaries({"name": st.sampled_from("abc"), "x": inner}), max_size=3)
    ),
    max_leaves=5,
)
NAMES = st.sampled_from(
    [("experimental", "validation", "operational"), ("b", "a"), ("p", "q", "r", "s"), ("only",)]
)

PRESENT = st.sampled_from([*[True] * 15, False])


@st.composite
def environment_sets(draw: DrawFn) -> dict[str, Manifests]:
    """One to four environments of the same few objects, most of them changed somewhere."""
    seed = st.sampled_from(OTHERS) | st.sampled_from(OURS)
    seeds = draw(st.lists(seed, min_size=2, max_size=6, unique_by=ref))
    variants = [[seed, *draw(st.lists(changed(seed), min_size=1, max_size=3))] for seed in seeds]
    return {name: tuple(_chosen(draw, variants)) for name in draw(NAMES)}


def _chosen(draw: DrawFn, variants: list[list[Manifest]]) -> Iterator[Manifest]:
    """One variant of most objects, in some order."""
    for options in draw(st.permutations(variants)):
        if draw(PRESENT):
            yield copy.deepcopy(draw(st.sampled_from(options)))


@st.composite
def changed(draw: DrawFn, seed: Manifest) -> Manifest:
    """The object after one to four changes: a new image, another value, or anything at all."""
    manifest = copy.deepcopy(seed)
    for _ in range(draw(st.integers(1, 4))):
        paths = [*_paths(manifest, ())]
        body = [path for path in paths if path[0] != "metadata"]
        images = [path for path in paths if path[-1] == "image"]
        match draw(st.sampled_from(["image", "value", "anything"])):
            case "image" if images:
                _set(manifest, draw(st.sampled_from(images)), draw(st.sampled_from(IMAGES)))
            case "value" if body:
                path = draw(st.sampled_from(body))
                _set(manifest, path, draw(_alike(_at(manifest, path))))
            case _:
                _change(draw, manifest, draw(st.sampled_from(paths)))
    return manifest


def _alike(value: Any) -> SearchStrategy[Any]:
    """Another value of the same type, in a mapping too; a list stays as it is."""
    match value:
        case bool():
            return st.booleans()
        case int() | float():
            return st.sampled_from(NUMBERS)
        case str():
            return st.sampled_from(STRINGS)
        case dict():
            return st.fixed_dictionaries({key: _alike(item) for key, item in value.items()})
        case _:
            return st.just(value)


def _at(manifest: Manifest, path: Path) -> Any:
    value: Any = manifest
    for key in path:
        value = value[key]
    return value


def _set(manifest: Manifest, path: Path, value: Any) -> None:
    _at(manifest, path[:-1])[path[-1]] = value


def _paths(value: Any, path: Path) -> Iterator[Path]:
    """Every path but those of names without which kustomize refuses the object."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in pairs:
        here = (*path, key)
        if here not in IDENTITY and (here[0], here[-1]) != ("subjects", "name"):
            yield here
            if isinstance(item, dict | list):
                yield from _paths(item, here)


IDENTITY: tuple[Path, ...] = (
    ("apiVersion",),
    ("kind",),
    ("metadata", "name"),
    ("metadata", "namespace"),
)


def _change(draw: DrawFn, manifest: Manifest, path: Path) -> None:
    """One change at a path, of a kind that the place allows."""
    parent, key = _at(manifest, path[:-1]), path[-1]
    if path[0] == "metadata" and path[1:2] != ("finalizers",):
        _change_metadata(draw, manifest["metadata"])
    elif isinstance(parent, list):
        _change_list(draw, parent, int(key), _replacements(manifest, parent[int(key)]))
    else:
        _change_mapping(draw, parent, str(key), _replacements(manifest, parent[key]))


def _replacements(manifest: Manifest, value: Any) -> SearchStrategy[Any]:
    """What may stand instead of a value: kustomize itself insists on the shape of its kinds."""
    if manifest["kind"] in FREE_KINDS:
        return VALUES
    return SCALARS if not isinstance(value, dict | list) else st.just(value)


def _change_metadata(draw: DrawFn, metadata: dict[str, Any]) -> None:
    field = draw(st.sampled_from(["labels", "annotations"]))
    said = st.dictionaries(
        st.sampled_from(["a", "1", "on", "x.io/a", "x.io/a~b"]),
        st.sampled_from(STRINGS),
        max_size=3,
    )
    if draw(st.booleans()):
        metadata[field] = metadata.get(field, {}) | draw(said)
    elif draw(st.booleans()):
        metadata[field] = draw(said)
    else:
        metadata.pop(field, None)


def _change_list(draw: DrawFn, items: list[Any], at: int, other: SearchStrategy[Any]) -> None:
    match draw(st.sampled_from(["replace", "remove", "repeat", "move", "insert"])):
        case "replace":
            items[at] = draw(other)
        case "remove":
            del items[at]
        case "repeat":
            items.append(copy.deepcopy(items[at]))
        case "move":
            items.insert(draw(st.integers(0, len(items) - 1)), items.pop(at))
        case "insert":
            items.insert(at, draw(other))


def _change_mapping(
    draw: DrawFn, parent: dict[str, Any], key: str, other: SearchStrategy[Any]
) -> None:
    match draw(st.sampled_from(["replace", "remove", "add", "empty"])):
        case "replace":
            parent[key] = draw(other)
        case "remove":
            del parent[key]
        case "add":
            parent.setdefault(f"new-{key}", draw(VALUES))
        case "empty" if isinstance(parent[key], dict | list):
            parent[key].clear()
