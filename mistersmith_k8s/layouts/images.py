"""Images: what the `images:` of an overlay can say of the difference between environments.

`kustomize edit set image` then works on what the overlay sets, and no patch names that image.

Source: kustomize 5.7.1, api/internal/image and api/filters/imagetag.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from mistersmith_k8s.layouts.image_settings import NAME, Setting, Settings, parsed
from mistersmith_k8s.layouts.values import LISTS, NESTED, Path
from mistersmith_k8s.manifest import Manifest, Manifests, ObjectRef, ref

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

CONTAINER_LISTS = ("containers", "initContainers")

POD_SPECS: Sequence[Path] = (("spec",), ("spec", "template", "spec"))
FIELDS: Sequence[Path] = tuple(
    (*pod, *field)
    for pod in POD_SPECS
    for field in (
        ("containers", "image"),
        ("initContainers", "image"),
        ("volumes", "image", "reference"),
    )
)
"""Where kustomize looks for an image in every kind; in lists of containers it looks everywhere."""


class Slot(NamedTuple):
    """One place of a manifest that holds an image."""

    path: Path
    reference: str


class _Unreadable(Exception):  # noqa: N818 - never leaves this module
    """A manifest at which kustomize fails as soon as an overlay sets an image."""


def factored(first: Manifests, own: Manifests) -> tuple[Manifests, Settings]:
    """The manifests with the images of the first environment, and what brings back their own.

    Only what is exact is factored out; any other image stays as it is, for the patches.
    """
    try:
        slots = {ref(manifest): slots_of(manifest) for manifest in own}
    except _Unreadable:
        return own, Settings()
    known = _known_images(first)
    pairs = [
        (known.get(_place(manifest, slot)), slot.reference)
        for manifest in own
        for slot in slots[ref(manifest)]
    ]
    settings = _exact(_settings(pairs), pairs)
    return tuple(_renamed(item, slots[ref(item)], known, settings) for item in own), settings


def slots_of(manifest: Manifest) -> tuple[Slot, ...]:
    """Every place where kustomize looks for an image."""
    if manifest["kind"] == "CustomResourceDefinition":
        return ()
    found = dict(_in_containers(manifest, ()))
    for field in FIELDS:
        found |= dict(_in_field(manifest, field, ()))
    return tuple(Slot(path, reference) for path, reference in found.items())


def _in_containers(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        if not isinstance(item, NESTED):
            continue
        yield from _in_containers(item, (*path, key))
        if key in CONTAINER_LISTS and isinstance(item, LISTS):
            if not all(isinstance(container, dict) for container in item):
                raise _Unreadable
            yield from _in_field(item, ("image",), (*path, key))


def _in_field(value: Any, field: Path, path: Path) -> Iterator[tuple[Path, str]]:
    if not field:
        if not isinstance(value, str):
            raise _Unreadable
        yield path, value
    elif isinstance(value, LISTS):
        for index, item in enumerate(value):
            yield from _in_field(item, field, (*path, index))
    elif not isinstance(value, dict):
        raise _Unreadable
    elif field[0] in value:
        yield from _in_field(value[field[0]], field[1:], (*path, field[0]))


def _known_images(manifests: Manifests) -> dict[tuple[ObjectRef, Path], str]:
    """The images by place."""
    known = dict[tuple[ObjectRef, Path], str]()
    for manifest in manifests:
        try:
            known |= {_place(manifest, slot): slot.reference for slot in slots_of(manifest)}
        except _Unreadable:
            continue
    return known


def _place(manifest: Manifest, slot: Slot) -> tuple[ObjectRef, Path]:
    """Where the image stands, by the names of containers rather than by their order."""
    value: Any = manifest
    place: Path = ()
    for key in slot.path:
        value = value[key]
        name = value.get("name") if isinstance(value, dict) and isinstance(key, int) else None
        place = (*place, name if isinstance(name, str) else key)
    return ref(manifest), place


def _settings(pairs: Iterable[tuple[str | None, str]]) -> Settings:
    """An entry for each name whose images all become one image, where it makes one of them."""
    becomes = defaultdict[str, set[tuple[str, str]]](set)
    for before, after in pairs:
        if before is not None:
            becomes[parsed(before).name].add((before, after))
    entries = (
        Setting(name, parsed(after))
        for name, changes in sorted(becomes.items())
        for after in {after for _, after in changes}
        if NAME.fullmatch(name)
    )
    return Settings(entry for entry in entries if _makes(entry, becomes[entry.name]))


def _makes(entry: Setting, changes: set[tuple[str, str]]) -> bool:
    """Whether an entry makes its image of at least one other, and none has to become another."""
    return len({after for _, after in changes}) == 1 and any(
        before != after == entry.applied(before) for before, after in changes
    )


def _exact(settings: Settings, pairs: Sequence[tuple[str | None, str]]) -> Settings:
    """The entries without those that would change an image which has to stay as it is."""
    stay = {after for before, after in pairs if before is None or settings.applied(before) != after}
    wrong = {
        position
        for reference in stay
        if settings.applied(reference) != reference
        for position in settings.matching(reference)
    }
    if not wrong:
        return settings
    kept = (entry for at, entry in enumerate(settings.entries) if at not in wrong)
    return _exact(Settings(kept), pairs)


def _renamed(
    manifest: Manifest,
    slots: Sequence[Slot],
    known: Mapping[tuple[ObjectRef, Path], str],
    settings: Settings,
) -> Manifest:
    """The manifest with each image from which the entries make its own."""
    for slot in slots:
        before = known.get(_place(manifest, slot), slot.reference)
        if before != slot.reference == settings.applied(before):
            manifest = _with(manifest, slot.path, before)
    return manifest


def _with(value: Any, path: Path, new: str) -> Any:
    """A copy of the value with something new at a path."""
    if not path:
        return new
    key, *rest = path
    if isinstance(value, dict):
        return {**value, key: _with(value[key], tuple(rest), new)}
    return [_with(item, tuple(rest), new) if at == key else item for at, item in enumerate(value)]
