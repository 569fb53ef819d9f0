"""The universe of a set of manifests: its workloads, its namespaces and its policies."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.connectivity import entries, policies, workloads
from mistersmith_k8s.connectivity.fields import Field, Problem
from mistersmith_k8s.connectivity.workloads import POD_TEMPLATES, Workload
from mistersmith_k8s.manifest import ref

if TYPE_CHECKING:
    from mistersmith_k8s.connectivity.entries import Entry
    from mistersmith_k8s.connectivity.policies import Policy

DEFAULT_NAMESPACE = "default"
NAME_LABEL = "kubernetes.io/metadata.name"  # every namespace has it, with its name as value

# The groups of the kinds that are read; other groups reuse these kinds for other things.
GROUPS = frozenset({"", "apps", "batch", "extensions", "networking.k8s.io"})
ROUTE_GROUP = "route.openshift.io"

# Policies of other projects, which change what NetworkPolicies allow.
FOREIGN_GROUPS = frozenset(
    {"cilium.io", "crd.projectcalico.org", "policy.networking.k8s.io", "projectcalico.org"}
)


@dataclass(frozen=True, eq=False)
class Universe:
    """Everything that decides who reaches whom; `problems` says what could not be read."""

    workloads: tuple[Workload, ...]
    namespaces: Mapping[str, Mapping[str, str]]
    policies: tuple[Policy, ...]
    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]

    def workload(self, text: str) -> Workload | None:
        """The workload written as `namespace/name[Kind]`; the kind may be left out."""
        place = self._places.get(text)
        return None if place is None else self.workloads[place]

    def place(self, workload: Workload) -> int:
        """Where the workload stands among all workloads."""
        return self._places[str(workload)]

    @cached_property
    def _places(self) -> dict[str, int]:
        numbered = [*enumerate(self.workloads)]
        short = {f"{one.namespace}/{one.name}": place for place, one in reversed(numbered)}
        return {**short, **{str(one): place for place, one in numbered}}


def universe(manifests: Iterable[Mapping[str, Any]]) -> Universe:
    """The universe of some manifests, the same in whatever order they come.

    Any value is read; what is malformed becomes a problem and counts as absent.
    """
    problems: list[Problem] = []
    fields: dict[str, list[Field]] = defaultdict(list)
    for manifest in _unpacked(manifests):
        _sort_in(manifest, fields, problems)
    running = tuple(
        workloads.workloads(workloads.source(f) for kind in POD_TEMPLATES for f in fields[kind])
    )
    restricting = sorted(map(policies.policy, fields["NetworkPolicy"]), key=_place)
    return Universe(
        workloads=running,
        namespaces=_namespaces(fields["Namespace"], [*running, *restricting]),
        policies=tuple(restricting),
        entries=tuple(_entries(fields, running)),
        problems=tuple(sorted({*problems, *_repeated(restricting)}, key=str)),
    )


def _unpacked(manifests: Iterable[object]) -> Iterator[Mapping[str, Any]]:
    """Each object, also those inside a List; the items of a typed list may leave out their kind."""
    waiting = list(manifests)
    while waiting:
        item = waiting.pop()
        if not isinstance(item, Mapping):
            continue
        kind, members = str(item.get("kind")), item.get("items")
        if kind.endswith("List") and isinstance(members, list | tuple):
            common = {"apiVersion": item.get("apiVersion"), "kind": kind.removesuffix("List")}
            waiting += [{**common, **one} for one in members if isinstance(one, Mapping)]
        else:
            yield item


def _sort_in(
    manifest: Mapping[str, Any], fields: dict[str, list[Field]], problems: list[Problem]
) -> None:
    """Put the manifest with those of its kind, or note why it is left out."""
    identity = ref(manifest)
    namespace = identity.namespace or DEFAULT_NAMESPACE
    field = Field(manifest, problems, (identity.kind, namespace, identity.name))
    if identity.group in GROUPS or (identity.group, identity.kind) == (ROUTE_GROUP, "Route"):
        fields[identity.kind].append(field)
    elif identity.group in FOREIGN_GROUPS:
        field.problem(
            f"is not evaluated: only policies of networking.k8s.io are, not {identity.api_version}"
        )


def _namespaces(
    declared: Iterable[Field], inhabitants: Iterable[Workload | Policy]
) -> dict[str, dict[str, str]]:
    """The labels of every namespace that is declared or used, sorted by its name."""
    labels: dict[str, dict[str, str]] = {one.namespace: {} for one in inhabitants}
    found = [(field.subject[2], field["metadata"]["labels"].texts()) for field in declared]
    for name, own in sorted(found, key=repr):
        labels.setdefault(name, {}).update(own)
    return {name: {**labels[name], NAME_LABEL: name} for name in sorted(labels)}


def _entries(fields: Mapping[str, list[Field]], running: tuple[Workload, ...]) -> Iterator[Entry]:
    backends = [b for f in fields.get("Ingress", ()) for b in entries.ingress_backends(f)]
    backends += [b for f in fields.get("Route", ()) for b in entries.route_backends(f)]
    services = map(entries.service, fields.get("Service", ())) if backends else ()
    return entries.entries(backends, services, running)


def _place(policy: Policy) -> tuple[str, str]:
    return policy.namespace, policy.name


def _repeated(restricting: Iterable[Policy]) -> Iterator[Problem]:
    """A problem for each policy that is there more than once."""
    for (namespace, name), times in Counter(map(_place, restricting)).items():
        if times > 1:
            message = "is there more than once; all of them are evaluated"
            yield Problem("NetworkPolicy", namespace, name, (), message)
