"""Where things run and what they are called: planes, namespaces, workloads, labels."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mistersmith_k8s import k8s
    from mistersmith_k8s.primitives import Port

DOMAIN = "mister-smith.io"
"""The prefix of the labels and annotations that are ours."""


class Plane(StrEnum):
    """The four namespaces, by what lives in them."""

    SYSTEM = "system"
    WORKLOAD = "workload"
    DATA = "data"
    MONITORING = "monitoring"


class Pods(NamedTuple):
    """Pods that share a name, a namespace and one label to select them by."""

    name: str
    namespace: str
    label: tuple[str, str]

    @property
    def selector(self) -> dict[str, str]:
        """What selects exactly these pods in their namespace."""
        return dict([self.label])


class Workload(NamedTuple):
    """One workload of the platform: where it is, what it is called, how it is labelled."""

    name: str
    plane: Plane
    namespace: str
    platform: str
    component: str

    @property
    def pods(self) -> Pods:
        """Its pods, as a source or target of connections."""
        return Pods(self.name, self.namespace, ("app", self.name))

    @property
    def selector(self) -> dict[str, str]:
        """What a Deployment, Service, policy or budget selects its pods by; never changes."""
        return self.pods.selector

    @property
    def labels(self) -> dict[str, str]:
        """The labels of its objects and pods: the platform's own and the recommended ones.

        Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
        """
        return {
            "app": self.name,
            "component": self.component,
            "tier": self.plane,
            **common_labels(self.platform, self.component, self.name),
        }

    def metadata(self, suffix: str = "", **annotations: str) -> k8s.ObjectMeta:
        """The metadata of an object of this workload, named after it."""
        return {
            "name": f"{self.name}{suffix}",
            "namespace": self.namespace,
            "labels": self.labels,
            "annotations": annotations or None,
        }

    @property
    def host(self) -> str:
        """The DNS name of its Service from any namespace, resolved by the search path."""
        return f"{self.name}.{self.namespace}"

    def address(self, port: Port) -> str:
        """Host and port of its Service."""
        return f"{self.host}:{port.number}"


class Site(NamedTuple):
    """A platform's name, from which every other name follows."""

    platform: str

    def namespace(self, plane: Plane) -> str:
        """The namespace of a plane."""
        return f"{self.platform}-{plane}"

    def workload(self, name: str, plane: Plane, component: str | None = None) -> Workload:
        """A workload in the namespace of its plane; its component is its name if not given."""
        return Workload(name, plane, self.namespace(plane), self.platform, component or name)

    def agent(self, name: str, plane: Plane, component: str) -> Workload:
        """An agent: a workload whose name starts with the platform's."""
        return self.workload(f"{self.platform}-{name}", plane, component)

    def priority_class(self, priority: str) -> str:
        """The cluster-scoped name of a priority."""
        return f"{self.platform}-{priority}"

    def labels(self, name: str = "governance") -> dict[str, str]:
        """The labels of objects that belong to no workload."""
        return common_labels(self.platform, name, name)


def common_labels(platform: str, name: str, instance: str) -> dict[str, str]:
    """The labels that Kubernetes recommends for tools and people."""
    return {
        "app.kubernetes.io/name": name,
        "app.kubernetes.io/instance": instance,
        "app.kubernetes.io/part-of": platform,
        "app.kubernetes.io/managed-by": "mistersmith-k8s",
    }
