"""A control plane for each environment and layout; one that cannot start fails what needs it."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product
from typing import TYPE_CHECKING

import pytest

from cluster import live as lives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cluster.live import Live

Note = Callable[[str, object], None]
SHIPPED = list(product(lives.ENVIRONMENTS, lives.LAYOUTS))


@pytest.fixture(scope="session", params=SHIPPED, ids="-".join)
def live(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Live]:
    """An environment as it ships, in a cluster; tests may leave it changed."""
    environment, layout = request.param
    with lives.live(environment, layout, tmp_path_factory.mktemp(environment)) as cluster:
        yield cluster


@pytest.fixture
def settled(live: Live) -> Live:
    """The environment, everything in it available and as it ships."""
    lives.settle(live)
    return live


@pytest.fixture
def note(record_property: Note) -> Note:
    """Keeps a figure of a test, by its name, for the report of the run."""

    def keep(name: str, figure: object) -> None:
        record_property(name, json.dumps(figure))

    return keep
