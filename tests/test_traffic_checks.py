"""Checks of what leads to pods: Services, policies, routes, and what they declare."""

from __future__ import annotations

from typing import Any

import pytest

from mistersmith_k8s.checks import run
from mistersmith_k8s.checks.finding import Severity
from mistersmith_k8s.checks.objects.declared import DECLARED
from mistersmith_k8s.checks.world import Object
from tests.worlds import Manifest, at, documents, findings, platform, told

SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: %s, ports: [{port: 80}]}
"""
PODS = """
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web, tier: front}}, spec: {containers: [{name: web}]}}
"""


@pytest.mark.parametrize(
    ("selector", "severity"),
    [
        ("{app: web}", None),
        ("{app: web, tier: front}", None),
        ("{app: web, tier: back}", Severity.ERROR),
        ("{app: wbe}", Severity.ERROR),
        ("{app: web, vault-active: 'true'}", Severity.WARNING),  # a label of run time, perhaps
        ("{app: web, statefulset.kubernetes.io/pod-name: web-0}", None),
        ("{}", None),
    ],
)
def test_a_service_selects_pods(selector: str, severity: Severity | None) -> None:
    """An error where a label differs, a warning where one is missing that may come later."""
    found = findings(SERVICE % selector + PODS, "service-selects")
    assert [f.severity for f in found] == ([severity] if severity else [])


def test_a_service_without_pods_in_the_input_is_not_judged() -> None:
    """Its pods are elsewhere."""
    assert findings(SERVICE % "{app: web}", "service-selects") == []


@pytest.mark.parametrize(
    ("version", "kind", "judged"),
    [
        ("monitoring.coreos.com/v1", "Prometheus", False),
        ("monitoring.coreos.com/v1", "ServiceMonitor", True),
        ("example.com/v1", "Database", False),
        ("cert-manager.io/v1", "Certificate", True),
        ("argoproj.io/v1alpha1", "Application", False),
    ],
)
def test_controllers_of_custom_resources_may_make_pods(
    version: str,
    kind: str,
    judged: bool,  # noqa: FBT001 - a row of the table
) -> None:
    """Where one may, a selector that matches nothing may match its pods."""
    custom = {"apiVersion": version, "kind": kind, "metadata": {"name": "x", "namespace": "shop"}}
    world = [*documents(SERVICE % "{app: wbe}" + PODS), custom]
    assert bool(findings(world, "service-selects")) == judged


# --- duplicates


def config(name: str, file: str, value: str = "a") -> tuple[Manifest, str]:
    """A ConfigMap in a file."""
    metadata = {"name": name, "namespace": "shop"}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata,
        "data": {"k": value},
    }, file


def duplicates(*placed: tuple[Manifest, str]) -> list[tuple[str, str]]:
    """The files and severities of duplicates."""
    found = run(Object(manifest, file) for manifest, file in placed)
    return [(str(f.file), str(f.severity)) for f in found if f.check == "duplicate-identity"]


def test_one_of_two_equal_objects_is_too_many() -> None:
    """It does no harm, so it is a warning."""
    assert duplicates(config("x", "a"), config("x", "b")) == [("b", "warning")]


def test_of_two_different_objects_one_wins() -> None:
    """Which of them is chance."""
    assert duplicates(config("x", "a"), config("x", "b", "c")) == [("b", "error")]


def test_files_with_mostly_the_same_objects_are_alternatives() -> None:
    """A project ships one file for one node and another one for many."""
    first = [config(name, "a") for name in "xyz"]
    second = [config(name, "b", "c") for name in "xyz"]
    assert duplicates(*first, *second) == [("b", "warning")] * 3


def test_what_is_applied_to_two_namespaces_is_not_one() -> None:
    """Files of two folders without a namespace go where they are applied."""
    placed = [config("x", "team-a/x.yaml"), config("x", "team-b/x.yaml", "c")]
    for manifest, _ in placed:
        del manifest["metadata"]["namespace"]
    assert duplicates(*placed) == []


# --- declared connections


def changed(object_: tuple[str, str], *path: str | int, value: Any) -> list[str]:
    """What is said of the declared connections after one change of the platform."""
    manifests = platform()
    at(manifests, *object_, *path[:-1])[path[-1]] = value
    return told(findings(manifests, "declared-connections"))


NATS = ("NetworkPolicy", "nats-netpol")
WORKER = ("Deployment", "mister-smith-worker")
PREFIX = f"metadata.annotations[{DECLARED}]"
OWNER = f"error: Deployment mister-smith-workload/mister-smith-worker: {PREFIX}"


def test_a_connection_that_the_target_denies_is_missing() -> None:
    """Both sides must allow it."""
    assert changed(NATS, "spec", "ingress", 2, "ports", 0, "port", value=4223) == [
        (
            f"error: Deployment mister-smith-system/mister-smith-orchestrator: {PREFIX}: declares "
            "mister-smith-system/nats[StatefulSet] on TCP 4222, which policies do not let through "
            "[declared-connections]"
        )
    ]


def test_a_connection_that_nobody_declared_is_too_many() -> None:
    """Policies let through what is declared and nothing else."""
    policy = ("NetworkPolicy", "mister-smith-worker-netpol")
    manifests = platform()
    at(manifests, *policy, "spec", "egress").append({"to": [{"ipBlock": {"cidr": "192.0.2.0/24"}}]})
    assert told(findings(manifests, "declared-connections")) == [
        (
            f"{OWNER}: does not declare 192.0.2.0-192.0.2.255[External] on All Connections, which "
            "policies let through [declared-connections]"
        )
    ]


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ("nats", "has a line that declares nothing: 'nats'"),
        ("a/b TCP", "has a line that declares nothing: 'a/b TCP'"),
        ("a/b TCP 1 2", "has a line that declares nothing: 'a/b TCP 1 2'"),
        ("10.0.0.0/99 TCP 1", "has a line that declares nothing: '10.0.0.0/99 TCP 1'"),
    ],
)
def test_a_declaration_can_be_read(declared: str, message: str) -> None:
    """A target and its ports."""
    assert changed(WORKER, "metadata", "annotations", DECLARED, value=declared) == [
        f"{OWNER}: {message} [declared-connections]"
    ]


def test_a_declaration_names_workloads() -> None:
    """A name that is misspelt would never be allowed."""
    declared = at(platform(), *WORKER, "metadata", "annotations", DECLARED)
    found = changed(WORKER, "metadata", "annotations", DECLARED, value=f"{declared}x/y TCP 1")
    assert found == [f"{OWNER}: names x/y, which is no workload [declared-connections]"]


def test_without_a_policy_everything_is_open() -> None:
    """One finding says so, and not one for each workload there is."""
    manifests = [m for m in platform() if m["kind"] != "NetworkPolicy"]
    worker = [m for m in manifests if (m["kind"], m["metadata"]["name"]) == WORKER]
    assert told(findings(worker, "declared-connections")) == [
        (
            f"{OWNER}: declares connections, and no policy restricts what is opened "
            "[declared-connections]"
        )
    ]


# --- policies of others

CUT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, env: [{name: API_URL, value: "http://api:8080"}]}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Egress]
  egress: [{to: [{podSelector: {matchLabels: {app: api}}}]}]
"""
CILIUM = """
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: dns, namespace: shop}
spec: {endpointSelector: {}}
"""


def test_policies_of_other_projects_may_allow_more() -> None:
    """With one of them in the input, nothing is called cut off."""
    assert len(findings(CUT, "dns-cut-off")) == 1
    assert findings(CUT + CILIUM, "dns-cut-off") == []
