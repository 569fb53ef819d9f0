"""Patches: the smallest file that makes one manifest of another, named for what it changes."""

from __future__ import annotations

import re
from collections import Counter
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

from mistersmith_k8s.layouts.files import safe
from mistersmith_k8s.layouts.json_patch import Operation, operations, written
from mistersmith_k8s.layouts.kinds import hyphenated
from mistersmith_k8s.layouts.merge_patch import merge_patch
from mistersmith_k8s.layouts.values import LISTS, Path, text
from mistersmith_k8s.manifest import Manifest, Manifests, ObjectRef, ref

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

STRUCTURE = frozenset(
    ("metadata", "spec", "template", "jobTemplate", "containers", "initContainers")
)
"""Fields that hold everything: what changed is the first field below them."""

METADATA = frozenset(("annotations", "labels"))
"""Fields that often change with another: they are named last."""

MOST_WORDS = 4

LARGEST_INTEGER = 2**53
"""A JSON patch makes floats of all numbers, so larger integers would change.

Source: kustomize 5.7.1, kyaml/yaml RNode.UnmarshalJSON.
"""

LONG_NUMBER = re.compile(r"[0-9]{16}")
"""What the text of a value with such an integer holds: quicker found than the integer."""


class Patch(NamedTuple):
    """What makes one manifest of another: its steps, and a merge that does the same if one does."""

    identity: ObjectRef
    steps: tuple[Operation, ...]
    merge: Manifest | None

    @property
    def changes(self) -> tuple[Operation, ...]:
        """The steps that change something."""
        return tuple(step for step in self.steps if step.op != "test")

    @property
    def reason(self) -> str:
        """What it changes, in a few words for a file name."""
        found = dict.fromkeys(_word(step.path) for step in self.changes)
        words = sorted(found, key=lambda word: word in METADATA)
        shown = words if len(words) <= MOST_WORDS else [*words[: MOST_WORDS - 1], "and-more"]
        return safe("-".join(map(hyphenated, shown)))

    @property
    def file(self) -> Manifests | str:
        """What its file holds; a merge reads better."""
        return written(self.steps) if self.merge is None else (self.merge,)


def patch(base: Manifest, target: Manifest) -> Patch | None:
    """The patch that makes exactly the target of the base; None where kustomize cannot."""
    merge = merge_patch(base, target)
    if merge is None and not takes_json_patch(base, target):
        return None
    return Patch(ref(base), tuple(operations(base, target)), merge)


def takes_json_patch(base: Manifest, target: Manifest) -> bool:
    """Whether a JSON patch changes nothing but what it names.

    After one, kustomize looks for references to the object by name, and gives a namespace to a
    subject of a role binding that has none, be it a user or a group of that name.
    """
    return base["kind"] != "ServiceAccount" and not any(
        LONG_NUMBER.search(text(manifest)) and _has_large(manifest) for manifest in (base, target)
    )


def file_names(patches: Iterable[Patch]) -> dict[str, Patch]:
    """The patches by the name of their file, in order; a namespace is named where one must be."""
    ordered = sorted(patches, key=lambda item: item.identity)
    sharing = Counter(_stem(item.identity) for item in ordered)
    names = dict[str, Patch]()
    for item in ordered:
        short = _stem(item.identity)
        stem = short if sharing[short] == 1 else _stem(item.identity, item.identity.namespace)
        names[next(name for name in _names(stem, item.reason) if name not in names)] = item
    return dict(sorted(names.items()))


def _stem(target: ObjectRef, *namespace: str) -> str:
    return safe("-".join((hyphenated(target.kind), *namespace, target.name)))


def _names(stem: str, reason: str) -> Iterator[str]:
    """The name of the file, then the same name with a number."""
    yield f"{stem}.{reason}.yaml"
    yield from (f"{stem}-{number}.{reason}.yaml" for number in count(2))


def _word(path: Path) -> str:
    """The field of a path that says most to a reader."""
    fields = [key for key in path if isinstance(key, str)]
    return next((key for key in fields if key not in STRUCTURE), fields[-1])


def _has_large(value: Any) -> bool:
    """Whether an integer in the value is too large for a float."""
    if isinstance(value, dict):
        return any(map(_has_large, value.values()))
    if isinstance(value, LISTS):
        return any(map(_has_large, value))
    return isinstance(value, int) and abs(value) > LARGEST_INTEGER
