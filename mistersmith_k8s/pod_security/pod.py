"""The pod inside a manifest, and its parts that a policy looks at.

Source: k8s.io/pod-security-admission v0.37, admission (pods of controllers), policy (visitor).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mistersmith_k8s.pod_security.fields import items, mapping, present, text

if TYPE_CHECKING:
    from collections.abc import Mapping

Path = tuple[str | int, ...]

CONTAINERS = ("initContainers", "containers", "ephemeralContainers")

CORE = ("",)
APPS = ("apps", "extensions")  # clusters before 1.16 serve the controllers in both
BATCH = ("batch",)
TEMPLATE: Path = ("spec", "template")

# The kinds that the admission controller reads a pod from: API groups, path of the pod.
PODS: Mapping[str, tuple[tuple[str, ...], Path]] = {
    "Pod": (CORE, ()),
    "PodTemplate": (CORE, ("template",)),
    "ReplicationController": (CORE, TEMPLATE),
    "ReplicaSet": (APPS, TEMPLATE),
    "Deployment": (APPS, TEMPLATE),
    "StatefulSet": (APPS, TEMPLATE),
    "DaemonSet": (APPS, TEMPLATE),
    "Job": (BATCH, TEMPLATE),
    "CronJob": (BATCH, ("spec", "jobTemplate", *TEMPLATE)),
}


class Template(NamedTuple):
    """The pod that an object is, or makes: where it stands, and its two halves."""

    path: Path
    metadata: Mapping[str, Any]
    spec: Mapping[str, Any]


def pod_of(manifest: Mapping[str, Any]) -> Template | None:
    """The pod that a manifest is, or makes; None for an object without one."""
    groups, path = PODS.get(text(manifest.get("kind")), ((), ()))
    if text(manifest.get("apiVersion")).rpartition("/")[0] not in groups:
        return None
    pod = present(manifest)
    for key in path:
        pod = present(mapping(pod).get(str(key)))
    if pod is None:
        return None
    return Template(path, mapping(pod.get("metadata")), mapping(pod.get("spec")))


class Scope(NamedTuple):
    """What holds a `securityContext`: a container, or, without a name, the pod itself."""

    name: str | None
    path: Path
    fields: Mapping[str, Any]
    security: Mapping[str, Any]

    def at(self, *keys: str | int) -> Path:
        """The path of a field of the security context."""
        return (*self.path, "securityContext", *keys)


class Pod(NamedTuple):
    """A pod as the checks read it; every kind of container alike, in the controller's order."""

    annotations: Mapping[str, str]
    spec: Mapping[str, Any]
    itself: Scope
    containers: tuple[Scope, ...]

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """The pod itself, then its containers."""
        return (self.itself, *self.containers)

    @property
    def runs_windows(self) -> bool:
        """Whether it says that it runs on Windows, where the Linux fields must not be set."""
        return mapping(self.spec.get("os")).get("name") == "windows"

    @property
    def has_own_users(self) -> bool:
        """Whether root inside it is nobody outside: a user namespace of its own."""
        return self.spec.get("hostUsers") is False


def read(metadata: Mapping[str, Any], spec: Mapping[str, Any]) -> Pod:
    """The parts of a pod, whatever its fields hold."""
    known = mapping(spec)
    annotations = mapping(mapping(metadata).get("annotations"))
    return Pod(
        {key: text(value) for key, value in annotations.items() if isinstance(key, str)},
        known,
        _scope(None, ("spec",), known),
        tuple(
            _scope(text(mapping(item).get("name")), ("spec", group, index), mapping(item))
            for group in CONTAINERS
            for index, item in enumerate(items(known.get(group)))
        ),
    )


def _scope(name: str | None, path: Path, fields: Mapping[str, Any]) -> Scope:
    return Scope(name, path, fields, mapping(fields.get("securityContext")))
