"""Backends: the Services that routes, webhooks and URLs lead to, and their ports."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from mistersmith_k8s.checks.check import Flaw, check
from mistersmith_k8s.checks.finding import Severity
from mistersmith_k8s.checks.objects.references import flaw_of
from mistersmith_k8s.checks.outside import outside
from mistersmith_k8s.checks.selection import running
from mistersmith_k8s.checks.shape import integer, items, lookup, mapping, mappings, text, texts
from mistersmith_k8s.checks.world import WORKLOADS, fact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mistersmith_k8s.checks.finding import Path
    from mistersmith_k8s.checks.world import Object, World

GATEWAY = "gateway.networking.k8s.io"
ROUTES = tuple(f"{kind}.{GATEWAY}" for kind in ("HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute"))
VIRTUAL_SERVICE = "VirtualService.networking.istio.io"
DESTINATION_RULE = "DestinationRule.networking.istio.io"
OPENSHIFT_ROUTE = "Route.route.openshift.io"
WEBHOOKS = ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")
CALLED = (*WEBHOOKS, "APIService", "CustomResourceDefinition")
HTTPS = 443  # Source: k8s.io/api/admissionregistration/v1, ServiceReference.port.

# A port name that tells the AWS load balancer controller that the name is that of an annotation.
# Source: kubernetes-sigs/aws-load-balancer-controller, docs, Ingress annotations, actions.
BY_ANNOTATION = "use-annotation"


class Backend(NamedTuple):
    """A Service that an object leads to, with a port by number or name where it gives one."""

    path: Path
    namespace: str
    name: str
    port: int | str | None = None
    port_path: Path = ()


@check(Severity.ERROR, "Ingress", OPENSHIFT_ROUTE, VIRTUAL_SERVICE, *ROUTES)
def unknown_backend(item: Object, world: World) -> Iterator[Flaw]:
    """A route leads to a Service that exists, on a port that it has."""
    yield from _faults(item, world, _FINDERS[item.kind](item, world))


@check(Severity.ERROR, *CALLED)
def unknown_webhook_service(item: Object, world: World) -> Iterator[Flaw]:
    """What the API server calls is a Service that exists, on a port that it has."""
    found = _called(item)
    present = [b for b in found if outside(world).whole("Service", b.namespace)]
    yield from _faults(item, world, present)


def _faults(item: Object, world: World, backends: Iterable[Backend]) -> Iterator[Flaw]:
    seen: set[tuple[str, str, int | str | None]] = set()
    for backend in backends:
        path, namespace, name, port, port_path = backend
        if (namespace, name, port) in seen:
            continue
        seen.add((namespace, name, port))
        service = world.named("Service", namespace, name)
        if service is None:
            evident = namespace == item.given_namespace or outside(world).whole(
                "Service", namespace
            )
            severity = outside(world).absence("Service", namespace, name) if evident else None
            yield from flaw_of(path, "Service", namespace, name, severity)
        elif not _has_port(service, port):
            message = f"is {port}, and {service} has {_ports(service)}"
            yield Flaw(port_path, message, "Use a port of the Service, by its name or number.")


def _has_port(service: Object, port: int | str | None) -> bool:
    """Whether a Service has a port; one outside of the cluster has every port."""
    if port is None or service.spec.get("type") == "ExternalName":
        return True
    key = "name" if isinstance(port, str) else "port"
    return any(entry.get(key) == port for _, entry in mappings(service.spec.get("ports")))


def _ports(service: Object) -> str:
    listed = [
        f"{entry.get('port')} ({entry['name']})" if entry.get("name") else str(entry.get("port"))
        for _, entry in mappings(service.spec.get("ports"))
    ]
    return f"only {', '.join(listed)}" if listed else "no ports"


def _of_ingress(item: Object, _: World) -> Iterator[Backend]:
    path: Path = ("spec", "defaultBackend")
    found: list[tuple[Path, Any]] = [(path, item.at(*path))]
    for number, rule in mappings(item.spec.get("rules")):
        for index, entry in mappings(lookup(rule, ("http", "paths"))):
            where = ("spec", "rules", number, "http", "paths", index, "backend")
            found.append((where, entry.get("backend")))
    for path, backend in found:
        service = mapping(mapping(backend).get("service"))
        port = mapping(service.get("port"))
        name, number_or_name = (
            text(service.get("name")),
            _port(port.get("name") or port.get("number")),
        )
        if number_or_name != BY_ANNOTATION:
            key = "name" if port.get("name") else "number"
            port_path = (*path, "service", "port", key)
            name_path = (*path, "service", "name")
            yield Backend(name_path, item.given_namespace, name, number_or_name, port_path)


def _of_route(item: Object, _: World) -> Iterator[Backend]:
    for number, rule in mappings(item.spec.get("rules")):
        for index, backend in mappings(rule.get("backendRefs")):
            is_service = backend.get("group", "") in ("", None)
            is_service = is_service and backend.get("kind", "Service") == "Service"
            if is_service:
                path = ("spec", "rules", number, "backendRefs", index)
                namespace = text(backend.get("namespace")) or item.given_namespace
                port = integer(backend.get("port"))
                name = text(backend.get("name"))
                yield Backend((*path, "name"), namespace, name, port, (*path, "port"))


def _of_openshift_route(item: Object, _: World) -> Iterator[Backend]:
    target = mapping(item.spec.get("to"))
    if target.get("kind", "Service") == "Service":
        yield Backend(("spec", "to", "name"), item.given_namespace, text(target.get("name")))


def _of_virtual_service(item: Object, world: World) -> Iterator[Backend]:
    for protocol in ("http", "tcp", "tls"):
        for number, rule in mappings(item.spec.get(protocol)):
            path: Path = ("spec", protocol, number)
            routes = mappings(rule.get("route"))
            found: list[tuple[Path, Any]] = [
                ((*path, "route", index, "destination"), route.get("destination"))
                for index, route in routes
            ]
            for where, given in [*found, ((*path, "mirror"), rule.get("mirror"))]:
                host = mapping(given).get("host")
                place = _service_of(text(host), item.given_namespace, world)
                if place:
                    port = integer(lookup(given, ("port", "number")))
                    port_path = (*where, "port", "number")
                    yield Backend((*where, "host"), *place, port, port_path)


@check(Severity.WARNING, DESTINATION_RULE)
def unknown_mesh_host(item: Object, world: World) -> Iterator[Flaw]:
    """A DestinationRule is about a Service that exists; else it changes nothing."""
    place = _service_of(text(item.spec.get("host")), item.given_namespace, world)
    if place:
        severity = outside(world).absence("Service", *place)
        worst = Severity.WARNING if severity is Severity.ERROR else None
        yield from flaw_of(("spec", "host"), "Service", *place, worst)


def _called(item: Object) -> Iterator[Backend]:
    if item.kind == "APIService":
        yield from _reference(("spec", "service"), item)
    elif item.kind == "CustomResourceDefinition":
        yield from _reference(("spec", "conversion", "webhook", "clientConfig", "service"), item)
    for index, _ in mappings(item.at("webhooks")):
        yield from _reference(("webhooks", index, "clientConfig", "service"), item)


def _reference(path: Path, item: Object) -> Iterator[Backend]:
    service = mapping(item.at(*path))
    if service:
        port = service.get("port", HTTPS)
        namespace, name = text(service.get("namespace")), text(service.get("name"))
        yield Backend((*path, "name"), namespace, name, integer(port), (*path, "port"))


# A host in a URL, or in an address such as `nats:4222`.
_URL = re.compile(
    r"[a-z][a-z0-9+.-]*://(?:[^@/\s]*@)?([a-z0-9](?:[-.a-z0-9]*[a-z0-9])?)(?=[:/?#,]|$)"
)


@check(Severity.WARNING, *WORKLOADS)
def unknown_host(item: Object, world: World) -> Iterator[Flaw]:
    """A URL in a variable names a Service that exists, where the input declares its namespace."""
    for path, container in item.all_containers:
        for index, entry in mappings(container.get("env")):
            for host in _URL.findall(text(entry.get("value"))):
                if host in _aliases(item):
                    continue
                place = _service_of(host, item.given_namespace, world)
                if place and _absent(world, *place):
                    yield _host_flaw((*path, "env", index, "value"), host, *place)


def _host_flaw(path: Path, host: str, namespace: str, name: str) -> Flaw:
    place = f"{namespace}/{name}" if namespace else name
    message = f"leads to {host}, and there is no Service {place}"
    mend = f"Correct the host, add the Service, or list Service/{place} as external."
    return Flaw(path, message, mend)


def _absent(world: World, namespace: str, name: str) -> bool:
    """Whether a Service is evidently not there: nobody brings it or its pods."""
    known = outside(world)
    if known.absence("Service", namespace, name) is not Severity.ERROR:
        return False
    return not any(name in labels.values() for labels in running(world).outside(namespace))


def _aliases(item: Object) -> set[str]:
    """Names that the pod's own hosts file knows."""
    entries = mappings(item.pod_spec.get("hostAliases"))
    found = {name for _, entry in entries for _, name in texts(entry.get("hostnames"))}
    return {*found, "localhost"}


