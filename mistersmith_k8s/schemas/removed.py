"""APIs that are gone or going, and what to use instead.

Source: https://kubernetes.io/docs/reference/using-api/deprecation-guide/ for what was gone
before the oldest minor that we know; the generated tables for everything later.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from mistersmith_k8s.schemas import tables
from mistersmith_k8s.schemas.problem import NO_MATCH, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

REMOVED: dict[str, tuple[str, tuple[str, ...], str]] = {
    "admissionregistration.k8s.io/v1beta1": (
        "1.22",
        ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"),
        "admissionregistration.k8s.io/v1",
    ),
    "apiextensions.k8s.io/v1beta1": (
        "1.22",
        ("CustomResourceDefinition",),
        "apiextensions.k8s.io/v1",
    ),
    "apiregistration.k8s.io/v1beta1": ("1.22", ("APIService",), "apiregistration.k8s.io/v1"),
    "apps/v1beta1": ("1.16", ("Deployment", "ReplicaSet", "StatefulSet"), "apps/v1"),
    "apps/v1beta2": ("1.16", ("DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"), "apps/v1"),
    "authentication.k8s.io/v1beta1": ("1.22", ("TokenReview",), "authentication.k8s.io/v1"),
    "authorization.k8s.io/v1beta1": (
        "1.22",
        ("LocalSubjectAccessReview", "SelfSubjectAccessReview", "SubjectAccessReview"),
        "authorization.k8s.io/v1",
    ),
    "autoscaling/v2beta1": ("1.25", ("HorizontalPodAutoscaler",), "autoscaling/v2"),
    "autoscaling/v2beta2": ("1.26", ("HorizontalPodAutoscaler",), "autoscaling/v2"),
    "batch/v1beta1": ("1.25", ("CronJob",), "batch/v1"),
    "batch/v2alpha1": ("1.21", ("CronJob",), "batch/v1"),
    "certificates.k8s.io/v1beta1": (
        "1.22",
        ("CertificateSigningRequest",),
        "certificates.k8s.io/v1",
    ),
    "coordination.k8s.io/v1beta1": ("1.22", ("Lease",), "coordination.k8s.io/v1"),
    "discovery.k8s.io/v1beta1": ("1.25", ("EndpointSlice",), "discovery.k8s.io/v1"),
    "events.k8s.io/v1beta1": ("1.25", ("Event",), "events.k8s.io/v1"),
    "flowcontrol.apiserver.k8s.io/v1beta1": (
        "1.26",
        ("FlowSchema", "PriorityLevelConfiguration"),
        "flowcontrol.apiserver.k8s.io/v1",
    ),
    "networking.k8s.io/v1beta1": ("1.22", ("Ingress", "IngressClass"), "networking.k8s.io/v1"),
    "node.k8s.io/v1beta1": ("1.25", ("RuntimeClass",), "node.k8s.io/v1"),
    "policy/v1beta1": ("1.25", ("PodDisruptionBudget",), "policy/v1"),
    "rbac.authorization.k8s.io/v1beta1": (
        "1.22",
        ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"),
        "rbac.authorization.k8s.io/v1",
    ),
    "scheduling.k8s.io/v1beta1": ("1.22", ("PriorityClass",), "scheduling.k8s.io/v1"),
    "storage.k8s.io/v1beta1": (
        "1.22",
        ("CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"),
        "storage.k8s.io/v1",
    ),
}
"""Minor that stopped to serve kinds of an apiVersion, and the apiVersion to use instead."""

OTHERS: dict[tuple[str, str], tuple[str, str]] = {
    ("extensions/v1beta1", "DaemonSet"): ("1.16", "apps/v1"),
    ("extensions/v1beta1", "Deployment"): ("1.16", "apps/v1"),
    ("extensions/v1beta1", "Ingress"): ("1.22", "networking.k8s.io/v1"),
    ("extensions/v1beta1", "NetworkPolicy"): ("1.16", "networking.k8s.io/v1"),
    ("extensions/v1beta1", "PodSecurityPolicy"): ("1.16", ""),
    ("extensions/v1beta1", "ReplicaSet"): ("1.16", "apps/v1"),
    ("policy/v1beta1", "PodSecurityPolicy"): ("1.25", ""),
    ("storage.k8s.io/v1beta1", "CSIStorageCapacity"): ("1.27", "storage.k8s.io/v1"),
}
"""The same by apiVersion and kind; empty where nothing replaces it."""

_DEPRECATED: dict[tuple[str, str], tuple[str, str]] = {
    ("flowcontrol.apiserver.k8s.io/v1beta2", "FlowSchema"): ("1.26", ""),
    ("flowcontrol.apiserver.k8s.io/v1beta2", "PriorityLevelConfiguration"): ("1.26", ""),
    ("flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema"): ("1.29", ""),
    ("flowcontrol.apiserver.k8s.io/v1beta3", "PriorityLevelConfiguration"): ("1.29", ""),
    ("v1", "ComponentStatus"): ("1.19", ""),
    ("v1", "Endpoints"): ("1.33", "discovery.k8s.io/v1 EndpointSlice"),
}
"""Minor of the API server's first warning and what to use where tables do not tell."""

