"""A control plane for each environment; one that cannot start fails what needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cluster import live as lives

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cluster.live import Live


@pytest.fixture(scope="session", params=lives.ENVIRONMENTS)
def live(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Live]:
    """An environment as it ships, in a cluster; tests may leave it changed."""
    with lives.live(request.param, tmp_path_factory.mktemp(request.param)) as cluster:
        yield cluster


@pytest.fixture
def settled(live: Live) -> Live:
    """The environment, everything in it available and as it ships."""
    lives.settle(live)
    return live
