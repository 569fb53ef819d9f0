"""The specification's own YAML is found guilty, defect by defect."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.specification import APPLIED, DEFECTS, WHOLE, Defect, found, page

if TYPE_CHECKING:
    from mistersmith_k8s.checks.finding import Finding

PAGE = Path(__file__).parents[1] / "docs" / "specification-findings.md"

NUMBERS = (1, 2, 3, 4, 5, 7, 8, 9, 14, 17, 21, 34, 35, 36, 37, 40, 41, 43, 44, 47, 48, 49, 51)
ASKED = [f"D{number:02}" for number in (*NUMBERS, 53, 54, 58, 65, 66)]


@cache
def judged(files: str) -> tuple[Finding, ...]:
    """What the checks find in the fixtures."""
    return tuple(found(files))


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda d: f"{d.id}-{d.check}-{d.object}-{d.field}")
def test_a_defect_is_found(defect: Defect) -> None:
    """By the check that is for it, on the object that has it, at the field to blame."""
    wanted = (defect.check, defect.object, defect.field)
    assert wanted in [(f.check, str(f.object), f.field) for f in judged(defect.files)]


def test_every_defect_in_the_manifests_is_listed() -> None:
    """Those that the YAML itself has; the others are in texts, scripts and pipelines."""
    assert sorted({defect.id for defect in DEFECTS}) == ASKED


def test_nothing_else_is_found() -> None:
    """Every finding on the specification is a defect that is listed."""
    listed = {(d.check, d.object, d.field) for d in DEFECTS}
    assert {(f.check, str(f.object), f.field) for f in judged(WHOLE)} <= listed


def test_the_premium_tier_is_short_of_two_cores_for_each_pod_of_the_rollout() -> None:
    """50 pods take all of the quota, and a rollout adds 2."""
    messages = [f.message for f in judged(APPLIED) if f.check == "quota-holds"]
    assert messages == [
        (
            "200 cannot hold 208, what Deployment mister-smith-workload/mister-smith-worker alone "
            "needs at full scale during a rollout; it has up to 52 pods, 2 of them of a rollout"
        ),
        (
            "100 cannot hold 104, what Deployment mister-smith-workload/mister-smith-worker alone "
            "needs at full scale during a rollout; it has up to 52 pods, 2 of them of a rollout"
        ),
    ]


def test_the_docs_have_the_table() -> None:
    """Defect by defect, as it is tested here."""
    assert PAGE.read_text(encoding="utf-8") == page(), "Run `python -m tests.specification`."
