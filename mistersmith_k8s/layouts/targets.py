"""Targets: the selectors by which a patch finds its object and no other."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from mistersmith_k8s.manifest import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SPECIAL = re.compile(r"[.+*?()|\[\]{}^$\\]")

NOTHING = "^$"

NO_NAMESPACE = "default|_non_namespaceable_"
"""What kustomize calls the namespace of an object that says none.

Source: kustomize 5.7.1, kyaml/resid EffectiveNamespace.
"""


class Targets(NamedTuple):
    """All objects of an environment, by what a selector without group and namespace tells."""

    namesakes: Mapping[tuple[str, str, str], tuple[ObjectRef, ...]]

    def selector(self, identity: ObjectRef) -> dict[str, str]:
        """The selector of one object: each value is a regular expression to kustomize."""
        group, version = identity.group, _key(identity)[0]
        others = [one for one in self.namesakes[_key(identity)] if one != identity]
        if any(one.group != group for one in others):
            group = _literal(group) or NOTHING
        namespace = _literal(identity.namespace)
        if any(one.namespace for one in others):
            namespace = namespace or NO_NAMESPACE
        said = {
            "group": group,
            "version": version,
            "kind": identity.kind,
            "name": _literal(identity.name),
            "namespace": namespace,
        }
        return {key: value for key, value in said.items() if value}


def targets(identities: Iterable[ObjectRef]) -> Targets:
    """The targets among some objects."""
    namesakes = defaultdict[tuple[str, str, str], list[ObjectRef]](list)
    for identity in identities:
        namesakes[_key(identity)].append(identity)
    return Targets({key: tuple(found) for key, found in namesakes.items()})


def _key(identity: ObjectRef) -> tuple[str, str, str]:
    return identity.api_version.rpartition("/")[2], identity.kind, identity.name


def _literal(name: str) -> str:
    """The regular expression that matches the name alone."""
    return SPECIAL.sub(r"\\\g<0>", name)
