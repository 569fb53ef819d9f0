"""What a component finds around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mistersmith_k8s.agent import Settings
    from mistersmith_k8s.connections import Connections
    from mistersmith_k8s.site import Site


class Surroundings(NamedTuple):
    """The site, the connections of everybody, and the settings of all agents.

    Where `careful`, replicas that cannot be spread wait rather than share a zone or node.
    """

    site: Site
    connections: Connections
    settings: Settings
    careful: bool
