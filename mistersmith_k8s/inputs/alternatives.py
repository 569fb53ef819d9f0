"""Folders that are alternatives: of dev/ and prod/ a cluster gets one."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from mistersmith_k8s.inputs.contents import Group

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mistersmith_k8s.checks.world import Object

MANY = 50
"""Folders with the same object in them; of more, no pairs are counted: each is an alternative."""


class _Entry(NamedTuple):
    folders: tuple[str, ...]
    item: Object


class _Split(NamedTuple):
    """What belongs together, and each alternative by its folder."""

    common: list[Object]
    apart: dict[str, list[Object]]


def parts(group: Group) -> list[Group]:
    """The group without its alternatives, then each of them as a group of its own.

    Folders are alternatives where they lie in one folder and at least half of what the smaller one
    declares is declared by the other too.
    """
    entries = [_Entry(tuple((item.file or "").split("/")[:-1]), item) for item in group.objects]
    common, apart = _split(entries, 0)
    if not apart:
        return [group]
    rest = group._replace(objects=tuple(common))
    named = sorted(apart.items())
    return [rest, *(Group(n, tuple(found), complete=group.complete) for n, found in named)]


def _split(entries: Sequence[_Entry], depth: int) -> _Split:
    below: dict[str, list[_Entry]] = defaultdict(list)
    common = [entry.item for entry in entries if len(entry.folders) == depth]
    for entry in entries:
        if len(entry.folders) > depth:
            below[entry.folders[depth]].append(entry)
    alternatives = _alternatives(below)
    apart: dict[str, list[Object]] = {}
    for name, inside in below.items():
        split = _split(inside, depth + 1)
        apart |= split.apart
        if name in alternatives:
            apart["/".join(inside[0].folders[: depth + 1])] = split.common
        else:
            common += split.common
    return _Split(common, apart)


def _alternatives(folders: Mapping[str, Iterable[_Entry]]) -> set[str]:
    """The folders that declare much of what another one declares."""
    if len(folders) == 1:
        return set()
    declared = {name: {entry.item.ref for entry in inside} for name, inside in folders.items()}
    declaring: dict[object, list[str]] = defaultdict(list)
    for name, refs in declared.items():
        for ref in refs:
            declaring[ref].append(name)
    crowded = {name for names in declaring.values() if len(names) > MANY for name in names}
    shared = Counter(
        pair
        for names in declaring.values()
        if len(names) <= MANY
        for pair in combinations(names, 2)
    )
    half = {
        pair: count * 2 >= min(len(declared[name]) for name in pair)
        for pair, count in shared.items()
    }
    return crowded | {name for pair, enough in half.items() if enough for name in pair}
