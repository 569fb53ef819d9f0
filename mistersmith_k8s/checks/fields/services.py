"""Services: ports, addresses, and what only some types may say.

Source: pkg/apis/core/validation of k8s.io/kubernetes, `validateService`;
pkg/registry/core/service/storage/alloc.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields import minors
from mistersmith_k8s.checks.fields.addresses import cidr, endpoint, ip
from mistersmith_k8s.checks.fields.faults import (
    duplicate,
    forbidden,
    invalid,
    required,
    under,
    warning,
)
from mistersmith_k8s.checks.fields.formats import (
    dns_label,
    dns_subdomain,
    port_number,
    port_reference,
    qualified_name,
)
from mistersmith_k8s.checks.fields.ports import PROTOCOL
from mistersmith_k8s.checks.fields.rules import (
    Rule,
    both,
    dicts,
    each,
    field_check,
    fields,
    given,
    is_int,
    old,
    one_of,
    pick,
    scalar,
    struct,
)
from mistersmith_k8s.checks.fields.selectors import labels
from mistersmith_k8s.checks.fields.service_addresses import cluster_addresses, is_headless

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mistersmith_k8s.checks.fields.faults import Fault

TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
NODE_PORTS = range(30000, 32768)  # the default range, which a cluster may change
LONGEST_AFFINITY = 86400
SOURCE_RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges"
HINTS, MODE = "service.kubernetes.io/topology-aware-hints", "service.kubernetes.io/topology-mode"
LOAD_BALANCER_ONLY = "may only be used when `type` is 'LoadBalancer'"
LOAD_BALANCER_MEND = "Remove it, or set type: LoadBalancer."


def _target(value: Any) -> Any:
    """A port by number or name; 0 and the empty name stand for the port itself."""
    return () if value in (0, "") else port_reference(value)


def _trimmed_cidr(value: Any) -> Any:
    return cidr(value.strip()) if isinstance(value, str) else ()


_port = fields(
    {
        "name": given(dns_label),
        "port": port_number,
        "protocol": PROTOCOL,
        "targetPort": _target,
        "appProtocol": qualified_name,
    },
    needs=("port",),
)
_FIELDS: dict[str, Rule] = {
    "type": one_of(*TYPES),
    "selector": labels,
    "sessionAffinity": one_of("ClientIP", "None"),
    "internalTrafficPolicy": pick("Cluster", "Local"),
    "trafficDistribution": old(
        minors.ONE_TRAFFIC_CHOICE,
        pick("PreferClose"),
        pick("PreferClose", "PreferSameZone", "PreferSameNode"),
    ),
    "externalIPs": each(both(ip, endpoint)),
    "loadBalancerSourceRanges": each(_trimmed_cidr),
    "ports": each(_port),
}
_spec = fields(_FIELDS)


@field_check("", "Service")
def service_fields(manifest: Any) -> Iterator[Fault]:
    """A Service has ports unless it is headless or external, and options that fit its type."""
    spec = struct(manifest.get("spec"))
    kind = spec.get("type") or "ClusterIP"
    yield from under(_spec(spec), "spec")
    if not spec.get("ports") and not is_headless(spec) and kind != "ExternalName":
        yield required(path=("spec", "ports"))
    if kind == "ExternalName":
        yield from under(_external_name(spec), "spec")
    else:
        yield from under(cluster_addresses(spec, str(kind)), "spec")
    yield from under(_affinity(spec), "spec")
    if kind != "LoadBalancer":
        yield from under(_load_balancer_only(spec), "spec")
    elif spec.get("loadBalancerClass") is not None:
        yield from under(qualified_name(spec["loadBalancerClass"]), "spec", "loadBalancerClass")
    yield from under(_traffic(spec, str(kind)), "spec")
    notes = struct(struct(manifest.get("metadata")).get("annotations"))
    yield from under(_annotations(notes, spec), "metadata", "annotations")


def _external_name(spec: dict[str, Any]) -> Iterator[Fault]:
    for name in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
        if spec.get(name):
            detail = "may not be set for ExternalName services"
            yield forbidden(detail, f"Remove {name}.", (name,))
    target = spec.get("externalName")
    if target in (None, "", "."):
        yield required(path=("externalName",))
    elif isinstance(target, str):
        yield from under(dns_subdomain(target.removesuffix(".")), "externalName")


def _affinity(spec: dict[str, Any]) -> Iterator[Fault]:
    """A time-out by client address, which ends within a day."""
    client = struct(struct(spec.get("sessionAffinityConfig")).get("clientIP"))
    seconds = client.get("timeoutSeconds")
    if spec.get("sessionAffinity") != "ClientIP" or not is_int(seconds):
        return
    if not 0 < seconds <= LONGEST_AFFINITY:
        detail = f"must be greater than 0 and less than {LONGEST_AFFINITY}"
        at = ("sessionAffinityConfig", "clientIP", "timeoutSeconds")
        yield invalid(seconds, detail, f"Use {LONGEST_AFFINITY} or less.", at)


def _load_balancer_only(spec: dict[str, Any]) -> Iterator[Fault]:
    for name in ("loadBalancerSourceRanges", "allocateLoadBalancerNodePorts", "loadBalancerClass"):
        value = spec.get(name)
        if value is not None and value != []:
            yield forbidden(LOAD_BALANCER_ONLY, LOAD_BALANCER_MEND, (name,))


def _traffic(spec: dict[str, Any], kind: str) -> Iterator[Fault]:
    policy, health = spec.get("externalTrafficPolicy"), spec.get("healthCheckNodePort")
    reachable = kind in ("LoadBalancer", "NodePort")
    reachable = reachable or (kind == "ClusterIP" and bool(spec.get("externalIPs")))
    at = ("externalTrafficPolicy",)
    if policy and not reachable:
        detail = "may only be set for externally-accessible services"
        yield invalid(policy, detail, "Remove it.", at)
    elif reachable and policy:
        yield from under(pick("Cluster", "Local")(policy), *at)
    if health and not (kind == "LoadBalancer" and policy == "Local"):
        detail = (
            "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
        )
        yield invalid(health, detail, "Remove it.", ("healthCheckNodePort",))
    elif health:
        yield from under(port_number(health), "healthCheckNodePort")


def _annotations(notes: dict[str, Any], spec: dict[str, Any]) -> Iterator[Fault]:
    hints, mode, ranges = notes.get(HINTS), notes.get(MODE), notes.get(SOURCE_RANGES)
    if hints is not None and mode is not None and hints != mode:
        detail = f"must match annotations[{HINTS}] when both are specified"
        yield invalid(mode, detail, "Keep one of the two.", (MODE,))
    if isinstance(ranges, str) and not spec.get("loadBalancerSourceRanges"):
        if spec.get("type") != "LoadBalancer":
            yield forbidden(LOAD_BALANCER_ONLY, LOAD_BALANCER_MEND, (SOURCE_RANGES,))
        for value in ranges.split(",") if ranges.strip() else ():
            yield from under(_trimmed_cidr(value), SOURCE_RANGES)


@field_check("", "Service")
def service_ports(manifest: Any) -> Iterator[Fault]:
    """Ports have names when there are several, and no two are the same."""
    spec = struct(manifest.get("spec"))
    ports = list(dicts(spec.get("ports")))
    for index, port in ports:
        at = ("spec", "ports", index)
        if port.get("name") in (None, "") and len(ports) > 1:
            yield required(path=(*at, "name"))
        if _node_port(port):
            yield from under(_node_port_fits(port["nodePort"], spec), *at, "nodePort")
    for name, key_of in _KEYS.items():
        seen: set[Any] = set()
        for index, port in ports:
            key = key_of(port)
            if key is not None and key in seen:
                yield duplicate(port[name], ("spec", "ports", index, name))
            seen.add(key)


def _protocol(port: dict[str, Any]) -> Any:
    return scalar(port.get("protocol") or "TCP")


# What no two ports of a Service share.
_KEYS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "name": lambda port: scalar(port.get("name")) or None,
    "port": lambda port: (scalar(port["port"]), _protocol(port)) if port.get("port") else None,
    "nodePort": lambda port: (port["nodePort"], _protocol(port)) if _node_port(port) else None,
}


def _node_port(port: dict[str, Any]) -> bool:
    value = port.get("nodePort")
    return is_int(value) and value != 0


def _node_port_fits(value: int, spec: dict[str, Any]) -> Iterator[Fault]:
    if (spec.get("type") or "ClusterIP") == "ClusterIP":
        detail = "may not be used when `type` is 'ClusterIP'"
        yield forbidden(detail, "Remove nodePort, or set type: NodePort.")
        return
    yield from port_number(value)
    if 0 < value < 2**16 and value not in NODE_PORTS:
        low, high = NODE_PORTS[0], NODE_PORTS[-1]
        detail = f"provided port is not in the valid range, which is {low}-{high} by default"
        yield warning(invalid(value, detail, f"Use {low} to {high}, or leave it out."))


CHECKS = (service_fields, service_ports)
