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

    from cluster.control_plane import ControlPlane

SPECIFICATION = pins.ROOT / "tests" / "fixtures" / "specification"

# Namespaces first, then their Pod Security labels and quotas, then who is to run in them.
FILES = ("namespaces", "pod-security", "resource-quotas", "orchestrator", "worker")
GONE_SINCE_1_25 = "PodSecurityPolicy"


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A cluster with nodes and nothing else."""
    with prepared(tmp_path_factory.mktemp("specification")) as running:
        yield running


def test_the_specification_is_accepted_and_nothing_runs(
    plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Every Deployment as it was written is taken, and not one pod comes of it."""
    folder = tmp_path_factory.mktemp("files")
    for number, name in enumerate(FILES):
        path = folder / f"{number}-{name}.yaml"
        path.write_text(accepted(name), encoding="utf-8")
        said = kubectl(plane, "apply", "--server-side", "--filename", path)
        assert said.status == 0, said.complaints
    deployments = plane.api.list("apps/v1", "Deployment")
    assert len(deployments) == 2
    refusals = eventually("a refusal for each Deployment", lambda: refused(plane, len(deployments)))
    assert plane.api.list("v1", "Pod") == []
    assert all('serviceaccount "mister-smith-' in text for text in refusals.values())


def test_with_its_accounts_pod_security_still_refuses_the_orchestrator(
    plane: ControlPlane,
) -> None:
    """The reasons that the API server gives are the four ways in which it breaks its level."""
    accounts = {"mister-smith-orchestrator": "system", "mister-smith-worker": "workload"}
    for name, plane_name in accounts.items():
        metadata = {"name": name, "namespace": f"mister-smith-{plane_name}"}
        plane.api.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})
    texts = eventually("Pod Security speaks", lambda: violations(plane), 180)  # they back off
    for reason in (
        "allowPrivilegeEscalation != false",
        "unrestricted capabilities",
        'restricted volume types (volumes "proc", "sys" use restricted volume type "hostPath")',
        "seccompProfile",
    ):
        assert any(reason in text for text in texts), (reason, texts)
    assert plane.api.list("v1", "Pod", "mister-smith-system") == []


def accepted(name: str) -> str:
    """The manifests of a file, without the kind that no supported server has."""
    text = (SPECIFICATION / f"{name}.yaml").read_text(encoding="utf-8")
    documents = [d for d in yaml.safe_load_all(text) if d and d["kind"] != GONE_SINCE_1_25]
    return yaml.safe_dump_all(documents)


def refused(plane: ControlPlane, number: int) -> dict[str, str]:
    """The refusal of each ReplicaSet, once there are so many."""
    found = dict(text.split(": ", 1) for text in events(plane.api, "FailedCreate"))
    return found if len(found) >= number else {}


def violations(plane: ControlPlane) -> list[str]:
    """What Pod Security has to say of refused pods."""
    return [text for text in events(plane.api, "FailedCreate") if "violates PodSecurity" in text]
