"""Pod Security Standards: every check in every version, and what holds for all of them.

The cases of a check stand in `fixtures/pod_security/<check>.yaml`: a pod and the versions in which
the check forbids it.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mistersmith_k8s.checks.finding import field_path
from mistersmith_k8s.pod_security import (
    LATEST,
    NEWEST,
    STANDARD,
    Level,
    LevelVersion,
    Template,
    Version,
    Violation,
    evaluate,
    pod_of,
)
from mistersmith_k8s.pod_security.pod import CONTAINERS, PODS

FIXTURES = Path(__file__).parent / "fixtures" / "pod_security"
MINORS = range(NEWEST + 1)

CASES = {
    file.stem: yaml.safe_load(file.read_text(encoding="utf-8"))
    for file in sorted(FIXTURES.glob("*.yaml"))
}
ROWS = {check.id: check for check in STANDARD}

HARDENED = {
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    "volumes": [{"name": "scratch", "emptyDir": {}}],
    "containers": [
        {
            "name": "a",
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
            },
        }
    ],
}


def violations(pod: Any, level: Level, minor: int | None = None) -> list[Violation]:
    """What a policy forbids about a pod; its latest version unless told."""
    return evaluate(pod.get("metadata", {}), pod.get("spec", {}), level, Version(minor))


def versions(forbidden: str) -> set[int]:
    """The minors of a range such as `1.8-1.24`."""
    if forbidden == "never":
        return set()
    first, last = (int(end.removeprefix("1.")) for end in forbidden.split("-"))
    return set(range(first, last + 1))


def forbidding(check: str, pod: Any) -> dict[int, Violation]:
    """The violation of a check in each version that has it, at the check's own level."""
    found = {minor: violations(pod, ROWS[check].level, minor) for minor in MINORS}
    return {minor: v for minor, all_of in found.items() for v in all_of if v.check == check}


# --- the standard, case by case


@pytest.mark.parametrize(
    ("check", "case"),
    [
        pytest.param(name, c, id=f"{name}: {c['case']}")
        for name, cases in CASES.items()
        for c in cases
    ],
)
def test_a_check_forbids_a_pod_in_exactly_its_versions(check: str, case: dict[str, Any]) -> None:
    """Not one version earlier or later, and in the words of the admission controller."""
    found = forbidding(check, case["pod"])
    assert set(found) == versions(case["forbidden"])
    assert {
        (v.reason, v.detail, tuple(field_path(path) for path in v.paths)) for v in found.values()
    } <= {(case.get("reason"), case.get("detail"), tuple(case.get("paths", ())))}


def test_every_check_has_cases_on_both_sides() -> None:
    """A check without a case that fires, or without one that does not, proves nothing."""
    assert set(CASES) == set(ROWS)
    for cases in CASES.values():
        assert {case["forbidden"] == "never" for case in cases} == {True, False}


@pytest.mark.parametrize("check", STANDARD, ids=lambda check: check.id)
def test_every_version_that_changes_a_check_changes_a_verdict(check: Any) -> None:
    """A boundary that no case can tell is not proven to be there."""
    spans = [versions(case["forbidden"]) for case in CASES[check.id]]
    changes = {min(span) for span in spans if span} | {max(span) + 1 for span in spans if span}
    assert set(check.since) == changes - {NEWEST + 1}


def test_the_standard_is_listed_as_the_controller_reports() -> None:
    """By level, then by id; a check overrides baseline checks only, and none is beyond NEWEST."""
    by_level = sorted(STANDARD, key=lambda check: (check.level, check.id))
    assert [check.id for check in STANDARD] == [check.id for check in by_level]
    overriding = [check for check in STANDARD if check.overrides]
    assert {ROWS[check.overrides].level for check in overriding} == {Level.BASELINE}
    assert {check.level for check in overriding} == {Level.RESTRICTED}
    assert max(minor for check in STANDARD for minor in check.since) == NEWEST


def test_every_remediation_says_what_to_do() -> None:
    """It begins with what to do and is a whole sentence."""
    first = {check.remediation.split()[0] for check in STANDARD}
    assert first == {"Remove", "Replace", "Set"}
    assert [check.id for check in STANDARD if not check.remediation.endswith(".")] == []


# --- levels and versions


