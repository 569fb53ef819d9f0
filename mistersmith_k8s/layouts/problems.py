"""What no layout can carry: every problem with its object, found before anything is laid out."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from mistersmith_k8s.layouts.kinds import CLUSTER_KINDS
from mistersmith_k8s.manifest import Manifest, Manifests, ObjectRef, ref

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ENVIRONMENT = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")

OBEYED = re.compile(
    r"""internal\.config\.kubernetes\.io/.*
      | config\.kubernetes\.io/(index|path|origin|local-config)
      | config\.k8s\.io/id
      | alpha\.config\.kubernetes\.io/transformations""",
    re.VERBOSE,
)
"""The annotations that kustomize obeys or removes.

Source: kustomize 5.7.1, api/resource BuildAnnotations, api/konfig and api/internal/utils.
"""


class LayoutError(ValueError):
    """Manifests that cannot be laid out: carries every problem that was found."""

    def __init__(self, found: Sequence[str]) -> None:
        self.problems = tuple(found)
        super().__init__("\n".join(found))


def problems(environments: Mapping[str, Manifests]) -> Iterator[str]:
    """Everything that keeps the environments from being laid out."""
    for name, manifests in environments.items():
        if not ENVIRONMENT.fullmatch(name):
            yield f"{name}: is no name for a folder. Use lower-case letters, digits and hyphens."
        yield from (f"{name}: {problem}" for problem in _in_environment(manifests))


def _in_environment(manifests: Manifests) -> Iterator[str]:
    """Every problem of one environment."""
    named = list[Manifest]()
    for index, manifest in enumerate(manifests):
        if missing := ", ".join(_missing(manifest)):
            kind = manifest.get("kind", "no kind")
            yield f"object {index} ({kind}) lacks {missing}. Identify it."
        else:
            named.append(manifest)
    yield from _duplicates(named)
    for manifest in named:
        yield from (f"{ref(manifest)} {problem}." for problem in _of(manifest))


def _missing(manifest: Manifest) -> Iterator[str]:
    """What an object lacks of its identity."""
    metadata = manifest.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    said = {"apiVersion": manifest.get("apiVersion"), "kind": manifest.get("kind")}
    for field, value in {**said, "metadata.name": name}.items():
        if not isinstance(value, str) or not value:
            yield field


def _duplicates(manifests: Sequence[Manifest]) -> Iterator[str]:
    """The objects that are there more than once."""
    for identity, number in Counter(map(_identity, manifests)).items():
        if number > 1:
            yield f"{identity} is there {number} times. Keep one."


def _identity(manifest: Manifest) -> ObjectRef:
    """What no two objects share: no namespace is `default`, where the kind has one."""
    identity = ref(manifest)
    if (identity.group, identity.kind) in CLUSTER_KINDS:
        return identity._replace(namespace="")
    return identity._replace(namespace=identity.namespace or "default")


def _of(manifest: Manifest) -> Iterator[str]:
    """What is wrong with one object."""
    if manifest["kind"].endswith("List") and "items" in manifest:
        yield "is a list of objects. Give the objects themselves"
    for field in ("labels", "annotations"):
        said = manifest["metadata"].get(field, {})
        if not isinstance(said, dict):
            yield f"has {field} that are no mapping. Give each a name"
            continue
        wrong = [key for key, value in said.items() if not isinstance(value, str)]
        yield from (f"says {key} in its {field} with no string. Quote the value" for key in wrong)
    for key in manifest["metadata"].get("annotations", ()):
        if OBEYED.fullmatch(key):
            yield f"has the annotation {key}, which kustomize obeys or removes. Remove it"
