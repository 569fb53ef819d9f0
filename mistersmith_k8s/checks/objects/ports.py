"""Ports of a pod: its containers share one network, so each port has one listener."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.check import Flaw, check
from mistersmith_k8s.checks.finding import Severity
from mistersmith_k8s.checks.shape import integer, lookup, mapping, mappings, text, texts
from mistersmith_k8s.checks.world import WORKLOADS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mistersmith_k8s.checks.finding import Path
    from mistersmith_k8s.checks.world import Object, World

SCRAPE = "prometheus.io/scrape"
SCRAPE_PORT = "prometheus.io/port"

# What a variable says of the protocol of its port, and names of ports with another protocol.
PROTOCOLS: Mapping[str, tuple[str, ...]] = {
    "GRPC_PORT": ("http", "metrics"),
    "HTTP_PORT": ("grpc",),
    "METRICS_PORT": ("grpc",),
}
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


@check(Severity.ERROR, *WORKLOADS)
def pod_ports_collide(item: Object, _: World) -> Iterator[Flaw]:
    """Two containers of a pod listen on different ports: only one of them gets the port."""
    taken: dict[tuple[int, str], tuple[str, bool]] = {}
    for path, number, protocol, container in _staying_ports(item):
        name, local = text(container.get("name")), _on_loopback(container)
        first, first_local = taken.setdefault((number, protocol), (name, local))
        if first != name and not local and not first_local:
            message = f"is {number}, and container {first} of the same pod has this port too"
            yield Flaw(path, message, "Let one of the two containers listen on another port.")


def _staying_ports(item: Object) -> Iterator[tuple[Path, int, str, Mapping[str, Any]]]:
    """The ports of the containers that run together."""
    for path, container in item.all_containers:
        waits = "initContainers" in path and container.get("restartPolicy") != "Always"
        for index, port in mappings(container.get("ports") if not waits else None):
            number = integer(port.get("containerPort"))
            if number is not None:
                where = (*path, "ports", index, "containerPort")
                yield where, number, text(port.get("protocol")) or "TCP", container


def _on_loopback(container: Mapping[str, Any]) -> bool:
    """Whether it perhaps listens on an address of its own."""
    words = [*texts(container.get("command")), *texts(container.get("args"))]
    return any(address in word for _, word in words for address in LOOPBACK)


@check(Severity.WARNING, *WORKLOADS)
def scrape_port(item: Object, _: World) -> Iterator[Flaw]:
    """The port that Prometheus is told to scrape is the one where the metrics are.

    Fires where a port is named for the metrics: one that no container declares can be open too.
    """
    annotations = mapping(lookup(item.pod, ("metadata", "annotations")))
    told = text(annotations.get(SCRAPE_PORT))
    if annotations.get(SCRAPE) != "true" or not told.isdigit():
        return
    ports = [port for _, c in item.all_containers for _, port in mappings(c.get("ports"))]
    metrics = [str(p.get("containerPort")) for p in ports if p.get("name") == "metrics"]
    path = (*(item.pod_path or ()), "metadata", "annotations", SCRAPE_PORT)
    if metrics and told not in metrics:
        message = f"is {told}, and the port named metrics is {metrics[0]}"
        yield Flaw(path, message, f"Set {SCRAPE_PORT} to the port that has the metrics.")


@check(Severity.WARNING, *WORKLOADS)
def port_variables(item: Object, _: World) -> Iterator[Flaw]:
    """A variable that tells a program its port does not name the port of another protocol."""
    for path, container in item.all_containers:
        named = {
            str(port.get("containerPort")): text(port.get("name"))
            for _, port in mappings(container.get("ports"))
        }
        for index, entry in mappings(container.get("env")):
            variable, value = text(entry.get("name")), text(entry.get("value"))
            others = PROTOCOLS.get(variable, ())
            if others and named.get(value, "").startswith(others):
                message = f"is {value} for {variable}, and port {value} is named {named[value]}"
                mend = f"Give {variable} the port that speaks its protocol."
                yield Flaw((*path, "env", index, "value"), message, mend)


CHECKS = (pod_ports_collide, scrape_port, port_variables)