@pytest.mark.parametrize("minor", MINORS)
def test_a_hardened_pod_is_forbidden_by_nothing(minor: int) -> None:
    """What passes the newest restricted policy without exemptions passes every older one."""
    assert violations({"spec": HARDENED}, Level.RESTRICTED, minor) == []


def test_privileged_forbids_nothing() -> None:
    """Whatever a pod does."""
    pods = [case["pod"] for cases in CASES.values() for case in cases]
    assert [pod for pod in pods for m in MINORS if violations(pod, Level.PRIVILEGED, m)] == []


@pytest.mark.parametrize("minor", MINORS)
def test_restricted_is_baseline_but_for_what_it_overrides(minor: int) -> None:
    """A baseline check is dropped in the versions whose restricted check takes its place."""
    overridden = {c.overrides for c in STANDARD if c.overrides and c.at(minor)}
    for case in (case for cases in CASES.values() for case in cases):
        baseline = violations(case["pod"], Level.BASELINE, minor)
        restricted = violations(case["pod"], Level.RESTRICTED, minor)
        assert [v for v in restricted if v.level is Level.BASELINE] == [
            v for v in baseline if v.check not in overridden
        ]


@pytest.mark.parametrize(
    ("minor", "overridden"),
    [
        (18, {"hostPathVolumes"}),
        (19, {"hostPathVolumes", "seccompProfile_baseline"}),
        (22, {"hostPathVolumes", "seccompProfile_baseline", "capabilities_baseline"}),
        (35, {"hostPathVolumes", "seccompProfile_baseline", "capabilities_baseline", "procMount"}),
    ],
)
def test_a_restricted_check_takes_the_place_of_a_baseline_one(
    minor: int, overridden: set[str]
) -> None:
    """From the version on that brought it."""
    pod = {
        "spec": {
            "securityContext": {"seccompProfile": {"type": "Unconfined"}},
            "volumes": [{"name": "v", "hostPath": {"path": "/"}}],
            "containers": [
                {
                    "name": "a",
                    "securityContext": {
                        "capabilities": {"add": ["SYS_ADMIN"]},
                        "procMount": "Unmasked",
                    },
                }
            ],
        },
        "metadata": {"annotations": {"seccomp.security.alpha.kubernetes.io/pod": "unconfined"}},
    }
    baseline = {v.check for v in violations(pod, Level.BASELINE, minor)}
    assert baseline - {v.check for v in violations(pod, Level.RESTRICTED, minor)} == overridden


# --- pods, wherever they stand


@pytest.mark.parametrize("group", CONTAINERS)
def test_every_sort_of_container_is_judged_alike(group: str) -> None:
    """Init, ephemeral or neither: only the path differs."""
    for case in (case for cases in CASES.values() for case in cases):
        spec = case["pod"].get("spec", {})
        alone = {k: v for k, v in spec.items() if k not in CONTAINERS}
        held = [c for sort in CONTAINERS for c in spec.get(sort) or ()]
        moved = {"metadata": case["pod"].get("metadata"), "spec": {**alone, group: held}}
        plain = {"metadata": case["pod"].get("metadata"), "spec": {**alone, "containers": held}}
        found, expected = (violations(pod, Level.RESTRICTED) for pod in (moved, plain))
        assert json.dumps(found).replace(f'"{group}"', '"containers"') == json.dumps(expected)


API_VERSIONS = {
    "": "v1",
    "apps": "apps/v1",
    "extensions": "extensions/v1beta1",
    "batch": "batch/v1",
}


@pytest.mark.parametrize(
    ("kind", "group"), [(kind, group) for kind, (groups, _) in PODS.items() for group in groups]
)
def test_the_pod_of_every_kind_is_found(kind: str, group: str) -> None:
    """Its own metadata and spec, never those of the controller."""
    path = PODS[kind][1]
    pod: Any = {"metadata": {"annotations": {"a": "b"}}, "spec": HARDENED}
    for key in reversed(path):
        pod = {"metadata": {"annotations": {"not": "this"}}, "other": {}, key: pod}
    manifest = pod | {"apiVersion": API_VERSIONS[group], "kind": kind}
    assert pod_of(manifest) == Template(path, {"annotations": {"a": "b"}}, HARDENED)


