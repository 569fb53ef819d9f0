"""Schemas of custom resources, from the CustomResourceDefinitions that declare them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.schemas import scalars, tables
from mistersmith_k8s.schemas.checkers import Definitions
from mistersmith_k8s.schemas.structural import structural

if TYPE_CHECKING:
    from mistersmith_k8s.schemas.scalars import Checker


class CustomSchemas:
    """Checkers of custom resources, each made when its first object comes."""

    def __init__(self, makers: Mapping[tuple[str, str], Callable[[], Checker]]) -> None:
        """Take what makes the checker of each apiVersion and kind."""
        self._makers = makers
        self._made: dict[tuple[str, str], Checker] = {}

    def served(self, api_version: str, kind: str) -> bool:
        """Whether a definition serves the kind."""
        return (api_version, kind) in self._makers

    def kinds(self) -> tuple[tuple[str, str], ...]:
        """The apiVersion and kind of everything that is served, sorted."""
        return tuple(sorted(self._makers))

    def checker(self, api_version: str, kind: str) -> Checker | None:
        """The checker of a kind; None where no definition serves it."""
        key = (api_version, kind)
        if key not in self._made and key in self._makers:
            self._made[key] = self._makers[key]()
        return self._made.get(key)


def crd_validators(crds: Iterable[Mapping[str, Any]]) -> CustomSchemas:
    """Checkers of every version that CustomResourceDefinitions serve.

    A version without a schema is not served here: there is nothing to check with. CEL rules
    (`x-kubernetes-validations`) are not evaluated.
    """
    makers: dict[tuple[str, str], Callable[[], Checker]] = {}
    for crd in crds:
        spec = _mapping(crd.get("spec"))
        kind = str(_mapping(spec.get("names")).get("kind") or "")
        versions = spec.get("versions")
        for version in versions if isinstance(versions, list) else ():
            schema = _mapping(_mapping(_mapping(version).get("schema")).get("openAPIV3Schema"))
            if schema and _mapping(version).get("served") is True:
                key = (f"{spec.get('group')}/{version.get('name')}", kind)
                makers[key] = _maker(schema, _mapping(version))
    return CustomSchemas(makers)


def _maker(schema: Mapping[str, Any], version: Mapping[str, Any]) -> Callable[[], Checker]:
    """What makes the checker of one version of a custom resource.

    A status that is a subresource is dropped when an object is created, so nothing is said
    about it.
    """
    dropped = "status" in _mapping(version.get("subresources"))

    def made() -> Checker:
        envelope = {"apiVersion": scalars.string, "kind": scalars.string, "metadata": _metadata()}
        status = {"status": scalars.anything} if dropped else {}
        return structural(schema, given={**envelope, **status})

    return made


def _metadata() -> Checker:
    return Definitions(tables.common())["io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
