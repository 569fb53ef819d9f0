from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from cluster.live import kubectl, prepared
from cluster.processes import eventually
from cluster.workloads import events
from tools import pins

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cluster.conftest import Note
    from cluster.control_plane import ControlPlane
    from mistersmith_k8s.manifest import Manifest

SPECIFICATION = pins.ROOT / "tests" / "fixtures" / "specification"

# Namespaces first, then their Pod Security labels and quotas, then who is to run in them.
FIRST = ("namespaces", "pod-security", "resource-quotas", "resource-tiers")
SOMEBODY_ELSES = ("cluster-autoscaler",)  # upstream's manifests, in a namespace of the cluster

# Kinds of the specification that the API server does not know: those of add-ons, and one that
# left Kubernetes with 1.25.
UNKNOWN = {
    "DestinationRule",
    "Gateway",
    "IstioOperator",
    "PodSecurityPolicy",
    "VerticalPodAutoscaler",
    "VirtualService",
}
DEPLOYMENTS = ("mister-smith-orchestrator", "mister-smith-worker")
VIOLATIONS = (
    "allowPrivilegeEscalation != false",
    "unrestricted capabilities",
    'restricted volume types (volumes "proc", "sys" use restricted volume type "hostPath")',
    "seccompProfile",
)


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A cluster with nodes and nothing else."""
    with prepared(tmp_path_factory.mktemp("specification")) as running:
        yield running


def test_the_specification_is_accepted_and_nothing_runs(
    plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory, note: Note
) -> None:
    """Every Deployment as it was written is taken, and not one pod comes of it."""
    folder, known = tmp_path_factory.mktemp("files"), {kind for _, kind in plane.api.resources}
    written = [(name, manifest) for name in files() for manifest in manifests(name)]
    assert {manifest["kind"] for _, manifest in written} - known == UNKNOWN
    for number, (name, manifest) in enumerate(written):
        if manifest["kind"] in known:
            path = folder / f"{number}-{name}.yaml"
            path.write_text(yaml.safe_dump(manifest), encoding="utf-8")
            said = kubectl(plane, "apply", "--server-side", "--force-conflicts", "--filename", path)
            assert said.status == 0, said.complaints
    deployments = plane.api.list("apps/v1", "Deployment")
    assert tuple(found["metadata"]["name"] for found in deployments) == DEPLOYMENTS
    refusals = eventually("a refusal for each", lambda: refused(plane, len(deployments)))
    assert plane.api.list("v1", "Pod") == []
    assert all('serviceaccount "mister-smith-' in text for text in refusals.values())
    note("without accounts", sorted(refusals.values()))


def test_with_its_accounts_pod_security_still_refuses_the_orchestrator(
    plane: ControlPlane, note: Note
) -> None:
    """The reasons that the API server gives are the four ways in which it breaks its level."""
    for name, kind in zip(DEPLOYMENTS, ("system", "workload"), strict=True):
        metadata = {"name": name, "namespace": f"mister-smith-{kind}"}
        plane.api.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})
    texts = eventually("Pod Security speaks", lambda: violations(plane), 180)  # they back off
    assert [v for v in VIOLATIONS if not any(v in text for text in texts)] == []
    assert plane.api.list("v1", "Pod", "mister-smith-system") == []
    note("with accounts", sorted({text.partition("forbidden: ")[2] for text in texts}))


def files() -> tuple[str, ...]:
    """The files of the specification, in an order in which they can be applied."""
    names = sorted(path.stem for path in SPECIFICATION.glob("*.yaml"))
    return (*FIRST, *(name for name in names if name not in (*FIRST, *SOMEBODY_ELSES)))


def manifests(name: str) -> list[Manifest]:
    """The manifests of a file."""
    text = (SPECIFICATION / f"{name}.yaml").read_text(encoding="utf-8")
    return [manifest for manifest in yaml.safe_load_all(text) if manifest]


def refused(plane: ControlPlane, number: int) -> dict[str, str]:
    """The refusal of each ReplicaSet, once there are so many."""
    found = dict(text.split(": ", 1) for text in events(plane.api, "FailedCreate"))
    return found if len(found) >= number else {}


def violations(plane: ControlPlane) -> list[str]:
    """What Pod Security has to say of refused pods."""
    return [text for text in events(plane.api, "FailedCreate") if "violates PodSecurity" in text]
