"""A platform as its file describes it: common decisions, then what each environment changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.platform import Environment, PlatformSpec
from mistersmith_k8s.spec import (
    MISSING,
    SpecError,
    Violation,
    converted,
    hints,
    load,
    unknown,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from mistersmith_k8s.spec import Path

ENVIRONMENTS = "environments"
OTHER_NAMES = {
    "development": Environment.EXPERIMENTAL,
    "dev": Environment.EXPERIMENTAL,
    "staging": Environment.VALIDATION,
    "production": Environment.OPERATIONAL,
    "prod": Environment.OPERATIONAL,
}
"""What others call the environments."""
ORDER = tuple(Environment)
FIELDS = tuple(name for name in hints(PlatformSpec) if name != "environment")
"""The fields of a platform that its file may set; the name of its environment is a key."""


def platforms(description: Mapping[str, Any]) -> dict[Environment, PlatformSpec]:
    """One platform for each environment of a description.

    `environments` maps names of environments to what differs there, in the same vocabulary:
    mappings merge, lists and values replace, null takes away. Without it there is one
    environment, operational.

    Raises:
        SpecError: with everything that is wrong in any environment, each mistake once, at the
            place where it was written.
    """
    found: list[Violation] = []
    named = _named(description, found)
    common = {key: value for key, value in description.items() if key != ENVIRONMENTS}
    base = _fields(common, (*FIELDS, ENVIRONMENTS), (), found)
    made = {
        name: _platform(base, name, _fields(change, FIELDS, (ENVIRONMENTS, name), found), found)
        for name, change in sorted(named.items(), key=lambda pair: ORDER.index(pair[0]))
    }
    if found:
        raise SpecError(_once(found))
    return made


def _fields(
    part: Mapping[str, Any], known: Collection[str], where: Path, found: list[Violation]
) -> Mapping[str, Any]:
    """The part of a description without the keys that no field has."""
    others = [str(key) for key in part if key not in known]
    found += [Violation((*where, key), MISSING, *unknown(key, known)) for key in others]
    return {key: value for key, value in part.items() if key in known}


def _named(
    description: Mapping[str, Any], found: list[Violation]
) -> dict[Environment, Mapping[str, Any]]:
    """The changes of each environment, by environment."""
    given = description.get(ENVIRONMENTS, {Environment.OPERATIONAL: {}})
    if not isinstance(given, Mapping) or not given:
        rule = "must be a mapping from an environment to what differs there"
        found.append(Violation(ENVIRONMENTS, given, rule, f"Name any of {_names()}."))
        return {Environment.OPERATIONAL: {}}
    for name in given:
        if str(name) in OTHER_NAMES:
            advice = f"Did you mean {OTHER_NAMES[str(name)]}?"
            rule = f"is not an environment; they are {_names()}"
            found.append(Violation((ENVIRONMENTS, str(name)), MISSING, rule, advice))
        else:
            converted(name, Environment, (ENVIRONMENTS, str(name)), found)
    changes = {Environment(n): c or {} for n, c in given.items() if n in set(Environment)}
    for name, change in changes.items():
        if not isinstance(change, Mapping):
            found.append(Violation((ENVIRONMENTS, name), change, "must be a mapping"))
    named: dict[Environment, Mapping[str, Any]] = {
        n: c if isinstance(c, Mapping) else {} for n, c in changes.items()
    }
    return named or {Environment.EXPERIMENTAL: {}}  # so that the common part is checked


def _platform(
    base: Mapping[str, Any], name: Environment, change: Mapping[str, Any], found: list[Violation]
) -> Any:
    mistakes: list[Violation] = []
    made = load(PlatformSpec, {**_merged(base, change), "environment": name}, (), mistakes)
    found += [_where_written(violation, name, change) for violation in mistakes]
    return made


def _merged(base: Any, change: Any) -> Any:
    if not (isinstance(base, Mapping) and isinstance(change, Mapping)):
        return change
    return {**base, **{key: _merged(base.get(key), value) for key, value in change.items()}}


def _where_written(violation: Violation, name: Environment, change: Any) -> Violation:
    """The violation at its place in the environment's own part, if it was written there."""
    for part in violation.where:
        try:
            change = change[part]
        except (KeyError, IndexError, TypeError):
            return violation
    return violation.under((ENVIRONMENTS, name))


def _once(found: list[Violation]) -> list[Violation]:
    """Each mistake once: one in the common part shows up in every environment."""
    return list({str(violation): violation for violation in found}.values())


def _names() -> str:
    return ", ".join(Environment)
