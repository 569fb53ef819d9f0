"""Checks of what a pod shares with its node: namespaces, ports, processes, probe targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mistersmith_k8s.pod_security.fields import integer, items, mapping, text
from mistersmith_k8s.pod_security.forbidden import (
    Forbidden,
    containers,
    listed,
    plural,
    quoted,
    setters,
    use,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.pod_security.pod import Path, Pod, Scope

NAMESPACES = ("hostNetwork", "hostPID", "hostIPC")
HANDLERS: tuple[tuple[str, ...], ...] = (
    ("livenessProbe",),
    ("readinessProbe",),
    ("startupProbe",),
    ("lifecycle", "postStart"),
    ("lifecycle", "preStop"),
)
ACTIONS = ("httpGet", "tcpSocket")


def namespaces(pod: Pod) -> Forbidden | None:
    """The network, process and IPC namespaces of the node stay its own."""
    shared = [name for name in NAMESPACES if pod.spec.get(name) is True]
    if not shared:
        return None
    return Forbidden(
        "host namespaces",
        ", ".join(f"{name}=true" for name in shared),
        tuple(("spec", name) for name in shared),
    )


def ports(pod: Pod) -> Forbidden | None:
    """No container takes a port of the node."""
    taken = [(scope, path, port) for scope in pod.containers for path, port in _ports(scope)]
    if not taken:
        return None
    numbers = sorted({str(port) for _, _, port in taken})
    bad = {scope.path: scope for scope, _, _ in taken}.values()
    return Forbidden(
        "hostPort",
        f"{containers(bad)} {use(bad)} {plural('hostPort', numbers)} {', '.join(numbers)}",
        tuple(path for _, path, _ in taken),
    )


def _ports(scope: Scope) -> Iterator[tuple[Path, int]]:
    for index, port in enumerate(items(scope.fields.get("ports"))):
        if number := integer(mapping(port).get("hostPort")):
            yield (*scope.path, "ports", index, "hostPort"), number


def probes_and_lifecycle(pod: Pod) -> Forbidden | None:
    """The kubelet probes and calls the pod itself, never another host."""
    named = [(scope, path, host) for scope in pod.containers for path, host in _hosts(scope)]
    if not named:
        return None
    bad = sorted({scope.name or "" for scope, _, _ in named})
    hosts = sorted({host for _, _, host in named})
    what = plural("probe or lifecycle host", hosts)
    return Forbidden(
        "probe or lifecycle host",
        f"{listed('container', bad)} {use(bad)} {what} {quoted(hosts)}",
        tuple(path for _, path, _ in named),
    )


def _hosts(scope: Scope) -> Iterator[tuple[Path, str]]:
    for keys in HANDLERS:
        handler = scope.fields
        for key in keys:
            handler = mapping(handler.get(key))
        for action in ACTIONS:
            if host := text(mapping(handler.get(action)).get("host")):
                yield (*scope.path, *keys, action, "host"), host


def windows_process(pod: Pod) -> Forbidden | None:
    """No Windows container runs as a process of the node."""
    bad = [
        scope
        for scope in pod.scopes
        if mapping(scope.security.get("windowsOptions")).get("hostProcess") is True
    ]
    if not bad:
        return None
    return Forbidden(
        "hostProcess",
        f"{setters(bad)} must not set securityContext.windowsOptions.hostProcess=true",
        tuple(scope.at("windowsOptions", "hostProcess") for scope in bad),
    )
