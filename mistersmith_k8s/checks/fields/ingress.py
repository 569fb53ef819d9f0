"""Ingresses and their classes.

Source: pkg/apis/networking/validation of k8s.io/kubernetes, `ValidateIngressSpec`,
`validateIngressClassSpec`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields.addresses import address
from mistersmith_k8s.checks.fields.faults import forbidden, invalid, required, too_long, under
from mistersmith_k8s.checks.fields.formats import (
    dns_label,
    dns_subdomain,
    path_segment,
    port_name,
    port_number,
    service_name,
    wrong_prefixed_path,
    wrong_subdomain,
    wrong_wildcard,
)
from mistersmith_k8s.checks.fields.rules import (
    both,
    each,
    field_check,
    fields,
    given,
    needs_value,
    one_of,
    struct,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.fields.faults import Fault

PATH_TYPES = ("Exact", "ImplementationSpecific", "Prefix")
BAD_PARTS = ("//", "/./", "/../", "%2f", "%2F")
BAD_ENDS = ("/..", "/.")
CONTROLLER_LENGTH = 250
CLASS = "kubernetes.io/ingress.class"


def _wrong_host(value: str) -> str:
    return wrong_wildcard(value) if "*" in value else wrong_subdomain(value)


def _wrong_rule_host(value: str) -> str:
    is_address = address(value) is not None
    return "must be a DNS name, not an IP address" if is_address else _wrong_host(value)


_host = text(_wrong_host, "Write a host such as example.com or *.example.com.")
_rule_host = text(_wrong_rule_host, "Write a host such as example.com or *.example.com.")
_reference = fields(
    {"apiGroup": dns_subdomain, "kind": given(path_segment), "name": given(path_segment)},
    needs=("kind", "name"),
)
_service = fields({"name": given(service_name)}, needs=("name",))


def _backend(value: Any) -> Iterator[Fault]:
    """A backend is one Service with one port, or one other resource."""
    backend = struct(value)
    service, resource = backend.get("service"), backend.get("resource")
    if service is not None and resource is not None:
        detail = "cannot set both resource and service backends"
        yield invalid("", detail, "Keep one of them.")
    elif resource is not None:
        yield from under(_reference(resource), "resource")
    elif service is None:
        yield invalid("", "resource or service backend is required", "Set service.")
    elif isinstance(service, dict):
        yield from under(_service(service), "service")
        yield from under(_service_port(struct(service.get("port"))), "service", "port")


def _service_port(port: dict[str, Any]) -> Iterator[Fault]:
    name, number = port.get("name"), port.get("number")
    if name and number:
        yield invalid("", "cannot set both port name & port number", "Keep one of them.")
    elif name:
        yield from under(port_name(name), "name")
    elif number:
        yield from under(port_number(number), "number")
    else:
        yield required("port name or number is required", "Set number.")


def _path(value: Any) -> Iterator[Fault]:
    if not isinstance(value, dict):
        return
    kind, path = value.get("pathType"), value.get("path")
    path = "" if path is None else path
    if kind is None:
        yield required("pathType must be specified", "Set pathType: Prefix.", ("pathType",))
        return
    yield from needs_value(kind, PATH_TYPES, ("pathType",))
    if isinstance(path, str) and kind in PATH_TYPES:
        yield from under(_path_text(path, kind), "path")
    yield from under(_backend(value.get("backend")), "backend")


def _path_text(path: str, kind: str) -> Iterator[Fault]:
    free = kind == "ImplementationSpecific"
    if not path.startswith("/") and not (free and not path):
        yield invalid(path, "must be an absolute path", "Start the path with '/'.")
    if free:
        return
    for part in BAD_PARTS:
        if part in path:
            yield invalid(path, f"must not contain '{part}'", "Write the path plainly.")
    for end in BAD_ENDS:
        if path.endswith(end):
            yield invalid(path, f"cannot end with '{end}'", "Write the path plainly.")


_http = fields({"paths": each(_path)}, needs=("paths",))
_spec = fields(
    {
        "ingressClassName": dns_subdomain,
        "defaultBackend": _backend,
        "rules": each(fields({"host": given(_rule_host), "http": _http})),
        "tls": each(fields({"hosts": each(_host), "secretName": given(dns_subdomain)})),
    }
)


@field_check("networking.k8s.io", "Ingress")
def ingress_fields(manifest: Any) -> Iterator[Fault]:
    """Hosts are names, paths have a type, each backend names one port of one Service."""
    spec = struct(manifest.get("spec"))
    yield from under(_spec(spec), "spec")
    if not spec.get("rules") and spec.get("defaultBackend") is None:
        detail = "either `defaultBackend` or `rules` must be specified"
        yield invalid(None, detail, "Add a rule.", ("spec",))
    notes = struct(struct(manifest.get("metadata")).get("annotations"))
    named, annotated = spec.get("ingressClassName"), notes.get(CLASS)
    if named is not None and annotated is not None and named != annotated:
        detail = "must match `ingressClassName` when both are specified"
        yield invalid(annotated, detail, "Remove it.", ("metadata", "annotations", CLASS))


def _controller(value: Any) -> Iterator[Fault]:
    if isinstance(value, str) and len(value) > CONTROLLER_LENGTH:
        yield too_long(CONTROLLER_LENGTH, "Use a shorter name.")


def _scope(value: Any) -> Iterator[Fault]:
    """Parameters in a namespace name it; parameters of the cluster name none."""
    parameters = struct(value)
    scope, namespace = parameters.get("scope") or "Cluster", parameters.get("namespace")
    if scope == "Namespace" and namespace is None:
        yield required("`parameters.scope` is set to 'Namespace'", path=("namespace",))
    elif scope == "Namespace":
        yield from under(dns_label(namespace), "namespace")
    elif scope == "Cluster" and namespace is not None:
        detail = "`parameters.scope` is set to 'Cluster'"
        yield forbidden(detail, "Remove it, or set scope: Namespace.", ("namespace",))


_class_controller = text(wrong_prefixed_path, "Write a domain, '/' and a path.")
_class = fields(
    {
        "controller": given(both(_class_controller, _controller)),
        "parameters": both(_reference, _scope, fields({"scope": one_of("Cluster", "Namespace")})),
    },
    needs=("controller",),
)


@field_check("networking.k8s.io", "IngressClass")
def ingress_class_fields(manifest: Any) -> Iterator[Fault]:
    """A class names its controller by domain and path, and its parameters in full."""
    yield from under(_class(struct(manifest.get("spec"))), "spec")


CHECKS = (ingress_fields, ingress_class_fields)
