"""Data services that run in the cluster or somewhere else."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from mistersmith_k8s.primitives import Cidr, Host, Name, Port
from mistersmith_k8s.spec import MISSING, Range, Spec, Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s import k8s
    from mistersmith_k8s.site import Workload


class Backend(StrEnum):
    """Where a data service runs."""

    IN_CLUSTER = "in_cluster"
    EXTERNAL = "external"


class ExternalSpec(Spec):
    """A service outside the cluster: its name, and the networks where it answers.

    A NetworkPolicy knows no host names, so `cidrs` must hold every address of `host`.
    """

    host: Host
    cidrs: tuple[Cidr, ...]
    port: Annotated[int, Range(1, 65535)] | None = None
    tls: bool = True

    def rules(self) -> Iterator[Violation]:
        """At least one network, or no agent could connect."""
        if not self.cidrs:
            yield Violation("cidrs", MISSING, "must not be empty", "Give the host's networks.")


class BackendSpec(Spec):
    """What data services have in common."""

    backend: Backend = Backend.IN_CLUSTER
    external: ExternalSpec | None = None
    storage_class: Name | None = None

    def rules(self) -> Iterator[Violation]:
        """`external` is given exactly where the backend is external."""
        if self.backend is Backend.EXTERNAL and self.external is None:
            rule = "is required with backend external"
            yield Violation("external", MISSING, rule, "Give its host and cidrs.")
        if self.backend is Backend.IN_CLUSTER and self.external is not None:
            rule = "is given, but backend is in_cluster"
            yield Violation("external", MISSING, rule, "Set backend to external or remove it.")

    @property
    def outside(self) -> ExternalSpec | None:
        """The external service, where that is the backend."""
        return self.external if self.backend is Backend.EXTERNAL else None

    def port_or(self, own: Port) -> Port:
        """The external service's port if it gives one, else the usual one."""
        number = self.outside.port if self.outside else None
        return own if number is None else own._replace(number=number)

    def host_or(self, own: str) -> str:
        """The external service's real name, which TLS verifies, else our Service's."""
        return self.outside.host if self.outside else own


def external_service(me: Workload, port: Port, host: str) -> k8s.Service:
    """The usual name of a service, leading to where it really is."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": me.metadata(),
        "spec": {
            "type": "ExternalName",
            "externalName": host,
            "ports": [{"name": port.name, "port": port.number, "protocol": "TCP"}],
        },
    }