@pytest.mark.parametrize(
    "manifest",
    [
        {},
        {"apiVersion": "v1", "kind": "ConfigMap"},
        {"apiVersion": "v1", "kind": "List", "items": []},
        {"apiVersion": "v1", "kind": "Deployment", "spec": {"template": {"spec": HARDENED}}},
        {"apiVersion": "example.com/v1", "kind": "Job", "spec": {"template": {"spec": HARDENED}}},
        {"apiVersion": "batch/v1", "kind": "Pod", "spec": HARDENED},
        {"apiVersion": "v1", "kind": "ReplicationController", "spec": {"template": None}},
        {"apiVersion": "batch/v1", "kind": "CronJob", "spec": {"jobTemplate": []}},
        {"apiVersion": 1, "kind": ["Pod"]},
    ],
)
def test_an_object_without_a_pod_has_none(manifest: dict[str, Any]) -> None:
    """A kind of another API group is another kind."""
    assert pod_of(manifest) is None


def test_a_pod_without_halves_is_empty() -> None:
    """What is missing is empty, not an error."""
    assert pod_of({"apiVersion": "v1", "kind": "Pod"}) == Template((), {}, {})


# --- arbitrary input

FIELDS = sorted(
    {
        word
        for text in [json.dumps(CASES)]
        for word in text.replace('"', " ").replace("/", " ").split()
        if word.isidentifier()
    }
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["", "windows", "Default", "ALL", "RuntimeDefault", "\ud800"])
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(FIELDS) | st.integers(), inner, max_size=5)
    ),
    max_leaves=25,
)
POLICIES = st.builds(
    LevelVersion, st.sampled_from(Level), st.builds(Version, st.none() | st.integers(0, 10**20))
)


@given(metadata=ANYTHING, spec=ANYTHING, policy=POLICIES)
def test_no_input_is_an_error(metadata: Any, spec: Any, policy: LevelVersion) -> None:
    """Whatever the types, there are violations or there are none, and the input stays as it is."""
    before = copy.deepcopy((metadata, spec))
    found = evaluate(metadata, spec, *policy)
    assert found == evaluate(*before, *policy)
    assert repr((metadata, spec)) == repr(before)
    assert all(v.paths and v.reason and v.detail is not None for v in found)


@given(spec=ANYTHING, level=st.sampled_from(Level), beyond=st.integers(NEWEST, 10**20))
def test_a_version_beyond_the_newest_is_the_newest(spec: Any, level: Level, beyond: int) -> None:
    """So is `latest`."""
    newest = evaluate({}, spec, level, Version(NEWEST))
    assert evaluate({}, spec, level, Version(beyond)) == newest
    assert evaluate({}, spec, level, LATEST) == newest


@given(
    manifest=ANYTHING.filter(lambda value: isinstance(value, dict)), kind=st.sampled_from([*PODS])
)
def test_any_manifest_has_a_pod_or_none(manifest: Any, kind: str) -> None:
    """Whatever stands where a template should stand."""
    pod = pod_of(manifest | {"kind": kind, "apiVersion": API_VERSIONS[PODS[kind][0][0]]})
    assert pod is None or isinstance(pod, Template)


@pytest.mark.parametrize("wrong", [None, "", "true", 1, 1.5, [], [None], ["x"], [[]], {}, {"x": 1}])
def test_a_value_of_another_type_is_absent(wrong: Any) -> None:
    """The schema says what is wrong with it; the policy judges what is left.

    An empty profile is not absent: it has no type, and that is none of the confining ones.
    """
    spec = {
        **dict.fromkeys(["hostNetwork", "hostPID", "hostIPC", "volumes", "initContainers"], wrong),
        "containers": [{"name": "a", "ports": wrong, "lifecycle": wrong, "livenessProbe": wrong}],
        "os": wrong,
        "hostUsers": wrong,
        "ephemeralContainers": None,
    }
    silent: dict[str, Any] = {"spec": {"containers": [{"name": "a"}]}}
    extra = len(wrong) if isinstance(wrong, list) else 0
    found = violations({"spec": spec}, Level.RESTRICTED)
    expected = violations(silent, Level.RESTRICTED)
    assert [v.check for v in found] == [v.check for v in expected]
    assert [len(v.paths) for v in found] == [len(v.paths) + extra for v in expected]
