from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cluster.agreement import compared, finding, ready, refusal, seeds
from cluster.control_plane import control_plane
from cluster.tally import figures

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cluster.agreement import Verdict
    from cluster.api import Api
    from mistersmith_k8s.manifest import Manifest

MUTANTS = 1000
SEED = 20260101  # `python -m cluster.agreement` takes others
MISSED_AT_MOST = 0.01


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
    return compared(api, MUTANTS, SEED)


def test_the_valid_object_of_each_kind_is_taken_by_both(api: Api) -> None:
    """A mutant of an object that was wrong before would prove nothing."""
    assert len({(seed["apiVersion"], seed["kind"]) for seed in seeds()}) >= 40
    said = [(named(seed), refusal(api, seed), finding(seed)) for seed in seeds()]
    assert [(name, *why) for name, *why in said if any(why)] == []


def named(seed: Manifest) -> str:
    """The kind and name of a valid object."""
    return f"{seed['kind']} {seed['metadata']['name']}"


def test_a_valid_object_is_named_once() -> None:
    """So that a difference leads to its object."""
    names = [named(seed) for seed in seeds()]
    assert [name for name in names if names.count(name) > 1] == []


def test_what_one_refuses_the_other_refuses(found: list[Verdict]) -> None:
    """But for differences that somebody has looked at."""
    assert [str(verdict) for verdict in found if verdict.unknown] == []


def test_mutants_of_every_kind_are_refused(found: list[Verdict]) -> None:
    """Where nothing is ever wrong, agreement would be cheap."""
    refused = {verdict.kind for verdict in found if verdict.server}
    assert refused == {verdict.kind for verdict in found}


def test_few_mutants_are_missed(found: list[Verdict]) -> None:
    """Reviewed misses count too."""
    result = figures("", (SEED,), found)
    print(f"\n{result.table()}")
    assert result.miss_rate < MISSED_AT_MOST
