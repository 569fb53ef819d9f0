"""Policies by name and by the labels of a namespace."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mistersmith_k8s.pod_security import (
    LATEST,
    Level,
    LevelVersion,
    PolicyError,
    UnknownLevelError,
    UnknownVersionError,
    Version,
    namespace_policy,
    parse_level_version,
)


@pytest.mark.parametrize(
    ("name", "policy"),
    [
        ("privileged", LevelVersion(Level.PRIVILEGED)),
        ("restricted", LevelVersion(Level.RESTRICTED, LATEST)),
        ("restricted:latest", LevelVersion(Level.RESTRICTED, LATEST)),
        ("restricted:v1.30", LevelVersion(Level.RESTRICTED, Version(30))),
        ("baseline:1.0", LevelVersion(Level.BASELINE, Version(0))),
        ("baseline:v1.99", LevelVersion(Level.BASELINE, Version(99))),
    ],
)
def test_a_policy_has_a_name(name: str, policy: LevelVersion) -> None:
    """A level, with or without a version, with or without its v."""
    assert parse_level_version(name) == policy


@pytest.mark.parametrize(
    "policy", [LevelVersion(level, Version(m)) for level in Level for m in (None, 0, 37)]
)
def test_a_policy_reads_back(policy: LevelVersion) -> None:
    """What it is printed as is its name."""
    assert parse_level_version(str(policy)) == policy


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        *(
            (
                f"{level}:v1.30",
                UnknownLevelError,
                f"{level!r} is not a Pod Security level. Use privileged, baseline or restricted.",
            )
            for level in ("", "Restricted", "strict")
        ),
        *(
            (
                f"restricted:{version}",
                UnknownVersionError,
                f"{version!r} is not a Pod Security version. Use latest or v1.N, such as v1.37.",
            )
            for version in ("", "v1", "v1.", "v1.03", "v2.0", "v1.1.1", "v1.\u0663", "v1.3\n", "30")
        ),
    ],
)
def test_no_other_name_is_a_policy(name: str, error: type[PolicyError], message: str) -> None:
    """The message says what there is."""
    with pytest.raises(error) as caught:
        parse_level_version(name)
    assert str(caught.value) == message
    assert isinstance(caught.value, PolicyError)


def labelled(**labels: str | None) -> dict[str, Any]:
    """Namespace labels by mode: `warn_version` is `…/warn-version`."""
    prefix = "pod-security.kubernetes.io"
    return {f"{prefix}/{mode.replace('_', '-')}": value for mode, value in labels.items()}


@pytest.mark.parametrize(
    ("labels", "policy"),
    [
        ({}, "privileged:latest privileged:latest privileged:latest"),
        ({"audit_version": "v1.1"}, "privileged:latest privileged:v1.1 privileged:latest"),
        ({"enforce": "privileged"}, "privileged:latest privileged:latest privileged:latest"),
        ({"enforce": "baseline"}, "baseline:latest privileged:latest baseline:latest"),
        (
            {"enforce": "baseline", "enforce_version": "v1.30"},
            "baseline:v1.30 privileged:latest baseline:v1.30",
        ),
        (
            {"enforce": "privileged", "enforce_version": "v1.30"},
            "privileged:v1.30 privileged:latest privileged:latest",
        ),
        (
            {"enforce": "restricted", "enforce_version": "v1.30", "warn_version": "v1.31"},
            "restricted:v1.30 privileged:latest restricted:v1.31",
        ),
        (
            {"enforce": "restricted", "enforce_version": "v1.30", "warn": "baseline"},
            "restricted:v1.30 privileged:latest baseline:latest",
        ),
        (
            {"enforce": "restricted", "warn": "privileged", "audit": "baseline"},
            "restricted:latest baseline:latest privileged:latest",
        ),
        ({"warn": "restricted"}, "privileged:latest privileged:latest restricted:latest"),
    ],
)
def test_a_namespace_asks_for_policies(labels: dict[str, str], policy: str) -> None:
    """It warns of what it enforces unless it says of what it warns."""
    found = namespace_policy(labelled(**labels))
    assert " ".join(map(str, found[:3])) == policy
    assert found.problems == ()


@pytest.mark.parametrize("wrong", ["", "Restricted", "none", None])
def test_an_unknown_level_is_enforced_as_restricted(wrong: str | None) -> None:
    """Enforcing fails closed, and nobody is warned of it; auditing and warning fail open."""
    found = namespace_policy(labelled(enforce=wrong, audit=wrong, warn=wrong))
    assert " ".join(map(str, found[:3])) == "restricted:latest privileged:latest privileged:latest"
    assert [problem.message for problem in found.problems] == [
        "must be one of privileged, baseline, restricted"
    ] * 3
    alone = namespace_policy(labelled(enforce=wrong, enforce_version="v1.30"))
    assert " ".join(map(str, alone[:3])) == "restricted:v1.30 privileged:latest privileged:latest"


@pytest.mark.parametrize("wrong", ["", "1.30", "v1.030", "v1.30 ", "v1.9223372036854775808", None])
def test_an_unknown_version_is_the_latest(wrong: str | None) -> None:
    """The problem says so; the level stands."""
    found = namespace_policy(labelled(enforce="baseline", enforce_version=wrong))
    assert " ".join(map(str, found[:3])) == "baseline:latest privileged:latest baseline:latest"
    assert [(p.path, p.value, p.message, p.remediation) for p in found.problems] == [
        (
            ("metadata", "labels", "pod-security.kubernetes.io/enforce-version"),
            wrong or "",
            'must be "latest" or "v1.x"',
            "Set the label to latest or to a version such as v1.37.",
        )
    ]


NO_STRING: st.SearchStrategy[Any] = st.sampled_from([None, True, 0, 1.30, (), {}])
ODD_LABELS = st.dictionaries(
    st.sampled_from([*labelled(enforce="", enforce_version="", audit="", warn_version="")]),
    NO_STRING,
)


@given(labels=ODD_LABELS)
def test_a_label_that_is_no_string_is_a_problem(labels: Any) -> None:
    """It is no level and no version, and never an error."""
    found = namespace_policy(labels)
    assert {problem.label for problem in found.problems} == set(labels)
    assert {policy.version for policy in found[:3]} == {LATEST}


@pytest.mark.parametrize("labels", [None, [], "enforce", {1: "restricted"}])
def test_labels_that_are_no_labels_ask_for_nothing(labels: Any) -> None:
    """As if there were none."""
    assert namespace_policy(labels) == namespace_policy({})
