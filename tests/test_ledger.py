from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.ledger.frame import ROWS, Row, reference
from tests.ledger.page import page

if TYPE_CHECKING:
    from mistersmith_k8s.platform import Environment

# The Kubernetes rows of the sections that are built, as the specification's ledger numbers them.
REQUIRED = [
    *(f"S0-{n}" for n in (1, 2, 4, 5, 6, 7, 10, 11, 13, 14)),
    *(f"S1.2-{n}" for n in (1, 2, 3)),
    "S1.3-2",
    *(f"S2.3-{n}" for n in range(1, 6)),
    *(f"S2.4-{n}" for n in range(1, 7)),
    "S2.5-1",
    *(f"S3.1-{n}" for n in (1, 4, 5)),
    *(f"S3.3-{n}" for n in (1, 2, 3)),
    *(f"S3.4-{n}" for n in (4, 6)),
    *(f"S4.2-{n}" for n in (1, 2, 3)),
    *(f"S4.3-{n}" for n in range(1, 5)),
    *(f"S5.1-{n}" for n in (1, 2)),
    *(f"S5.1a-{n}" for n in range(1, 8)),
    *(f"S7.1-{n}" for n in (1, 2, 3)),
    "S9.1-1",
    "S9.2-3",
    "S10.1-2",
    "S13.1-2",
    *(f"S13.2-{n}" for n in range(1, 5)),
    *(f"S13.3-{n}" for n in (1, 2, 4)),
    *(f"S13.4-{n}" for n in (1, 2)),
    *(f"S16.1-{n}" for n in range(1, 5)),
    *(f"S16.2-{n}" for n in range(1, 17)),
    *(f"S16.3-{n}" for n in range(1, 13)),
    *(f"S17-{n}" for n in (*range(1, 23), *range(25, 33))),
    *(f"S18.1-{n}" for n in range(1, 8)),
    *(f"S18.2-{n}" for n in (1, 2, 3)),
    *(f"S18.3-{n}" for n in (1, 2, 3)),
    *(f"S22.2-{n}" for n in (3, 5, 6)),
    *(f"S24.2-{n}" for n in (1, 3)),
]
CASES = [
    pytest.param(row, environment, id=f"{row.id}-{environment}")
    for row in ROWS
    for environment in row.on
]


@pytest.mark.parametrize(("row", "environment"), CASES)
def test_a_row_of_the_specification_is_true(row: Row, environment: Environment) -> None:
    """The requirement, or the resolution in its place, holds in the rendered environment."""
    row.holds(reference()[environment])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_row_points_at_objects_that_are_there(row: Row) -> None:
    """A reviewer who follows the page finds the object in every environment that it names."""
    missing = [(i, e) for i in row.at for e in row.on if i not in reference()[e]]
    assert missing == []


def test_every_required_row_is_entered_once() -> None:
    """No requirement is left out, none is asserted twice."""
    assert sorted(row.id for row in ROWS) == sorted(REQUIRED)


def test_every_row_says_what_it_asks() -> None:
    """The page needs no knowledge of the code."""
    assert [row.id for row in ROWS if not row.asks.endswith(".")] == []


def test_the_page_is_current() -> None:
    """docs/specification.md is what `python -m tests.ledger` writes."""
    assert Path("docs/specification.md").read_text(encoding="utf-8") == page()
