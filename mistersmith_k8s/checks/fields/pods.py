"""The pod of an object: what all rules for pods look at, wherever its template stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple

from mistersmith_k8s.checks.fields.faults import Faults, judged, under
from mistersmith_k8s.checks.fields.rules import dicts, named, struct
from mistersmith_k8s.checks.world import CONTAINERS, POD_TEMPLATES

if TYPE_CHECKING:
    from mistersmith_k8s.checks.check import Check, Flaw
    from mistersmith_k8s.checks.fields.faults import Fault
    from mistersmith_k8s.checks.finding import Path
    from mistersmith_k8s.checks.world import Object, World

# Where the kinds live that run pods; a kind of the same name elsewhere is another thing.
GROUPS = {
    "Pod": "",
    "PodTemplate": "",
    "ReplicationController": "",
    "ReplicaSet": "apps",
    "Deployment": "apps",
    "StatefulSet": "apps",
    "DaemonSet": "apps",
    "Job": "batch",
    "CronJob": "batch",
}
Container = dict[str, Any]


class Pod(NamedTuple):
    """The metadata and spec of a pod, the kind that runs it and the path of its template."""

    kind: str
    path: Path
    metadata: dict[str, Any]
    spec: dict[str, Any]
    owner: dict[str, Any]

    @property
    def is_pod(self) -> bool:
        """Whether it is a pod itself rather than a template of one."""
        return self.kind == "Pod"

    def containers(self, *groups: str) -> Iterator[tuple[Path, Container]]:
        """Each container with its path below the pod's spec; all groups when none is named."""
        for group in groups or CONTAINERS:
            value = self.spec.get(group)
            if value:
                for index, container in dicts(value):
                    yield (group, index), container


PodRule = Callable[[Pod], Faults]


def pod_of(item: Object) -> Pod | None:
    """The pod that an object runs or will run; None when it runs none."""
    kind = item.ref.kind
    if GROUPS.get(kind) != item.ref.group:
        return None
    owner = template = item.manifest
    for part in POD_TEMPLATES[kind]:
        if part == "template":
            owner = template
        template = template.get(str(part)) or {}
        if not isinstance(template, dict):
            return None
    metadata, spec = template.get("metadata"), template.get("spec")
    if not isinstance(spec, dict | None):
        return None
    return Pod(kind, POD_TEMPLATES[kind], struct(metadata), spec or {}, struct(owner))


def pod_check(rule: PodRule) -> Check:
    """Make a rule for pods a check on every kind that runs pods.

    The rule's paths start below the pod; its id is its name with dashes.
    """

    @wraps(rule)
    def look(item: Object, world: World) -> Iterator[Flaw]:
        pod = pod_of(item)
        if pod is not None:
            yield from judged(under(rule(pod), *pod.path), world)

    return named(look, tuple(GROUPS))


def container_check(rule: Callable[[Container, Pod], Faults]) -> Check:
    """Make a rule for containers a check on all containers of every kind that runs pods."""

    @wraps(rule)
    def of_pod(pod: Pod) -> Iterator[Fault]:
        for path, container in pod.containers():
            for fault in rule(container, pod):
                yield fault._replace(path=("spec", *path, *fault.path))

    return pod_check(of_pod)
