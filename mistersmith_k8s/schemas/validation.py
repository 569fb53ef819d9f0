"""Violations of a manifest: what is refused, and by which minors."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from mistersmith_k8s.schemas import removed, tables
from mistersmith_k8s.schemas.checkers import Definitions
from mistersmith_k8s.schemas.problem import INVALID, Path, Problem, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mistersmith_k8s.schemas.custom import CustomSchemas
    from mistersmith_k8s.schemas.scalars import Checker


_CLIENT_SIDE = frozenset({("v1", "List")})
"""Kinds that kubectl unpacks and no API server sees."""


class NoSchemaError(LookupError):
    """No schema is known for a kind, so nothing can be said about its objects.

    A kind that a built-in API group does not have is no such case: it is a violation.
    """


class SchemaViolation(NamedTuple):
    """One thing that an API server refuses.

    `path` leads to the offending field, also where a required one is absent. `suggestion` is
    the word that was probably meant. `minors` are those that refuse, oldest first; empty for
    objects of custom resources.
    """

    path: Path
    message: str
    suggestion: str | None
    minors: tuple[str, ...]


class Validator(NamedTuple):
    """What the chosen minors say to manifests of one kind."""

    api_version: str
    kind: str
    minors: tuple[str, ...]

    def is_valid(self, manifest: Mapping[str, Any]) -> bool:
        """Whether every chosen minor takes the manifest."""
        return not self.violations(manifest)

    def violations(self, manifest: Mapping[str, Any]) -> list[SchemaViolation]:
        """What the chosen minors refuse, each thing once.

        What all minors have in common is asked first: it is sound, so an object that it takes
        is taken by each of them. Only for others every minor is asked on its own.
        """
        definition, known = tables.kinds()[self.api_version, self.kind]
        serving = [minor for minor in self.minors if minor in known]
        refusing = [minor for minor in self.minors if minor not in known]
        unserved = removed.unserved(self.api_version, self.kind, refusing) if refusing else None
        first = [_violation(unserved, self.kind, refusing)] if unserved else []
        if not serving or not problems(_common()[definition], manifest):
            return first
        by_minor = {minor: problems(_of(minor)[definition], manifest) for minor in serving}
        return [*first, *_merged(self.kind, by_minor)]


@cache
def validator(
    api_version: str, kind: str, minors: tuple[str, ...] = tables.MINORS
) -> Validator | None:
    """What the minors say to manifests of a kind; None for a kind that is not built in."""
    known = tables.served(api_version, kind)
    return Validator(api_version, kind, minors) if known else None


def violations(
    manifest: Mapping[str, Any],
    minors: Sequence[str] = tables.MINORS,
    custom: CustomSchemas | None = None,
) -> list[SchemaViolation]:
    """What the API servers of the minors refuse about a manifest.

    Raises:
        NoSchemaError: the kind is neither built in nor among the custom ones.
    """
    api_version, kind = (str(manifest.get(key) or "") for key in ("apiVersion", "kind"))
    known = validator(api_version, kind, tuple(minors))
    if known:
        return known.violations(manifest)
    check = custom.checker(api_version, kind) if custom else None
    if check:
        return [_violation(problem, kind, ()) for problem in problems(check, manifest)]
    if not removed.is_built_in(api_version) or (api_version, kind) in _CLIENT_SIDE:
        message = f"there is no schema for kind {kind!r} in version {api_version!r}"
        raise NoSchemaError(message)
    return [_violation(_unknown_kind(api_version, kind, minors), kind, minors)]


def problems(check: Checker, manifest: Mapping[str, Any]) -> list[Problem]:
    """Problems that a checker finds; one where the manifest is too deep to look at."""
    try:
        return check(manifest) or []
    except RecursionError:
        return [Problem(INVALID, "must not be nested so deeply", {})]


def _unknown_kind(api_version: str, kind: str, minors: Sequence[str]) -> Problem:
    problem = removed.unserved(api_version, kind, minors)
    siblings = frozenset(name for version, name in tables.kinds() if version == api_version)
    meant = None if problem.suggestion else nearest(kind, siblings)
    return problem._replace(path=("kind",), suggestion=meant) if meant else problem


def _merged(kind: str, by_minor: dict[str, list[Problem]]) -> list[SchemaViolation]:
    refusing: dict[tuple[Path, str], tuple[Problem, list[str]]] = {}
    for minor, found in by_minor.items():
        for problem in found:
            key = (problem.path, problem.message())
            refusing.setdefault(key, (problem, []))[1].append(minor)
    return [_violation(problem, kind, minors) for problem, minors in refusing.values()]


def _violation(problem: Problem, kind: str, minors: Iterable[str]) -> SchemaViolation:
    secret = kind == "Secret" and problem.path[:1] in {("data",), ("stringData",)}
    message = problem.message(hidden=secret)
    return SchemaViolation(problem.path, message, problem.suggestion, tuple(minors))


@cache
def _common() -> Definitions:
    return Definitions(tables.common())


@cache
def _of(minor: str) -> Definitions:
    return Definitions(tables.definitions(minor))
