"""A platform as its file describes it: common decisions, then what each environment changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mistersmith_k8s.platform import Environment, PlatformSpec
from mistersmith_k8s.spec import (
    MISSING,
    SpecError,
    Violation,
    converted,
    load,
)

ENVIRONMENTS = "environments"
OTHER_NAMES = {
    "development": Environment.EXPERIMENTAL,
    "dev": Environment.EXPERIMENTAL,
    "staging": Environment.VALIDATION,
    "production": Environment.OPERATIONAL,
    "prod": Environment.OPERATIONAL,
}
"""What others call the environments."""


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
    base = {key: value for key, value in description.items() if key != ENVIRONMENTS}
    if "environment" in base:
        rule = "is not a field of a platform file"
        found.append(Violation("environment", MISSING, rule, f"Use {ENVIRONMENTS}."))
        del base["environment"]
    made = {
        name: _platform(base, name, named[name], found) for name in Environment if name in named
    }
    if found:
        raise SpecError(_once(found))
    return made


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
    return {n: c if isinstance(c, Mapping) else {} for n, c in changes.items()}


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
