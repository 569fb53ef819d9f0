"""Everything that a check may look at: all objects, found by identity, kind and namespace."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from mistersmith_k8s.checks.shape import items, lookup, mapping, pairs
from mistersmith_k8s.manifest import ObjectRef, ref

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from mistersmith_k8s.checks.finding import Path

T = TypeVar("T")

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
WORKLOADS = tuple(POD_TEMPLATES)
CONTAINERS = ("initContainers", "containers", "ephemeralContainers")
DEFAULT_NAMESPACE = "default"

# The groups that an API server serves by itself; other groups reuse their kinds for other things.
BUILT_IN = frozenset(
    (
        *("", "apps", "autoscaling", "batch", "extensions", "policy"),
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "certificates.k8s.io",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "flowcontrol.apiserver.k8s.io",
        "internal.apiserver.k8s.io",
        "networking.k8s.io",
        "node.k8s.io",
        "rbac.authorization.k8s.io",
        "resource.k8s.io",
        "scheduling.k8s.io",
        "settings.k8s.io",
        "storage.k8s.io",
        "storagemigration.k8s.io",
    )
)


class Known:
    """Something about which facts are found out once."""

    _facts: dict[Hashable, Any]

    def fact(self, make: Callable[[Any], T]) -> T:
        """What a function says about this, found out once."""
        if make not in self._facts:
            self._facts[make] = make(self)
        return cast("T", self._facts[make])


Subject = TypeVar("Subject", bound=Known)


def fact(make: Callable[[Subject], T]) -> Callable[[Subject], T]:
    """The function, found out once for each world or object."""

    @wraps(make)
    def known(subject: Subject) -> T:
        return subject.fact(make)

    return known


class Object(Known):
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
        self._facts = {}

    def __str__(self) -> str:
        return str(self.ref)

    def __repr__(self) -> str:
        return f"<{self.ref}>"

    @cached_property
    def kind(self) -> str:
        """The kind; that of a custom resource with its group: `ScaledObject.keda.sh`."""
        group = self.ref.group
        return self.ref.kind if group in BUILT_IN else f"{self.ref.kind}.{group}"

    @property
    def namespace(self) -> str:
        """The namespace of a namespaced object, `default` where none is given."""
        return self.ref.namespace or DEFAULT_NAMESPACE

    @property
    def given_namespace(self) -> str:
        """The namespace as it is written; empty where `kubectl apply -n` says it."""
        return self.ref.namespace

    @property
    def spec(self) -> Mapping[str, Any]:
        """`spec`, or an empty mapping."""
        return mapping(self.manifest.get("spec"))

    @property
    def annotations(self) -> Mapping[str, Any]:
        """`metadata.annotations`, or an empty mapping."""
        return mapping(self.at("metadata", "annotations"))

    def at(self, *path: str | int) -> Any:
        """The value at a path, or None where the path leads nowhere."""
        return lookup(self.manifest, path)

    @cached_property
    def pod_path(self) -> Path | None:
        """The path of the pod (metadata and spec) that this object runs, if it runs one.

        A custom resource with a pod template where a Deployment has it runs pods too.
        """
        path = POD_TEMPLATES.get(self.kind)
        if path is None and "." in self.kind and items(self.at(*_CONTAINERS_OF_TEMPLATE)):
            path = _CONTAINERS_OF_TEMPLATE[:2]
        return path if path is not None and isinstance(self.at(*path), Mapping) else None

    @property
    def pod(self) -> Mapping[str, Any]:
        """The pod that this object runs, or an empty mapping."""
        return {} if self.pod_path is None else mapping(self.at(*self.pod_path))

    @property
    def pod_spec(self) -> Mapping[str, Any]:
        """The spec of the pod that this object runs, or an empty mapping."""
        return mapping(self.pod.get("spec"))

    @cached_property
    def pod_labels(self) -> Mapping[str, str]:
        """The labels of the pods, as far as they are texts."""
        return pairs(lookup(self.pod, ("metadata", "labels")))

    def in_pod(self, *path: str | int) -> Path:
        """The path in the manifest of a path in the pod's spec."""
        return (*(self.pod_path or ()), "spec", *path)

    @cached_property
    def all_containers(self) -> tuple[tuple[Path, Mapping[str, Any]], ...]:
        """Each container of the pod with its path in the manifest, init containers first."""
        return tuple(
            (self.in_pod(group, index), container)
            for group in CONTAINERS
            for index, container in enumerate(items(self.pod_spec.get(group)))
            if isinstance(container, Mapping)
        )

    def containers(self) -> Iterator[tuple[Path, Mapping[str, Any]]]:
        """Each container of the pod with its path in the manifest, init containers first."""
        yield from self.all_containers


_CONTAINERS_OF_TEMPLATE = ("spec", "template", "spec", "containers")


class Setting(NamedTuple):
    """What is known beyond the objects.

    `minors` are the Kubernetes versions to check for, `crds` further definitions of custom
    resources. `external` names what exists outside, as globs of `Kind/namespace/name` or
    `Kind/name`. The input is not `complete` when a part of it could not be read.
    """

    minors: tuple[str, ...] = ()
    external: tuple[str, ...] = ()
    crds: tuple[Mapping[str, Any], ...] = ()
    complete: bool = True


class World(Known):
    """All objects of one validation."""

    def __init__(self, objects: Iterable[Object], setting: Setting | None = None) -> None:
        """Index the objects in the order of their files; those without a kind stay in `objects`."""
        self.objects = tuple(sorted(objects, key=lambda item: item.file or ""))
        self.setting = setting or Setting()
        self._kinds: dict[str, list[Object]] = defaultdict(list)
        for item in self.objects:
            self._kinds[item.kind].append(item)
        self._facts = {}

    def of(self, *kinds: str) -> Iterator[Object]:
        """The objects of some kinds, kind by kind, in the order in which they were given."""
        for kind in kinds:
            yield from self._kinds.get(kind, ())

    @property
    def kinds(self) -> AbstractSet[str]:
        """The kinds that there are."""
        return self._kinds.keys()

    def find(self, kind: str, namespace: str, name: str) -> Object | None:
        """The object with this kind, namespace (empty: cluster-scoped) and name."""
        return self._names.get((kind, namespace, name))

    def named(self, kind: str, namespace: str, name: str) -> Object | None:
        """The object that a reference from a namespace may mean.

        Where one of the two gives no namespace, `kubectl apply -n` may make it the same.
        """
        found = self._given.get((kind, name), ())
        for item in found:
            if item.given_namespace == namespace:
                return item
        return next((item for item in found if "" in (namespace, item.given_namespace)), None)

    @cached_property
    def _given(self) -> dict[tuple[str, str], list[Object]]:
        found: dict[tuple[str, str], list[Object]] = defaultdict(list)
        for item in self.objects:
            found[item.kind, item.ref.name].append(item)
        return found

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
