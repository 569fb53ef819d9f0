"""Ports of containers: numbers, names, protocols, and what may stand twice.

Source: pkg/apis/core/validation of k8s.io/kubernetes, `validateContainerPorts`,
`checkHostPortConflicts`, `validatePodHostNetworkDeps`; pkg/api/pod, `warningsForPodSpec`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields.faults import duplicate, invalid, required, under, warning
from mistersmith_k8s.checks.fields.formats import port_name, port_number
from mistersmith_k8s.checks.fields.pods import Container, Pod, container_check, pod_check
from mistersmith_k8s.checks.fields.rules import dicts, each, fields, given, one_of, scalar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mistersmith_k8s.checks.fields.faults import Fault
    from mistersmith_k8s.checks.finding import Path

PROTOCOL = one_of("SCTP", "TCP", "UDP")


def _if_set(value: Any) -> Iterable[Fault]:
    """A port number; 0 is a port that is not set."""
    return () if value == 0 else port_number(value)


_port = fields(
    {
        "name": given(port_name),
        "containerPort": _if_set,
        "hostPort": _if_set,
        "protocol": PROTOCOL,
    }
)
_ports = each(_port)


@container_check
def container_ports(container: Container, _: Pod) -> Iterator[Fault]:
    """Port numbers are from 1 to 65535, names are short and unique, protocols exist."""
    ports = container.get("ports")
    if not ports:
        return
    yield from under(_ports(ports), "ports")
    names: set[str] = set()
    for index, port in dicts(ports):
        name = port.get("name")
        if port.get("containerPort") in (None, 0):
            yield required("", "Set a port from 1 to 65535.", ("ports", index, "containerPort"))
        if isinstance(name, str) and name:
            if name in names:
                yield duplicate(name, ("ports", index, "name"))
            names.add(name)


@container_check
def container_port_twice(container: Container, _: Pod) -> Iterator[Fault]:
    """A port stands once for each protocol: the last one wins, and server-side apply refuses."""
    seen: set[Any] = set()
    for index, port in dicts(container.get("ports")):
        number, protocol = scalar(port.get("containerPort")), port.get("protocol") or "TCP"
        key = (number, scalar(protocol))
        if number is not None and key in seen:
            yield warning(duplicate(f"{number}/{protocol}", ("ports", index)))
        seen.add(key)


@pod_check
def host_ports(pod: Pod) -> Iterator[Fault]:
    """Host ports do not collide, and equal the container ports on the host's network."""
    yield from _collisions(pod.containers("containers"), pod)
    for one in pod.containers("initContainers"):
        yield from _collisions((one,), pod)
    if pod.spec.get("hostNetwork") is True:
        yield from _host_network(pod)


def _collisions(containers: Iterable[tuple[Path, Container]], pod: Pod) -> Iterator[Fault]:
    on_host = pod.is_pod and pod.spec.get("hostNetwork") is True
    seen: set[str] = set()
    for path, container in containers:
        for index, port in dicts(container.get("ports")):
            number = port.get("hostPort") or (port.get("containerPort") if on_host else 0)
            if number in (None, 0):
                continue
            key = f"{port.get('protocol') or 'TCP'}/{port.get('hostIP') or ''}/{number}"
            if key in seen:
                yield duplicate(key, ("spec", *path, "ports", index, "hostPort"))
            seen.add(key)


def _host_network(pod: Pod) -> Iterator[Fault]:
    for path, container in pod.containers("containers"):
        for index, port in dicts(container.get("ports")):
            host, own = port.get("hostPort"), port.get("containerPort")
            if host not in (None, 0, own) and isinstance(host, int):
                detail = "must match `containerPort` when `hostNetwork` is true"
                at = ("spec", *path, "ports", index, "hostPort")
                yield invalid(host, detail, "Remove hostPort.", at)


CHECKS = (container_ports, container_port_twice, host_ports)