_WARNED_AFTER = 3
"""Minors until a beta API is deprecated, where it does not say otherwise.

Source: k8s.io/code-generator cmd/prerelease-lifecycle-gen.
"""

_VERSION = re.compile(r"(?:.*/)?v(\d+)(?:(alpha|beta)(\d+))?")


class Deprecation(NamedTuple):
    """An API that still works and warns."""

    since: str
    replacement: str

    def message(self, api_version: str, kind: str) -> str:
        """The API server's warning."""
        instead = f"; use {self.replacement}" if self.replacement else ""
        return f"{api_version} {kind} is deprecated in v{self.since}+{instead}"


def deprecation(
    api_version: str, kind: str, minors: Sequence[str] = tables.MINORS
) -> Deprecation | None:
    """The warning that the newest of the minors prints for a kind; None where none does."""
    known = tables.served(api_version, kind)
    serving = [minor for minor in minors if minor in known]
    since, instead = _DEPRECATED.get((api_version, kind), ("", ""))
    if not since and "beta" in api_version.rpartition("/")[2] and known:
        since = f"1.{_number(known[0]) + _WARNED_AFTER}"
    if not since or not serving or _number(serving[-1]) < _number(since):
        return None
    version = instead or replacement(api_version, kind, serving[-1:])
    return Deprecation(since, version if instead or not version else f"{version} {kind}")


def unserved(api_version: str, kind: str, minors: Sequence[str]) -> Problem:
    """What an API server says to a kind that it does not know, and the apiVersion to use."""
    gone = _gone(api_version, kind)
    since = tables.served(api_version, kind)
    reason = f"removed in {gone}" if gone else ""
    if since and not (gone and any(_number(m) >= _number(gone) for m in minors)):
        reason = f"served since {since[0]}"
    text = f'"{kind}" in version "{api_version}"' + (f": {reason}" if reason else "")
    instead = replacement(api_version, kind, minors)
    return Problem(NO_MATCH, text, path=("apiVersion",), suggestion=instead or None)


def replacement(api_version: str, kind: str, minors: Sequence[str]) -> str:
    """Another apiVersion of the kind that all the minors serve; empty where there is none.

    The same group comes first, then the most stable version.
    """
    group = api_version.rpartition("/")[0]
    named = _table().get((api_version, kind), ("", ""))[1]
    serving = [
        version
        for (version, name), (_, known) in tables.kinds().items()
        if name == kind and version != api_version and set(minors) <= set(known)
    ]
    if named in serving:
        return named
    best = sorted(serving, key=lambda v: (v.rpartition("/")[0] != group, _instability(v), v))
    return best[0] if best else ""


def is_built_in(api_version: str) -> bool:
    """Whether only Kubernetes itself can serve the apiVersion: custom groups have a dot."""
    group = api_version.rpartition("/")[0]
    return bool(api_version) and ("." not in group or group in tables.groups())


def _gone(api_version: str, kind: str) -> str:
    """Minor that stopped to serve a kind; empty where none did."""
    known = tables.served(api_version, kind)
    if known and known[-1] != tables.MINORS[-1]:
        return f"1.{_number(known[-1]) + 1}"
    return "" if known else _table().get((api_version, kind), ("", ""))[0]


def _table() -> dict[tuple[str, str], tuple[str, str]]:
    listed = {
        (version, kind): (minor, instead)
        for version, (minor, kinds, instead) in REMOVED.items()
        for kind in kinds
    }
    return listed | OTHERS


def _instability(api_version: str) -> tuple[int, int, int]:
    """Order of versions as Kubernetes prefers them: v2, v1, v1beta2, v1beta1, v1alpha1."""
    match = _VERSION.fullmatch(api_version)
    if not match:
        return (3, 0, 0)
    major, stage, number = match.groups()
    return ({None: 0, "beta": 1, "alpha": 2}[stage], -int(major), -int(number or 0))


def _number(minor: str) -> int:
    return int(minor.partition(".")[2])
