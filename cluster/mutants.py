"""Objects that differ from a valid one in one place, as people get them wrong."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from mistersmith_k8s.manifest import Manifest

Path = tuple[str | int, ...]

# Where an object is and what it is decide which request is made: they stay.
KEPT = {("apiVersion",), ("kind",), ("metadata",), ("metadata", "namespace")}

STRINGS = [
    "a",
    "A",
    "a-b",
    "a_b",
    "a.b",
    "-a",
    "a-",
    ".a",
    "a/b",
    "a/b/c",
    "example.com/a",
    "/a",
    "../a",
    "a//b",
    "0",
    "1",
    "-1",
    "80",
    "65536",
    "1.5",
    "1e3",
    "true",
    "null",
    "http",
    "HTTP",
    "all",
    "ALL",
    "*",
    "**",
    "10.0.0.0/8",
    "10.0.0.1",
    "10.0.0.0/33",
    "::1",
    "fe80::/10",
    "300.1.1.1",
    "None",
    "Always",
    "Never",
    "100m",
    "1Gi",
    "-1Gi",
    "1.5Gi",
    "1Zi",
    "0.5m",
    "50%",
    "150%",
    "-5%",
    "%",
    "TCP",
    "tcp",
    "SCTP",
    "In",
    "NotIn",
    "Exists",
    "Equal",
    "NoSchedule",
    "$(VAR)",
    "{{x}}",
    "https://example.com",
    "x=y",
    "a,b",
    "1s",
    "5m",
    "@daily",
    "61",
    "Local/Zone",
    "é",
    "日本",
]
STRINGS += ["", " ", "a b", " a", "a\nb", "x" * 64, "x" * 254, "a." * 40 + "a", "*/5 * * * *"]
NUMBERS = (0, 1, -1, 2, 53, 80, 100, 101, 1000, 65535, 65536, 2**31 - 1, 2**31, 10**10)
OTHERS: tuple[Any, ...] = (None, True, False, [], {}, [""], [None], {"a": "b"}, 1.5)


class Mutant(NamedTuple):
    """A changed object, and where and how it was changed."""

    manifest: Manifest
    place: Path
    change: str

    def __str__(self) -> str:
        place = ".".join(map(str, self.place))
        return f"{self.manifest['apiVersion']} {self.manifest['kind']}: {place} {self.change}"


def mutants(seeds: list[Manifest], number: int, chance: random.Random) -> Iterator[Mutant]:
    """So many mutants, of every kind in turn."""
    for index in range(number):
        yield mutant(seeds[index % len(seeds)], chance)


def mutant(seed: Manifest, chance: random.Random) -> Mutant:
    """One mutant."""
    manifest = copy.deepcopy(seed)
    place = chance.choice([path for path in paths(manifest) if path not in KEPT])
    change = chance.choice(CHANGES)
    told = change(manifest, place, chance)
    return Mutant(manifest, place, told)


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


def without(manifest: Manifest, place: Path, _: random.Random) -> str:
    """What was there is gone."""
    del holder(manifest, place)[place[-1]]
    return "is missing"


def another(manifest: Manifest, place: Path, chance: random.Random) -> str:
    """Another value of the same type, where there is one."""
    holding = holder(manifest, place)
    old = holding[place[-1]]
    values = STRINGS if isinstance(old, str) else NUMBERS if type(old) is int else OTHERS
    new = copy.deepcopy(chance.choice(values))
    holding[place[-1]] = new
    return f"is {new!r}"


def any_value(manifest: Manifest, place: Path, chance: random.Random) -> str:
    """A value of any type."""
    new = copy.deepcopy(chance.choice((*STRINGS, *NUMBERS, *OTHERS)))
    holder(manifest, place)[place[-1]] = new
    return f"is {new!r}"


def renamed(manifest: Manifest, place: Path, chance: random.Random) -> str:
    """A key is another; an element of a list is there twice."""
    holding, key = holder(manifest, place), place[-1]
    if isinstance(holding, list):
        holding.insert(int(key), copy.deepcopy(holding[int(key)]))
        return "is there twice"
    new = chance.choice((*STRINGS, f"{key}s", str(key).upper()))
    holding[new] = holding.pop(key)
    return f"is called {new!r}"


def swapped(manifest: Manifest, place: Path, chance: random.Random) -> str:
    """A value from elsewhere in the same object."""
    source = chance.choice([path for path in paths(manifest) if path not in KEPT])
    new = copy.deepcopy(holder(manifest, source)[source[-1]])
    holder(manifest, place)[place[-1]] = new
    return f"is what {'.'.join(map(str, source))} was"


CHANGES = (another, another, another, without, any_value, renamed, swapped)
