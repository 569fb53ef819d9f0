from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from cluster.agreement import finding, kind, ready, refusal, seeds, verdicts
from cluster.control_plane import control_plane
from cluster.mutants import mutants

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cluster.agreement import Verdict
    from cluster.api import Api

MUTANTS = 1000
SEED = 20260101  # `python -m cluster.agreement 20000` takes another each time


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """An API server that holds nothing."""
    with control_plane(tmp_path_factory.mktemp("agreement")) as plane:
        ready(plane.api)
        yield plane.api


@pytest.fixture(scope="module")
def found(api: Api) -> list[Verdict]:
    """What both say of some mutants."""
    print(f"\n{MUTANTS} mutants, seed {SEED}")
    return verdicts(api, mutants(seeds(), MUTANTS, random.Random(SEED)))  # noqa: S311


def test_the_valid_object_of_each_kind_is_taken_by_both(api: Api) -> None:
    """A mutant of an object that was wrong before would prove nothing."""
    assert len({(seed["apiVersion"], seed["kind"]) for seed in seeds()}) >= 40
    said = {seed["kind"]: (refusal(api, seed), finding(seed)) for seed in seeds()}
    assert {kind: pair for kind, pair in said.items() if any(pair)} == {}


def test_what_one_refuses_the_other_refuses(found: list[Verdict]) -> None:
    """But for differences that somebody has looked at."""
    assert [str(verdict) for verdict in found if verdict.unknown] == []


def test_mutants_of_every_kind_are_refused(found: list[Verdict]) -> None:
    """Where nothing is ever wrong, agreement would be cheap."""
    refused = {kind(verdict) for verdict in found if verdict.server}
    assert refused == {kind(verdict) for verdict in found}