def _service_of(host: str, namespace: str, world: World) -> tuple[str, str] | None:
    """The namespace and name of the Service that a host name means; None when it is none.

    Only namespaces that the input has are recognised: `name.com` may be anywhere.
    """
    name, dot, rest = host.partition(".")
    place, _, zone = rest.partition(".")
    if "*" in host or host in _entries(world) or zone not in _ZONES:
        return None
    if not dot:
        return namespace, name
    certain = bool(zone) or place in outside(world).namespaces
    return (place, name) if certain and place else None


_ZONES = frozenset({"", "svc", "svc.cluster.local"})


@fact
def _entries(world: World) -> frozenset[str]:
    """The hosts that a mesh is told of."""
    found = (item.spec.get("hosts") for item in world.of("ServiceEntry.networking.istio.io"))
    return frozenset(host for hosts in found for host in items(hosts) if isinstance(host, str))


def _port(value: Any) -> int | str | None:
    return value if isinstance(value, str) else integer(value)


_FINDERS: Mapping[str, Any] = {
    "Ingress": _of_ingress,
    OPENSHIFT_ROUTE: _of_openshift_route,
    VIRTUAL_SERVICE: _of_virtual_service,
    **dict.fromkeys(ROUTES, _of_route),
}

CHECKS = (unknown_backend, unknown_webhook_service, unknown_mesh_host, unknown_host)
