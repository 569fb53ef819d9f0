"""Fragments that every pod shares: hardening, probes, spread, volumes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mistersmith_k8s.site import DOMAIN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mistersmith_k8s import k8s
    from mistersmith_k8s.primitives import ImageRef, Port
    from mistersmith_k8s.site import Workload

AGENT_USER = 1001
ZONE = "topology.kubernetes.io/zone"
HOSTNAME = "kubernetes.io/hostname"
REVISION = "pod-template-hash"  # the label that a Deployment gives to the pods of one revision

SOFT = "ScheduleAnyway"
HARD = "DoNotSchedule"


def locked_down() -> k8s.SecurityContext:
    """What Pod Security's restricted level asks of a container, and a read-only root.

    Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/
    """
    return {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
    }


def identity(user: int) -> k8s.PodSecurityContext:
    """A pod that runs as one unprivileged user and group, which also own its volumes."""
    return {
        "runAsNonRoot": True,
        "runAsUser": user,
        "runAsGroup": user,
        "fsGroup": user,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def service_account(me: Workload, image_pull_secrets: tuple[str, ...] = ()) -> k8s.ServiceAccount:
    """An identity of its own for a workload, without a token for the API server."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": me.metadata(),
        "automountServiceAccountToken": False,
        "imagePullSecrets": [{"name": name} for name in image_pull_secrets] or None,
    }


def service(me: Workload, *ports: Port, headless: bool = False) -> k8s.Service:
    """A Service in front of a workload.

    A headless one resolves to the pods themselves, also before they are ready, so that peers
    can find each other while they form a cluster.
    """
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": me.metadata("-headless" if headless else ""),
        "spec": {
            "type": "ClusterIP",
            "clusterIP": "None" if headless else None,
            "publishNotReadyAddresses": True if headless else None,
            "selector": me.selector,
            "ports": [
                {
                    "name": port.name,
                    "port": port.number,
                    "targetPort": port.name,
                    "protocol": "TCP",
                    "appProtocol": port.app_protocol,
                }
                for port in ports
            ],
        },
    }


def disruption_budget(me: Workload, **limit: int | str) -> k8s.PodDisruptionBudget:
    """A budget for evictions: `minAvailable` or `maxUnavailable`; broken pods may always go."""
    spec: Any = {
        **limit,
        "selector": {"matchLabels": me.selector},
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
    }
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": me.metadata(),
        "spec": spec,
    }


def config_map(me: Workload, suffix: str, data: Mapping[str, str]) -> k8s.ConfigMap:
    """Configuration of a workload."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": me.metadata(suffix),
        "data": data,
    }


def checksum(data: Mapping[str, str]) -> dict[str, str]:
    """The pod annotation that restarts pods when their configuration changes."""
    import hashlib  # noqa: PLC0415 - not needed to start

    text = "\0".join(f"{key}\0{value}" for key, value in sorted(data.items()))
    return {"checksum/config": hashlib.sha256(text.encode()).hexdigest()}


def notes(image: ImageRef, declared: Mapping[str, str]) -> dict[str, str]:
    """The annotations of a workload: its declared connections, and what is accepted about it."""
    accepted = {f"{DOMAIN}/ignore.mutable-image": "experimental follows the newest build"}
    return {**declared, **({} if image.pinned else accepted)}


def container_ports(*ports: Port) -> list[k8s.ContainerPort]:
    """The ports of a container, by name."""
    return [{"name": port.name, "containerPort": port.number, "protocol": "TCP"} for port in ports]


class Timing(NamedTuple):
    """When a probe runs: seconds for all but the number of failures."""

    delay: int
    period: int
    timeout: int
    failures: int

    @property
    def fields(self) -> k8s.Probe:
        """As the timing fields of a probe."""
        return {
            "initialDelaySeconds": self.delay,
            "periodSeconds": self.period,
            "timeoutSeconds": self.timeout,
            "failureThreshold": self.failures,
        }


def http_probe(path: str, port: Port, timing: Timing) -> k8s.Probe:
    """A probe that asks over HTTP."""
    action: k8s.Probe = {"httpGet": {"path": path, "port": port.name}}
    return {**action, **timing.fields}


def exec_probe(command: list[str], timing: Timing) -> k8s.Probe:
    """A probe that runs a command in the container."""
    action: k8s.Probe = {"exec": {"command": command}}
    return {**action, **timing.fields}


def spread(
    me: Workload, topology: str, *, strict: bool, surging: bool = False
) -> k8s.TopologySpreadConstraint:
    """Pods of a workload evenly over zones or nodes: a must when strict, else a wish.

    Where rollouts surge, only pods of one revision are counted: the places of those that are
    about to go would leave the new ones lopsided.
    """
    return {
        "maxSkew": 1,
        "topologyKey": topology,
        "whenUnsatisfiable": HARD if strict else SOFT,
        "labelSelector": {"matchLabels": me.selector},
        "matchLabelKeys": [REVISION] if surging else None,
    }


def scratch(name: str, size_limit: str) -> k8s.Volume:
    """A volume that lives and dies with the pod; the pod is evicted above the limit."""
    return {"name": name, "emptyDir": {"sizeLimit": size_limit}}


def mount(name: str, path: str, *, read_only: bool = False) -> k8s.VolumeMount:
    """A volume at a path of the container."""
    return {"name": name, "mountPath": path, "readOnly": True if read_only else None}


def claim(size: str, storage_class: str | None) -> k8s.PersistentVolumeClaim:
    """A claim template named `data`; without a storage class the cluster's default serves it."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": storage_class,
            "resources": {"requests": {"storage": size}},
        },
    }
