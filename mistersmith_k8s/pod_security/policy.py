"""Levels, versions, and the policy that the labels of a namespace ask for.

Source: k8s.io/pod-security-admission v0.37, api (parsing and defaults).
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from mistersmith_k8s.pod_security.fields import LARGEST, mapping, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NEWEST = 37  # the newest minor with a policy of its own; a later version means this one
PREFIX = "pod-security.kubernetes.io/"


class Level(StrEnum):
    """How strict a policy is; `privileged` forbids nothing."""

    PRIVILEGED = "privileged"
    BASELINE = "baseline"
    RESTRICTED = "restricted"


class PolicyError(ValueError):
    """A level or a version that the Pod Security Standards do not have."""


class UnknownLevelError(PolicyError):
    """The level is none of the three."""

    def __init__(self, level: str) -> None:
        super().__init__(
            f"{level!r} is not a Pod Security level. Use privileged, baseline or restricted."
        )


class UnknownVersionError(PolicyError):
    """The version is neither `latest` nor `v1.N`."""

    def __init__(self, version: str) -> None:
        super().__init__(
            f"{version!r} is not a Pod Security version. Use latest or v1.N, such as v1.{NEWEST}."
        )


class Version(NamedTuple):
    """A policy version `v1.<minor>`; without a minor it is `latest`."""

    minor: int | None = None

    @classmethod
    def parse(cls, version: str) -> Version:
        """The version that a label or a configuration names.

        Raises:
            UnknownVersionError: it is neither `latest` nor `v1.N`.
        """
        if version == "latest":
            return LATEST
        found = re.fullmatch(r"v1\.(0|[1-9][0-9]{0,18})", version)
        if found is None or int(found[1]) > LARGEST:
            raise UnknownVersionError(version)
        return cls(int(found[1]))

    @property
    def effective(self) -> int:
        """The minor whose policy applies: that of the newest known for `latest` and beyond."""
        return NEWEST if self.minor is None else min(self.minor, NEWEST)

    def __str__(self) -> str:
        return "latest" if self.minor is None else f"v1.{self.minor}"


LATEST = Version()


class LevelVersion(NamedTuple):
    """A level at a version: one policy."""

    level: Level
    version: Version = LATEST

    def __str__(self) -> str:
        return f"{self.level}:{self.version}"


class Problem(NamedTuple):
    """A label for which the API server refuses to create the namespace."""

    label: str
    value: str
    message: str
    remediation: str

    @property
    def path(self) -> tuple[str, ...]:
        """Where the label stands in the namespace."""
        return ("metadata", "labels", self.label)


class Policy(NamedTuple):
    """What a namespace enforces, audits and warns of, and what is wrong with its labels."""

    enforce: LevelVersion
    audit: LevelVersion
    warn: LevelVersion
    problems: tuple[Problem, ...] = ()


def parse_level(level: str) -> Level:
    """The level of this name.

    Raises:
        UnknownLevelError: there is none.
    """
    if level not in tuple(Level):
        raise UnknownLevelError(level)
    return Level(level)


def parse_level_version(policy: str) -> LevelVersion:
    """The policy that a user names as `restricted`, `restricted:v1.30` or `restricted:1.30`.

    Raises:
        PolicyError: the level or the version is unknown.
    """
    level, colon, version = policy.partition(":")
    if not colon:
        return LevelVersion(parse_level(level))
    named = f"v{version}" if version.startswith("1.") else version
    return LevelVersion(parse_level(level), Version.parse(named))


def namespace_policy(labels: Mapping[str, str]) -> Policy:
    """The policy of a namespace with these labels, under the controller's own defaults.

    An unknown level is enforced as `restricted` and otherwise ignored, an unknown version is
    `latest`, and a namespace that only enforces also warns of what it enforces.
    """
    known = mapping(labels)
    problems = tuple(p for mode in ("enforce", "audit", "warn") for p in _problems(known, mode))
    enforce = _policy(known, "enforce", unknown=Level.RESTRICTED)
    audit = _policy(known, "audit", unknown=Level.PRIVILEGED)
    warn = _policy(known, "warn", unknown=Level.PRIVILEGED)
    if _warns_of_enforced(known, enforce.level):
        versioned = f"{PREFIX}warn-version" in known
        warn = LevelVersion(enforce.level, warn.version if versioned else enforce.version)
    return Policy(enforce, audit, warn, problems)


def _warns_of_enforced(labels: Mapping[str, Any], enforced: Level) -> bool:
    valid = text(labels.get(f"{PREFIX}enforce")) in tuple(Level)
    return valid and enforced is not Level.PRIVILEGED and f"{PREFIX}warn" not in labels


def _policy(labels: Mapping[str, Any], mode: str, *, unknown: Level) -> LevelVersion:
    level = text(labels.get(f"{PREFIX}{mode}", Level.PRIVILEGED))
    version = text(labels.get(f"{PREFIX}{mode}-version", "latest"))
    return LevelVersion(
        Level(level) if level in tuple(Level) else unknown,
        Version.parse(version) if _is_version(version) else LATEST,
    )


def _problems(labels: Mapping[str, Any], mode: str) -> Iterator[Problem]:
    level, version = f"{PREFIX}{mode}", f"{PREFIX}{mode}-version"
    if level in labels and text(labels[level]) not in tuple(Level):
        yield Problem(
            level,
            text(labels[level]),
            "must be one of privileged, baseline, restricted",
            "Set the label to privileged, baseline or restricted.",
        )
    if version in labels and not _is_version(text(labels[version])):
        yield Problem(
            version,
            text(labels[version]),
            'must be "latest" or "v1.x"',
            f"Set the label to latest or to a version such as v1.{NEWEST}.",
        )


def _is_version(version: str) -> bool:
    try:
        Version.parse(version)
    except UnknownVersionError:
        return False
    return True
