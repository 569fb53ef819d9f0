"""What the layouts know of kinds: which have no namespace, which come first, which run pods."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mistersmith_k8s.layouts.values import Path

CLUSTER_KINDS: Mapping[tuple[str, str], int] = {
    ("apiextensions.k8s.io", "CustomResourceDefinition"): 0,
    ("", "Namespace"): 10,
    ("scheduling.k8s.io", "PriorityClass"): 20,
    ("", "Node"): 30,
    ("node.k8s.io", "RuntimeClass"): 30,
    ("networking.k8s.io", "IPAddress"): 30,
    ("networking.k8s.io", "IngressClass"): 30,
    ("networking.k8s.io", "ServiceCIDR"): 30,
    ("gateway.networking.k8s.io", "GatewayClass"): 30,
    ("resource.k8s.io", "DeviceClass"): 30,
    ("resource.k8s.io", "DeviceTaintRule"): 30,
    ("resource.k8s.io", "ResourceSlice"): 30,
    ("storage.k8s.io", "CSIDriver"): 30,
    ("storage.k8s.io", "CSINode"): 30,
    ("storage.k8s.io", "StorageClass"): 30,
    ("storage.k8s.io", "VolumeAttachment"): 30,
    ("storage.k8s.io", "VolumeAttributesClass"): 30,
    ("", "PersistentVolume"): 40,
    ("certificates.k8s.io", "CertificateSigningRequest"): 40,
    ("certificates.k8s.io", "ClusterTrustBundle"): 40,
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"): 40,
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"): 40,
    ("rbac.authorization.k8s.io", "ClusterRole"): 50,
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): 60,
    ("apiregistration.k8s.io", "APIService"): 70,
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicy"): 80,
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"): 80,
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): 80,
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"): 80,
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"): 80,
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): 80,
}
"""The kinds without a namespace, by group, with the number of their file: what others need first.

Source: `kubectl api-resources --namespaced=false` of Kubernetes 1.27 to 1.37 and Gateway API 1.
"""

OTHER_CLUSTER_KIND = 90

WORKING_ORDER = (
    "CustomResourceDefinition",
    "Namespace",
    "PriorityClass",
    "StorageClass",
    "ResourceQuota",
    "LimitRange",
    "ServiceAccount",
    "Secret",
    "ConfigMap",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "ClusterRole",
    "Role",
    "ClusterRoleBinding",
    "RoleBinding",
    "NetworkPolicy",
    "Service",
    "StatefulSet",
    "Deployment",
    "DaemonSet",
    "ReplicaSet",
    "Pod",
    "Job",
    "CronJob",
    "PodDisruptionBudget",
    "HorizontalPodAutoscaler",
    "Ingress",
)
"""The kinds in an order in which each finds what it needs; what is not here comes last.

A quota comes before what it counts, a policy before the pods that it fences.
"""

RANK: Mapping[str, int] = {kind: rank for rank, kind in enumerate(WORKING_ORDER)}

POD_SPECS: Mapping[tuple[str, str], Path] = {
    ("v1", "Pod"): ("spec",),
    ("v1", "PodTemplate"): ("template", "spec"),
    ("v1", "ReplicationController"): ("spec", "template", "spec"),
    ("apps/v1", "ReplicaSet"): ("spec", "template", "spec"),
    ("apps/v1", "Deployment"): ("spec", "template", "spec"),
    ("apps/v1", "StatefulSet"): ("spec", "template", "spec"),
    ("apps/v1", "DaemonSet"): ("spec", "template", "spec"),
    ("batch/v1", "Job"): ("spec", "template", "spec"),
    ("batch/v1", "CronJob"): ("spec", "jobTemplate", "spec", "template", "spec"),
}
"""Where each kind that runs pods keeps their spec."""

WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def rank(kind: str) -> int:
    """The place of a kind in the working order."""
    return RANK.get(kind, len(RANK))


def hyphenated(name: str) -> str:
    """A kind or field in lower case with hyphens: `api-service` for `APIService`."""
    return WORDS.sub("-", name).lower()


def plural(kind: str) -> str:
    """The plural of a kind with hyphens: `priority-classes` for `PriorityClass`."""
    name = hyphenated(kind)
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return name[:-1] + "ies"
    return name + ("es" if name.endswith(("s", "x", "ch")) else "s")
