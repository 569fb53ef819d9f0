"""Environment variables: what a `$(NAME)` in them and in arguments stands for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.check import Flaw, check
from mistersmith_k8s.checks.finding import Severity
from mistersmith_k8s.checks.shape import lookup, mapping, mappings, text, texts
from mistersmith_k8s.checks.world import WORKLOADS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mistersmith_k8s.checks.finding import Path
    from mistersmith_k8s.checks.world import Object, World

# `$$` stands for `$`, and so `$$(NAME)` for no variable. Only names in capitals are looked at:
# a shell reads `$(date)` as a command.
# Source: k8s.io/kubernetes third_party/forked/golang/expansion.
_REFERENCE = re.compile(r"\$\$|\$\(([A-Z_][A-Z0-9_]*)\)")

# What Kubernetes sets in containers for every Service.
_SERVICE_LINK = re.compile(r"[A-Z0-9_]+_(?:SERVICE_HOST|SERVICE_PORT|PORT)(?:_[A-Z0-9_]+)?")


@check(Severity.ERROR, *WORKLOADS)
def unknown_variable(item: Object, world: World) -> Iterator[Flaw]:
    """A `$(NAME)` stands for a variable of the container that is set before it is used.

    Anything else stays in the value as it is written.
    """
    for path, container in item.all_containers:
        given = _given(item, container, world)
        if given is not None:
            yield from _in_variables(path, container, given)
            yield from _in_arguments(path, container, given)


def _in_variables(
    path: Path, container: Mapping[str, Any], given: frozenset[str]
) -> Iterator[Flaw]:
    entries = [(index, text(e.get("name")), e) for index, e in mappings(container.get("env"))]
    later = {name for _, name, _ in entries}
    earlier = set(given)
    for index, name, entry in entries:
        for used in _used(entry.get("value")):
            if used in later and used not in earlier:
                message = f"uses $({used}), which is set only after {name}: it stays as written"
                mend = f"Move {used} before {name}."
                yield Flaw((*path, "env", index, "value"), message, mend)
            elif used not in earlier:
                yield Flaw((*path, "env", index, "value"), *_unset(used))
        earlier.add(name)


def _in_arguments(
    path: Path, container: Mapping[str, Any], given: frozenset[str]
) -> Iterator[Flaw]:
    known = given | {text(entry.get("name")) for _, entry in mappings(container.get("env"))}
    for key in ("command", "args"):
        for index, argument in texts(container.get(key)):
            for used in _used(argument):
                if used not in known:
                    yield Flaw((*path, key, index), *_unset(used))


def _unset(name: str) -> tuple[str, str, Severity]:
    message = f"uses $({name}), and the container has no variable {name}: it stays as written"
    mend = f"Set {name} in the container, or write $$({name}) to keep it as it is."
    return message, mend, Severity.WARNING


def _used(value: Any) -> Iterator[str]:
    """The variables that a text refers to, each once."""
    found = dict.fromkeys(match[1] for match in _REFERENCE.finditer(text(value)) if match[1])
    return (name for name in found if not _SERVICE_LINK.fullmatch(name))


def _given(item: Object, container: Mapping[str, Any], world: World) -> frozenset[str] | None:
    """The variables that `envFrom` brings; None where nobody knows them."""
    found: set[str] = set()
    for _, entry in mappings(container.get("envFrom")):
        prefix = text(entry.get("prefix"))
        kind = "ConfigMap" if entry.get("configMapRef") else "Secret"
        name = text(lookup(entry, ("configMapRef" if kind == "ConfigMap" else "secretRef", "name")))
        source = world.named(kind, item.given_namespace, name)
        keys = _keys(source) if source else None
        if not keys:
            return None
        found.update(f"{prefix}{key}" for key in keys)
    return frozenset(found)


def _keys(source: Object) -> set[str]:
    return {str(key) for data in ("data", "stringData") for key in mapping(source.at(data))}


CHECKS = (unknown_variable,)
