"""Layouts: which file holds which manifest, plain and for Kustomize."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mistersmith_k8s.layouts.kustomize import kustomize
from mistersmith_k8s.layouts.plain import plain
from mistersmith_k8s.layouts.problems import LayoutError, problems
from mistersmith_k8s.layouts.secrets import RequiredSecret, required_secrets, secrets_page

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mistersmith_k8s.manifest import Manifest, Manifests

__all__ = [
    "LAYOUTS",
    "LayoutError",
    "RequiredSecret",
    "lay_out",
    "required_secrets",
    "secrets_page",
]

FOLDERS: Mapping[str, Callable[[Mapping[str, Manifests]], Mapping[str, Manifests | str]]] = {
    "plain": plain,
    "kustomize": kustomize,
}
"""The folder of each layout, and what fills it."""

LAYOUTS = tuple(FOLDERS)
"""The names of the layouts."""

SECRETS = "SECRETS.md"


def lay_out(
    environments: Mapping[str, Manifests], layouts: Sequence[str] = LAYOUTS
) -> dict[str, Manifests | str]:
    """The content of each file by its path below the output folder: documents, or text.

    The page of the Secrets that the cluster must hold comes with every layout.

    Raises:
        LayoutError: with every object that kustomize cannot carry or that is there twice.
    """
    if found := tuple(problems(environments)):
        raise LayoutError(found)
    written = {
        str(name): tuple(map(without_empty_metadata, manifests))
        for name, manifests in environments.items()
    }
    files: dict[str, Manifests | str] = {SECRETS: secrets_page(written)}
    for layout in layouts if written else ():
        files |= {f"{layout}/{path}": file for path, file in FOLDERS[layout](written).items()}
    return files


def without_empty_metadata(manifest: Manifest) -> Manifest:
    """The manifest without an empty namespace or empty annotations.

    They say nothing to Kubernetes, and kustomize takes them away.
    """
    metadata = manifest["metadata"]
    empty = {key for key in ("namespace", "annotations") if key in metadata and not metadata[key]}
    if not empty:
        return manifest
    said = {key: value for key, value in metadata.items() if key not in empty}
    return {**manifest, "metadata": said}
