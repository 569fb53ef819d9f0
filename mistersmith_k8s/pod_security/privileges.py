"""Checks of what a container may do: privileged mode, escalation, capabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mistersmith_k8s.pod_security.fields import mapping, texts
from mistersmith_k8s.pod_security.forbidden import Forbidden, containers, quoted

if TYPE_CHECKING:
    from collections.abc import Collection

    from mistersmith_k8s.pod_security.pod import Path, Pod, Scope

# What container runtimes grant by default.
DEFAULT_CAPABILITIES = frozenset(
    {
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    }
)
RESTRICTED_CAPABILITIES = frozenset({"NET_BIND_SERVICE"})


def privileged(pod: Pod) -> Forbidden | None:
    """No container is privileged."""
    bad = [scope for scope in pod.containers if scope.security.get("privileged") is True]
    if not bad:
        return None
    return Forbidden(
        "privileged",
        f"{containers(bad)} must not set securityContext.privileged=true",
        tuple(scope.at("privileged") for scope in bad),
    )


def escalation(pod: Pod) -> Forbidden | None:
    """Every container says that its processes gain no privileges."""
    field = "allowPrivilegeEscalation"
    bad = [scope for scope in pod.containers if scope.security.get(field) is not False]
    if not bad:
        return None
    return Forbidden(
        "allowPrivilegeEscalation != false",
        f"{containers(bad)} must set securityContext.allowPrivilegeEscalation=false",
        tuple(scope.at(field) for scope in bad),
    )


def default_capabilities(pod: Pod) -> Forbidden | None:
    """No container adds a capability beyond the default set."""
    added = _added_beyond(DEFAULT_CAPABILITIES, pod)
    if not added:
        return None
    return Forbidden(
        "non-default capabilities", _must_not_add(added), tuple(path for _, path, _ in added)
    )


def dropped_capabilities(pod: Pod) -> Forbidden | None:
    """Every container drops all capabilities, and adds at most that of binding low ports."""
    keeping = [scope for scope in pod.containers if "ALL" not in _capabilities(scope, "drop")]
    added = _added_beyond(RESTRICTED_CAPABILITIES, pod)
    if not keeping and not added:
        return None
    must_drop = f'{containers(keeping)} must set securityContext.capabilities.drop=["ALL"]'
    details = [must_drop] * bool(keeping) + [_must_not_add(added)] * bool(added)
    paths = [scope.at("capabilities", "drop") for scope in keeping]
    return Forbidden(
        "unrestricted capabilities",
        "; ".join(details),
        (*paths, *(path for _, path, _ in added)),
    )


def _added_beyond(allowed: Collection[str], pod: Pod) -> list[tuple[Scope, Path, str]]:
    return [
        (scope, scope.at("capabilities", "add", index), capability)
        for scope in pod.containers
        for index, capability in enumerate(_capabilities(scope, "add"))
        if capability not in allowed
    ]


def _must_not_add(added: list[tuple[Scope, Path, str]]) -> str:
    adding = {scope.path: scope for scope, _, _ in added}
    capabilities = sorted({capability for _, _, capability in added})
    return (
        f"{containers(adding.values())} must not include {quoted(capabilities)}"
        " in securityContext.capabilities.add"
    )


def _capabilities(scope: Scope, change: str) -> list[str]:
    return texts(mapping(scope.security.get("capabilities")).get(change))
