"""Workloads: what runs pods, with all that a policy can tell about these pods."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from mistersmith_k8s.connectivity.ports import FIRST_PORT, LAST_PORT
from mistersmith_k8s.connectivity.selectors import RUNTIME_LABELS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mistersmith_k8s.connectivity.fields import Field, Path

# Where each kind keeps the metadata and the spec of its pods.
POD_TEMPLATES: Mapping[str, Path] = {
    "Pod": (),
    "ReplicationController": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}


class ContainerPort(NamedTuple):
    """A port that a container declares; its name may be empty."""

    name: str
    protocol: str
    number: int


class Pods(NamedTuple):
    """Pods of one workload that no policy can tell apart."""

    labels: tuple[tuple[str, str], ...]
    ports: tuple[ContainerPort, ...]
    host_network: bool
    runtime_labels: tuple[str, ...]  # keys that come at run time, with values nobody knows

    def numbers(self, name: str, protocol: str) -> tuple[int, ...]:
        """The ports with this name and protocol, ascending."""
        return tuple(p.number for p in self.ports if (p.name, p.protocol) == (name, protocol))


@dataclass(frozen=True)
class Workload:
    """What a connection starts from or leads to: the owner of pods, or a pod without one.

    Pods of one owner may differ, in a live dump or during a rollout. A workload reaches what any
    of its pods reaches.
    """

    namespace: str
    name: str
    kind: str
    pods: tuple[Pods, ...]

    def __str__(self) -> str:
        return self._text

    @cached_property
    def _text(self) -> str:
        if not self.kind:  # it is in no manifest
            return f"{{{self.name}}}"
        return f"{self.namespace}/{self.name}[{self.kind}]"


class Identity(NamedTuple):
    """Which object it is, within its namespace."""

    kind: str
    name: str


class Source(NamedTuple):
    """One manifest that runs pods."""

    namespace: str
    identity: Identity
    owner: Identity | None
    pods: Pods


def source(field: Field) -> Source:
    """What one manifest says of its pods and of its owner."""
    kind, namespace, name = field.subject
    return Source(namespace, Identity(kind, name), _owner(field), _pods(field, kind))


def workloads(sources: Iterable[Source]) -> Iterator[Workload]:
    """The workloads, each with the pods of all manifests that it owns, sorted by their text."""
    known = list(sources)
    owners = {(one.namespace, one.identity): one.owner for one in known if one.owner}
    pods: dict[tuple[str, Identity], set[Pods]] = defaultdict(set)
    for one in known:
        pods[one.namespace, _root(one.namespace, one.identity, owners)].add(one.pods)
    found = (
        Workload(namespace, root.name, root.kind, tuple(sorted(members)))
        for (namespace, root), members in pods.items()
    )
    yield from sorted(found, key=str)


def _root(
    namespace: str, identity: Identity, owners: Mapping[tuple[str, Identity], Identity]
) -> Identity:
    """The owner of the owner, and so on, as far as the manifests tell."""
    seen = {identity}
    while (owner := owners.get((namespace, identity))) and owner not in seen:
        seen.add(owner)
        identity = owner
    return identity


def _owner(field: Field) -> Identity | None:
    """The controller of an object; a node that runs a static pod is none."""
    references = [item.mapping() for item in field["metadata"]["ownerReferences"].items()]
    marked = [item for item in references if item.get("controller") is True]
    unmarked = [
        item
        for item in references
        if "controller" not in item and str(item.get("kind")) in POD_TEMPLATES
    ]
    for owner in marked or unmarked:
        if owner.get("kind") != "Node" and owner.get("kind") and owner.get("name"):
            return Identity(str(owner["kind"]), str(owner["name"]))
    return None


def _pods(field: Field, kind: str) -> Pods:
    template = field
    for step in POD_TEMPLATES[kind]:
        template = template[str(step)]
    spec = template["spec"]
    return Pods(
        labels=tuple(sorted(template["metadata"]["labels"].texts().items())),
        ports=tuple(sorted(_container_ports(spec))),
        host_network=spec["hostNetwork"].value is True,
        runtime_labels=tuple(sorted(RUNTIME_LABELS.get(kind, ()))),
    )


def _container_ports(spec: Field) -> set[ContainerPort]:
    sidecars = (c for c in spec["initContainers"].items() if _restarts(c))
    return {
        ContainerPort(port["name"].text(), port["protocol"].text() or "TCP", number)
        for container in (*spec["containers"].items(), *sidecars)
        for port in container["ports"].items()
        if FIRST_PORT <= (number := port["containerPort"].integer() or 0) <= LAST_PORT
    }


def _restarts(container: Field) -> bool:
    """Whether an init container stays and serves, as a native sidecar does."""
    return container["restartPolicy"].text() == "Always"
