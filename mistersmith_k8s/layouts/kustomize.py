"""The Kustomize layout: a base of what all environments share, and an overlay for each.

The overlay of an environment builds to exactly its manifests, and nobody writes a patch by hand.
An object that no patch makes exactly stands whole in the overlays.

Source: kustomize 5.7.1, whose builds the tests compare with the manifests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mistersmith_k8s.layouts.files import filed, planes_of
from mistersmith_k8s.layouts.images import factored
from mistersmith_k8s.layouts.patches import Patch, file_names, patch
from mistersmith_k8s.layouts.targets import targets
from mistersmith_k8s.layouts.values import text
from mistersmith_k8s.manifest import Manifest, Manifests, ObjectRef, ref

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mistersmith_k8s.layouts.image_settings import Settings

KUSTOMIZATION = "kustomization.yaml"
BASE = "../../base"

Files = dict[str, Manifests | str]


class Shared(NamedTuple):
    """An object of the base, and the patches of the environments in which it differs."""

    manifest: Manifest
    patches: Mapping[str, Patch]

    @property
    def size(self) -> int:
        """How much there is to read in all its patches."""
        return sum(len(change.changes) for change in self.patches.values())


def kustomize(environments: Mapping[str, Manifests]) -> Files:
    """The files of the base and of the overlays, by path."""
    first = next(iter(environments.values()))
    images = {name: factored(first, manifests) for name, manifests in environments.items()}
    own = {name: manifests for name, (manifests, _) in images.items()}
    parts = dict(_shared(own))
    base = filed((part.manifest for part in parts.values()), planes_of(first))
    files: Files = {KUSTOMIZATION: (_kustomization(resources=[*base]),), **base}
    return {f"base/{path}": content for path, content in files.items()} | {
        f"overlays/{name}/{path}": content
        for name, manifests in own.items()
        for path, content in _overlay(name, manifests, images[name][1], parts).items()
    }


def _shared(
    environments: Mapping[str, Manifests],
) -> Iterator[tuple[ObjectRef, Shared]]:
    """The objects that every environment has, as the base has them."""
    first, *others = ({ref(m): m for m in manifests} for manifests in environments.values())
    for identity in first:
        if all(identity in other for other in others):
            variants = (first[identity], *(other[identity] for other in others))
            part = shared(dict(zip(environments, variants, strict=True)))
            if part is not None:
                yield identity, part


def shared(variants: dict[str, Manifest]) -> Shared | None:
    """The object as the environment has it from which the others differ least.

    None where kustomize makes the others of none of them. Of equals, the first.
    """
    texts = {name: text(manifest) for name, manifest in variants.items()}
    distinct = {texts[name]: manifest for name, manifest in reversed(variants.items())}
    return min(
        filter(None, (_patched(distinct, texts, base) for base in dict.fromkeys(texts.values()))),
        key=lambda part: part.size,
        default=None,
    )


def _patched(
    distinct: Mapping[str, Manifest], texts: Mapping[str, str], base: str
) -> Shared | None:
    """One variant as the base of the others, by the texts of the variants."""
    changes = {
        other: patch(distinct[base], manifest)
        for other, manifest in distinct.items()
        if other != base
    }
    patches = {name: made for name, one in texts.items() if (made := changes.get(one))}
    return Shared(distinct[base], patches) if all(changes.values()) else None


def _overlay(
    name: str,
    manifests: Manifests,
    settings: Settings,
    parts: Mapping[ObjectRef, Shared],
) -> Files:
    """The files of one overlay."""
    own = filed((m for m in manifests if ref(m) not in parts), planes_of(manifests))
    patches = file_names(part.patches[name] for part in parts.values() if name in part.patches)
    find = targets(map(ref, manifests))
    kustomization = _kustomization(
        resources=[BASE, *own],
        images=[setting.document for setting in settings.entries],
        patches=[
            {"path": f"patches/{file}", "target": find.selector(change.identity)}
            for file, change in patches.items()
        ],
    )
    changes = {f"patches/{file}": change.file for file, change in patches.items()}
    return {KUSTOMIZATION: (kustomization,), **own, **changes}


def _kustomization(resources: list[str], **fields: Sequence[object]) -> Manifest:
    """A kustomization; what is empty is left out, but for the resources."""
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": resources,
        **{field: entries for field, entries in fields.items() if entries},
    }
