"""What the programs of the input may do: what RBAC grants to their ServiceAccounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mistersmith_k8s.checks.shape import lookup, mapping, mappings, text, texts
from mistersmith_k8s.checks.world import fact

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mistersmith_k8s.checks.world import Object, World

ANY = "*"
EVERYWHERE = "*"
ANYTHING: Mapping[str, tuple[str, ...]] = {
    "apiGroups": (ANY,),
    "resources": (ANY,),
    "verbs": (ANY,),
}

# Roles that every cluster has, under which programs write.
# Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#user-facing-roles
WRITERS = frozenset({"admin", "cluster-admin", "edit"})

# What makes pods in the end.
POD_MAKERS = (
    ("", "pods"),
    ("apps", "daemonsets"),
    ("apps", "deployments"),
    ("apps", "statefulsets"),
    ("batch", "jobs"),
)


class Grant(NamedTuple):
    """What some ServiceAccount may do in a namespace; none is that of `kubectl apply -n`."""

    namespace: str
    groups: frozenset[str]
    resources: frozenset[str]
    verbs: frozenset[str]

    def covers(self, verb: str, group: str, resource: str) -> bool:
        """Whether it is among what is granted."""
        return (
            not self.groups.isdisjoint((group, ANY))
            and not self.resources.isdisjoint((resource, ANY))
            and not self.verbs.isdisjoint((verb, ANY))
        )


class Grants:
    """All grants of a world."""

    def __init__(self, world: World) -> None:
        """Read the bindings, each with the role that it grants."""
        self._grants = tuple(dict.fromkeys(_granted(world)))
        self._known: dict[tuple[str, ...], bool] = {}

    def any_may(self, verb: str, group: str, resource: str, namespace: str) -> bool:
        """Whether some program of the input may do this to objects of any name."""
        question = (verb, group, resource, namespace)
        if question not in self._known:
            self._known[question] = any(
                grant.covers(verb, group, resource)
                for grant in self._grants
                if grant.namespace in {EVERYWHERE, "", namespace} or not namespace
            )
        return self._known[question]

    def make_pods(self, namespace: str) -> bool:
        """Whether some program of the input may make pods in a namespace."""
        return any(self.any_may("create", *resource, namespace) for resource in POD_MAKERS)

    def label_pods(self, namespace: str) -> bool:
        """Whether some program of the input may give labels to pods that run."""
        return any(self.any_may(verb, "", "pods", namespace) for verb in ("patch", "update"))


def _granted(world: World) -> Iterator[Grant]:
    for binding in world.of("RoleBinding", "ClusterRoleBinding"):
        subjects = mappings(binding.at("subjects"))
        if any(subject.get("kind") == "ServiceAccount" for _, subject in subjects):
            place = binding.given_namespace if binding.kind == "RoleBinding" else EVERYWHERE
            for rule in _rules(binding, world):
                if not rule.get("resourceNames"):
                    yield Grant(place, *(_words(rule, key) for key in ANYTHING))


def _rules(binding: Object, world: World) -> Iterator[Mapping[str, object]]:
    """The rules of the role that is granted; one that gathers others may have any."""
    kind, name = (text(lookup(binding.manifest, ("roleRef", key))) for key in ("kind", "name"))
    role = world.named(kind, binding.given_namespace if kind == "Role" else "", name)
    if role is None:
        yield from (ANYTHING,) if kind == "ClusterRole" and name in WRITERS else ()
    elif mapping(role.at("aggregationRule")):
        yield ANYTHING
    else:
        yield from (rule for _, rule in mappings(role.at("rules")))


def _words(rule: Mapping[str, object], key: str) -> frozenset[str]:
    return frozenset(word for _, word in texts(rule.get(key)))


@fact
def grants(world: World) -> Grants:
    """What RBAC grants to the programs of a world."""
    return Grants(world)
