"""Objects that differ from a valid one in a place or two, as people get them wrong."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, NamedTuple

from cluster import values

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator

    from mistersmith_k8s.manifest import Manifest

Path = tuple[str | int, ...]

# Where an object is and what it is decide which request is made: they stay.
KEPT = {("apiVersion",), ("kind",), ("metadata",), ("metadata", "namespace")}
# What the server writes itself, whatever is given.
SERVERS = {"status", "managedFields", "creationTimestamp", "selfLink", "uid", "resourceVersion"}
SERVERS |= {"namespace"}  # it is part of the request
MANY = 30


class Mutant(NamedTuple):
    """A changed object, and where and how it was changed."""

    manifest: Manifest
    place: Path
    change: str

    def __str__(self) -> str:
        place = ".".join(map(str, self.place))
        return f"{self.manifest['apiVersion']} {self.manifest['kind']}: {place} {self.change}"


def mutants(
    seeds: list[Manifest],
    number: int,
    chance: random.Random,
    valid: Callable[[Manifest], bool] = lambda _: False,
) -> Iterator[Mutant]:
    """So many mutants, of every kind in turn; one that is `valid` is often changed again."""
    kinds: dict[tuple[str, str], list[Manifest]] = {}
    for seed in seeds:
        kinds.setdefault((seed["apiVersion"], seed["kind"]), []).append(seed)
    turns = list(kinds.values())
    for index in range(number):
        made = mutant(chance.choice(turns[index % len(turns)]), chance)
        while chance.random() < 0.5 and valid(made.manifest):
            made = _again(made, chance)
        yield made


def _again(first: Mutant, chance: random.Random) -> Mutant:
    second = mutant(first.manifest, chance)
    before = f"{'.'.join(map(str, first.place))} {first.change}"
    return second._replace(change=f"{second.change}, after {before}")


def mutant(seed: Manifest, chance: random.Random) -> Mutant:
    """One mutant."""
    manifest = copy.deepcopy(seed)
    place = chance.choice([path for path in paths(manifest) if path not in KEPT])
    change = chance.choice(CHANGES)
    return change(manifest, place, chance)


def paths(value: Any, start: Path = ()) -> Iterator[Path]:
    """Every place in a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        yield (*start, key)
        if isinstance(item, dict | list):
            yield from paths(item, (*start, key))


def holder(manifest: Manifest, place: Path) -> Any:
    """The mapping or list that holds a place."""
    found: Any = manifest
    for key in place[:-1]:
        found = found[key]
    return found


def without(manifest: Manifest, place: Path, _: random.Random) -> Mutant:
    """What was there is gone."""
    del holder(manifest, place)[place[-1]]
    return Mutant(manifest, place, "is missing")


def another(manifest: Manifest, place: Path, chance: random.Random) -> Mutant:
    """Another value of the same type, where there is one."""
    return _put(manifest, place, values.like(holder(manifest, place)[place[-1]], chance))


def any_value(manifest: Manifest, place: Path, chance: random.Random) -> Mutant:
    """A value of any type."""
    return _put(manifest, place, values.anything(chance))


def made_anew(manifest: Manifest, place: Path, chance: random.Random) -> Mutant:
    """Another value of the type that the schema says."""
    schema = _schema(manifest, place)
    return _put(manifest, place, values.of_schema(schema, chance) if schema else None)


def added(manifest: Manifest, place: Path, chance: random.Random) -> Mutant:
    """A field that was not there, beside the place."""
    beside = holder(manifest, place)
    if isinstance(beside, list):
        return grown(manifest, place, chance)
    fields = _schema(manifest, place[:-1]).get("properties", {})
    names = [name for name in fields if name not in beside and name not in SERVERS]
    name = chance.choice(names or values.STRINGS)
    schema = _schema(manifest, (*place[:-1], name))
    return _put(manifest, (*place[:-1], name), values.of_schema(schema, chance))


def grown(manifest: Manifest, place: Path, chance: random.Random) -> Mutant:
    """A list with an item more, or with many; a mapping with a key more."""
    held = holder(manifest, place)
    if isinstance(held, list):
        held.insert(int(place[-1]), values.of_schema(_schema(manifest, place), chance))
        return Mutant(manifest, place, f"is new: {held[int(place[-1])]!r}")
    old = held[place[-1]]
    if isinstance(old, list):
        return _put(manifest, place, old * MANY)
    return another(manifest, place, chance)


def renamed(manifest: Manifest, place: Path, chance: random.Random) -> Mutant:
    """A key is another; an element of a list is there twice."""
    holding, key = holder(manifest, place), place[-1]
    if isinstance(holding, list):
        holding.insert(int(key), copy.deepcopy(holding[int(key)]))
        return Mutant(manifest, place, "is there twice")
    new = chance.choice((*values.STRINGS, f"{key}s", str(key).upper()))
    holding[new] = holding.pop(key)
    return Mutant(manifest, place, f"is called {new!r}")


def swapped(manifest: Manifest, place: Path, chance: random.Random) -> Mutant:
    """A value from elsewhere in the same object."""
    source = chance.choice([path for path in paths(manifest) if path not in KEPT])
    new = copy.deepcopy(holder(manifest, source)[source[-1]])
    holder(manifest, place)[place[-1]] = new
    return Mutant(manifest, place, f"is what {'.'.join(map(str, source))} was")


CHANGES = (
    *(another, another, another, without, any_value, made_anew),
    *(added, added, grown, renamed, swapped),
)


def _schema(manifest: Manifest, place: Path) -> values.Schema:
    return values.schema_at(manifest["apiVersion"], manifest["kind"], place)


def _put(manifest: Manifest, place: Path, new: Any) -> Mutant:
    holder(manifest, place)[place[-1]] = new
    return Mutant(manifest, place, f"is {new!r}")
