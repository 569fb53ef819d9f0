"""Entries: what an ingress controller outside the manifests connects to for them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from mistersmith_k8s.connectivity.ports import NONE, Ports
from mistersmith_k8s.connectivity.workloads import Pods, Workload

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mistersmith_k8s.connectivity.fields import Field

# No manifest shows the controller: it has no labels, and no policy selects it.
CONTROLLER = Workload(
    namespace="ingress-controller-ns",
    name="ingress-controller",
    kind="",
    pods=(Pods(labels=(), ports=(), host_network=False, runtime_labels=()),),
)


class ServicePort(NamedTuple):
    """A port of a Service, and the number or name of the pod port behind it."""

    name: str
    number: int | None
    target: int | str


class Service(NamedTuple):
    """A Service that selects pods."""

    namespace: str
    name: str
    labels: tuple[tuple[str, str], ...]
    ports: tuple[ServicePort, ...]


class Backend(NamedTuple):
    """What an Ingress or a Route forwards to; without a port, to every port of the Service."""

    namespace: str
    service: str
    port: int | str | None


class Entry(NamedTuple):
    """What the ingress controller connects to, before policies."""

    workload: Workload
    ports: Ports


def service(field: Field) -> Service:
    """The Service that a manifest holds."""
    _, namespace, name = field.subject
    labels = tuple(field["spec"]["selector"].texts().items())
    return Service(namespace, name, labels, tuple(map(_port, field["spec"]["ports"].items())))


def ingress_backends(field: Field) -> Iterator[Backend]:
    """The Services that an Ingress forwards to."""
    spec = field["spec"]
    paths = (path for rule in spec["rules"].items() for path in rule["http"]["paths"].items())
    for backend in (spec["defaultBackend"], *(path["backend"] for path in paths)):
        target = backend["service"]
        if target.given:
            port = target["port"]["name"].text() or target["port"]["number"].integer()
            yield Backend(field.subject[1], target["name"].text(), port)


def route_backends(field: Field) -> Iterator[Backend]:
    """The Services that an OpenShift Route forwards to."""
    spec = field["spec"]
    port = _number_or_name(spec["port"]["targetPort"])
    for target in (spec["to"], *spec["alternateBackends"].items()):
        if target.given and target["kind"].value in (None, "", "Service"):
            yield Backend(field.subject[1], target["name"].text(), port)


def entries(
    backends: Iterable[Backend], services: Iterable[Service], workloads: Sequence[Workload]
) -> Iterator[Entry]:
    """What the controller connects to, one entry for each workload, in the order of those.

    Only TCP ports that a container declares are served, as np-guard has it.
    """
    named = {(one.namespace, one.name): one for one in services}
    wanted: dict[tuple[str, str], list[Backend]] = defaultdict(list)
    for backend in backends:
        wanted[backend.namespace, backend.service].append(backend)
    called = [(named[key], ports) for key, ports in wanted.items() if key in named]
    for workload in workloads:
        found = NONE
        for target, callers in called:
            if target.namespace == workload.namespace:
                found = found | _served(workload, target, callers)
        if found:
            yield Entry(workload, found)


def _served(workload: Workload, target: Service, callers: Iterable[Backend]) -> Ports:
    """The pod ports of a workload that some backends reach through a Service."""
    numbers = {
        number
        for pods in workload.pods
        if target.labels and set(target.labels) <= set(pods.labels)
        for caller in callers
        for port in _called(target, caller)
        for number in _declared(pods, port.target)
    }
    return Ports.of("TCP", *((number, number) for number in numbers))


def _called(target: Service, caller: Backend) -> Sequence[ServicePort]:
    """The ports of the Service that a backend means: the first that has its name or number."""
    if caller.port in (None, "", 0):
        return target.ports
    return [port for port in target.ports if caller.port in port][:1]


def _declared(pods: Pods, target: int | str) -> Iterator[int]:
    for port in pods.ports:
        if port.protocol == "TCP" and target in (port.name, port.number):
            yield port.number


def _port(field: Field) -> ServicePort:
    number = field["port"].integer()
    target = _number_or_name(field["targetPort"]) or number or 0
    return ServicePort(field["name"].text(), number, target)


def _number_or_name(field: Field) -> int | str | None:
    return field.text() if isinstance(field.value, str) else field.integer()
