"""The plain layout: a folder for each environment that `kubectl apply -R` applies as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mistersmith_k8s.layouts.files import filed, planes_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mistersmith_k8s.manifest import Manifests


def plain(environments: Mapping[str, Manifests]) -> dict[str, Manifests]:
    """The files of all environments, by path."""
    return {
        f"{name}/{path}": content
        for name, manifests in environments.items()
        for path, content in filed(manifests, planes_of(manifests)).items()
    }
