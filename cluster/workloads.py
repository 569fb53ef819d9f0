"""What the API server says of workloads and their pods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cluster.processes import eventually

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cluster.api import Api
    from mistersmith_k8s.manifest import Manifest

KINDS = ("Deployment", "StatefulSet")


def workloads(manifests: Iterable[Manifest]) -> list[Manifest]:
    """The Deployments and StatefulSets."""
    return [manifest for manifest in manifests if manifest["kind"] in KINDS]


def of_kind(manifests: Iterable[Manifest], kind: str) -> list[Manifest]:
    """The manifests of one kind."""
    return [manifest for manifest in manifests if manifest["kind"] == kind]


def named(manifest: Mapping[str, Any]) -> str:
    """Namespace and name."""
    metadata = manifest["metadata"]
    return f"{metadata.get('namespace', '')}/{metadata['name']}"


def pods(api: Api, workload: Mapping[str, Any]) -> list[Manifest]:
    """The pods of a workload."""
    labels = workload["spec"]["selector"]["matchLabels"]
    selector = ",".join(f"{key}={value}" for key, value in labels.items())
    namespace = workload["metadata"]["namespace"]
    return api.list("v1", "Pod", namespace, labelSelector=selector)


def is_ready(pod: Mapping[str, Any]) -> bool:
    """Whether the pod takes requests and is to stay."""
    conditions = pod["status"].get("conditions", ())
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
    return ready and "deletionTimestamp" not in pod["metadata"]


def rolled_out(api: Api, workload: Mapping[str, Any]) -> bool:
    """Whether every replica is there, up to date and available, and none beside them."""
    found = api.get(workload)
    status, wanted = found["status"], found["spec"]["replicas"]
    counts = [status.get(key, 0) for key in ("replicas", "updatedReplicas", "availableReplicas")]
    seen = status.get("observedGeneration") == found["metadata"]["generation"]
    return seen and counts == [wanted] * 3 and len(pods(api, workload)) == wanted


def refusals(workload: Mapping[str, Any]) -> list[str]:
    """Why the server refused its pods, as the workload says at present.

    That two controllers met at a quota is no refusal: the one that lost tries again.
    """
    conditions = workload["status"].get("conditions", ())
    said = [c["message"] for c in conditions if c["type"] == "ReplicaFailure"]
    return [message for message in said if "forbidden" in message]


def unfinished(api: Api, manifests: Iterable[Manifest]) -> list[str]:
    """The workloads that are not rolled out."""
    return [named(w) for w in workloads(manifests) if not rolled_out(api, w)]


def await_rollouts(api: Api, manifests: Iterable[Manifest], seconds: float = 90) -> None:
    """Every workload is rolled out.

    Raises:
        TooLateError: one is not in time.
    """
    given = workloads(manifests)
    eventually(
        f"rolled out: {', '.join(map(named, given))}",
        lambda: not unfinished(api, given),
        seconds,
    )


def events(api: Api, reason: str) -> list[str]:
    """What the cluster says of each event with a reason: the object and the message."""
    found = api.list("v1", "Event", fieldSelector=f"reason={reason}")
    return [f"{event['involvedObject']['name']}: {event['message']}" for event in found]
