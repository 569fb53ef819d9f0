"""Everything that a check may look at: all objects, found by identity, kind and namespace."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.manifest import ObjectRef, ref

if TYPE_CHECKING:
    from mistersmith_k8s.checks.finding import Path

# Where each controller keeps its pod template. Source: the types of apps/v1, batch/v1 and v1.
POD_TEMPLATES: Mapping[str, Path] = {
    "Pod": (),
    "PodTemplate": ("template",),
    "ReplicationController": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}
CONTAINERS = ("initContainers", "containers", "ephemeralContainers")
DEFAULT_NAMESPACE = "default"


class Object:
    """A manifest with its identity and, when it was read from a file, where it stands."""

    def __init__(
        self,
        manifest: Mapping[str, Any],
        file: str | None = None,
        line_of: Callable[[Path], int] | None = None,
    ) -> None:
        """`line_of` gives the line of a path in the file, counted from 1."""
        self.manifest = manifest
        self.ref: ObjectRef = ref(manifest)
        self.file = file
        self.line_of = line_of

    def __str__(self) -> str:
        return str(self.ref)

    def __repr__(self) -> str:
        return f"<{self.ref}>"

    @property
    def kind(self) -> str:
        """The kind; empty when the manifest says none."""
        return self.ref.kind

    @property
    def namespace(self) -> str:
        """The namespace of a namespaced object, `default` where none is given."""
        return self.ref.namespace or DEFAULT_NAMESPACE

    @property
    def spec(self) -> Mapping[str, Any]:
        """`spec`, or an empty mapping."""
        return mapping(self.manifest.get("spec"))

    def at(self, *path: str | int) -> Any:
        """The value at a path, or None where the path leads nowhere."""
        return lookup(self.manifest, path)

    @cached_property
    def pod_path(self) -> Path | None:
        """The path of the pod (metadata and spec) that this object runs, if it runs one."""
        path = POD_TEMPLATES.get(self.kind)
        return path if path is not None and isinstance(self.at(*path), Mapping) else None

    @property
    def pod(self) -> Mapping[str, Any]:
        """The pod that this object runs, or an empty mapping."""
        return {} if self.pod_path is None else mapping(self.at(*self.pod_path))

    @property
    def pod_labels(self) -> Mapping[str, Any]:
        """The labels of the pods."""
        return mapping(lookup(self.pod, ("metadata", "labels")))

    def containers(self) -> Iterator[tuple[Path, Mapping[str, Any]]]:
        """Each container of the pod with its path in the manifest, init containers first."""
        for group in CONTAINERS:
            path = (*(self.pod_path or ()), "spec", group)
            for index, container in enumerate(items(self.at(*path))):
                if isinstance(container, Mapping):
                    yield (*path, index), container


class World:
    """All objects of one validation."""

    def __init__(self, objects: Iterable[Object]) -> None:
        """Index the objects; those without a kind stay in `objects` only."""
        self.objects = tuple(objects)
        self._kinds: dict[str, list[Object]] = defaultdict(list)
        for item in self.objects:
            self._kinds[item.kind].append(item)

    def of(self, *kinds: str) -> Iterator[Object]:
        """The objects of some kinds, kind by kind, in the order in which they were given."""
        for kind in kinds:
            yield from self._kinds.get(kind, ())

    def find(self, kind: str, namespace: str, name: str) -> Object | None:
        """The object with this kind, namespace (empty: cluster-scoped) and name."""
        return self._names.get((kind, namespace, name))

    @cached_property
    def _names(self) -> dict[tuple[str, str, str], Object]:
        return {
            (o.kind, namespace, o.ref.name): o
            for o in reversed(self.objects)
            for namespace in {o.namespace, o.ref.namespace}
        }

    @cached_property
    def workloads(self) -> tuple[Object, ...]:
        """The objects that run pods."""
        return tuple(o for o in self.objects if o.pod_path is not None)


def lookup(value: Any, path: Sequence[str | int]) -> Any:
    """The value at a path, or None where the path leads nowhere."""
    for part in path:
        if isinstance(value, Mapping) and isinstance(part, str):
            value = value.get(part)
        elif isinstance(value, list | tuple) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value


def mapping(value: Any) -> Mapping[str, Any]:
    """The value when it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def items(value: Any) -> Sequence[Any]:
    """The value when it is a list, else an empty one."""
    return value if isinstance(value, list | tuple) else ()
