"""Folders and files that are alternatives: of dev/ and prod/ a cluster gets one."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from mistersmith_k8s.inputs.contents import Group

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mistersmith_k8s.checks.world import Object
    from mistersmith_k8s.manifest import ObjectRef

MANY = 50
"""Folders with the same object in them; of more, no pairs are counted: each is an alternative."""

ENOUGH = 3
"""Objects that two files of one folder declare before they can be alternatives: fewer are twins."""


class _Entry(NamedTuple):
    folders: tuple[str, ...]
    item: Object


class _Split(NamedTuple):
    """What belongs together, and each alternative by its folder."""

    common: list[Object]
    apart: dict[str, list[Object]]


def parts(group: Group, *, files: bool = True) -> list[Group]:
    """The group without its alternatives, then each of them as a group of its own.

    Folders are alternatives where they lie in one folder and at least half of what the smaller one
    declares is declared by the other too. So are `files`, such as install.yaml and
    ha-install.yaml, which share some objects.
    """
    entries = [_Entry(tuple((item.file or "").split("/")[:-1]), item) for item in group.objects]
    common, apart = _split(entries, 0, ENOUGH if files else None)
    if not apart:
        return [group]
    rest = group._replace(objects=tuple(common))
    named = sorted(apart.items())
    return [rest, *(Group(n, tuple(found), complete=group.complete) for n, found in named)]


def _split(entries: Sequence[_Entry], depth: int, enough: int | None) -> _Split:
    below: dict[str, list[_Entry]] = defaultdict(list)
    files: dict[str, list[_Entry]] = defaultdict(list)
    for entry in entries:
        if len(entry.folders) > depth:
            below[entry.folders[depth]].append(entry)
        else:
            files[entry.item.file or ""].append(entry)
    split = _Split([], {})
    alternatives = _alternatives(files, enough) if enough else set()
    for file, inside in files.items():
        _place(split, file, [entry.item for entry in inside], apart=file in alternatives)
    alternatives = _alternatives(below)
    for name, inside in below.items():
        deeper = _split(inside, depth + 1, enough)
        split.apart.update(deeper.apart)
        folder = "/".join(inside[0].folders[: depth + 1])
        _place(split, folder, deeper.common, apart=name in alternatives)
    return split


def _place(split: _Split, name: str, items: list[Object], *, apart: bool) -> None:
    if apart:
        split.apart[name] = items
    else:
        split.common.extend(items)


def _alternatives(places: Mapping[str, Iterable[_Entry]], enough: int = 1) -> set[str]:
    """The folders, or files, that declare much of what another one declares."""
    if len(places) <= 1:
        return set()
    declared = {name: _declared(inside) for name, inside in places.items()}
    declaring: dict[object, list[str]] = defaultdict(list)
    for name, refs in declared.items():
        for ref in refs:
            declaring[ref].append(name)
    crowds = (names for names in declaring.values() if len(names) > MANY and enough == 1)
    crowded = {name for names in crowds for name in names}
    shared = Counter(
        pair
        for names in declaring.values()
        if len(names) <= MANY
        for pair in combinations(names, 2)
    )
    half = {
        pair: count >= enough and count * 2 >= min(len(declared[name]) for name in pair)
        for pair, count in shared.items()
    }
    return crowded | {name for pair, enough in half.items() if enough for name in pair}


def _declared(inside: Iterable[_Entry]) -> set[ObjectRef]:
    """What is declared by name; what the API server names is new each time."""
    return {entry.item.ref for entry in inside if entry.item.ref.name}
