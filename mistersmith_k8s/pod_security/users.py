"""Checks of the user that a container runs as."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mistersmith_k8s.pod_security.fields import integer
from mistersmith_k8s.pod_security.forbidden import Forbidden, containers, setters

if TYPE_CHECKING:
    from mistersmith_k8s.pod_security.pod import Pod, Scope


def run_as_non_root(pod: Pod) -> Forbidden | None:
    """Every container must run as non-root, by its own word or the pod's; nobody says otherwise.

    The pod must not say `false`, even where each container says `true`.
    """
    denying = [scope for scope in pod.scopes if scope.security.get("runAsNonRoot") is False]
    if denying:
        return _root(denying, f"{setters(denying)} must not set securityContext.runAsNonRoot=false")
    if pod.itself.security.get("runAsNonRoot") is True:
        return None
    silent = [scope for scope in pod.containers if scope.security.get("runAsNonRoot") is not True]
    if silent:
        return _root(silent, f"pod or {containers(silent)} must set {_NON_ROOT}")
    return None


_NON_ROOT = "securityContext.runAsNonRoot=true"


def _root(bad: list[Scope], detail: str) -> Forbidden:
    return Forbidden(
        "runAsNonRoot != true", detail, tuple(scope.at("runAsNonRoot") for scope in bad)
    )


def run_as_user(pod: Pod) -> Forbidden | None:
    """Nobody asks for user 0."""
    bad = [scope for scope in pod.scopes if integer(scope.security.get("runAsUser")) == 0]
    if not bad:
        return None
    return Forbidden(
        "runAsUser=0",
        f"{setters(bad)} must not set runAsUser=0",
        tuple(scope.at("runAsUser") for scope in bad),
    )
