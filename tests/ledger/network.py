"""Sections 5, 7, 9, 10 and 13: network, environments, security, monitoring, best practices."""

from __future__ import annotations

import re
from typing import Any

from mistersmith_k8s.platform import Environment
from tests.ledger.foundations import HPA, SCALED
from tests.ledger.frame import (
    DATA,
    MONITORING,
    NAMESPACES,
    NATS,
    ORCHESTRATOR,
    SYSTEM,
    WORKER,
    WORKLOAD,
    Rendered,
    reference,
    row,
)

POLICY = f"NetworkPolicy {SYSTEM}/mister-smith-orchestrator-netpol"
LITERAL_CREDENTIALS = re.compile(r"://[^/:@]*:(?!\$\()[^/@]*@")
NAME = "kubernetes.io/metadata.name"


def _rules(p: Rendered, direction: str, identity: str = POLICY) -> list[tuple[str, str, list[int]]]:
    """The rules of a policy as namespace, app label and ports."""
    return [
        (
            peer["namespaceSelector"]["matchLabels"][NAME],
            next(iter(peer["podSelector"]["matchLabels"].values())),
            [port["port"] for port in rule["ports"]],
        )
        for rule in p[identity]["spec"][direction]
        for peer in rule["from" if direction == "ingress" else "to"]
        if "podSelector" in peer
    ]


@row("S5.1-1", f"NetworkPolicy {SYSTEM}/deny-all-default", by="D46")
def _(p: Rendered) -> None:
    """The control plane's network lets in only declared peers, each by namespace and pod."""
    for policy in p.all("NetworkPolicy"):
        if policy["metadata"]["namespace"] == SYSTEM:
            for rule in policy["spec"].get("ingress", []):
                assert all({"namespaceSelector", "podSelector"} == set(x) for x in rule["from"])


@row("S5.1-2", f"NetworkPolicy {WORKLOAD}/mister-smith-worker-netpol")
def _(p: Rendered) -> None:
    """Workers hear the orchestrator and Prometheus, nobody else."""
    policy = f"NetworkPolicy {WORKLOAD}/mister-smith-worker-netpol"
    sources = [source[:2] for source in _rules(p, "ingress", policy)]
    assert sources == [(SYSTEM, "mister-smith-orchestrator"), (MONITORING, "prometheus")]


@row("S5.1a-1", POLICY, by="D40")
def _(p: Rendered) -> None:
    """The orchestrator's policy selects its pods, for both directions."""
    spec = p[POLICY]["spec"]
    assert spec["podSelector"]["matchLabels"] == {"app": "mister-smith-orchestrator"}
    assert spec["policyTypes"] == ["Ingress", "Egress"]


@row("S5.1a-2", POLICY, by="D40")
def _(p: Rendered) -> None:
    """Workers reach it on 8080 and 9090; namespace and pod are asked for together."""
    assert (WORKLOAD, "mister-smith-worker", [8080, 9090]) in _rules(p, "ingress")


@row("S5.1a-3", POLICY, by="D17")
def _(p: Rendered) -> None:
    """Prometheus in the monitoring namespace scrapes 8080."""
    assert (MONITORING, "prometheus", [8080]) in _rules(p, "ingress")


@row("S5.1a-4", POLICY, by="D41")
def _(p: Rendered) -> None:
    """It reaches NATS on 4222, and NATS lets it in."""
    assert (SYSTEM, "nats", [4222]) in _rules(p, "egress")
    nats = _rules(p, "ingress", f"NetworkPolicy {SYSTEM}/nats-netpol")
    assert (SYSTEM, "mister-smith-orchestrator", [4222]) in nats
    assert (SYSTEM, "nats", [6222]) in nats


@row("S5.1a-5", POLICY, by="D42")
def _(p: Rendered) -> None:
    """It reaches Redis on 6379 and PostgreSQL on 5432: pods, or the networks of outside ones."""
    if p.environment is Environment.OPERATIONAL:
        blocks = {
            peer["ipBlock"]["cidr"]: rule["ports"][0]["port"]
            for rule in p[POLICY]["spec"]["egress"]
            for peer in rule["to"]
            if "ipBlock" in peer
        }
        assert blocks == {"10.20.0.0/24": 6379, "10.20.1.0/24": 5432}
    else:
        assert (DATA, "redis", [6379]) in _rules(p, "egress")
        assert (DATA, "postgres", [5432]) in _rules(p, "egress")


@row("S5.1a-6", POLICY, by="D44")
def _(p: Rendered) -> None:
    """Every pod with a policy asks the cluster's DNS, and only that, on 53."""
    for policy in p.all("NetworkPolicy"):
        if policy["metadata"]["name"] != "deny-all-default":
            (rule,) = [
                rule
                for rule in policy["spec"]["egress"]
                if [port["port"] for port in rule["ports"]] == [53, 53]
            ]
            assert [port["protocol"] for port in rule["ports"]] == ["TCP", "UDP"]
            (peer,) = rule["to"]
            assert peer["podSelector"] == {"matchLabels": {"k8s-app": "kube-dns"}}


@row("S5.1a-7", *(f"NetworkPolicy {n}/deny-all-default" for n in NAMESPACES), by="D41 D43")
def _(p: Rendered) -> None:
    """Default deny stands in all four namespaces."""
    for name in NAMESPACES:
        spec = p[f"NetworkPolicy {name}/deny-all-default"]["spec"]
        assert spec == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


@row("S7.1-1", ORCHESTRATOR, by="D109", on=(Environment.EXPERIMENTAL,))
def _(p: Rendered) -> None:
    """Experimental is minimal and volatile: one of each agent, images that move."""
    assert p[ORCHESTRATOR]["spec"]["replicas"] == p[WORKER]["spec"]["replicas"] == 1
    assert p.container(WORKER)["image"].endswith(":latest")


@row("S7.1-2", HPA, by="D109 D29", on=(Environment.VALIDATION,))
def _(p: Rendered) -> None:
    """Validation is moderate and stable: three orchestrators, two to ten workers."""
    assert p[ORCHESTRATOR]["spec"]["replicas"] == 3
    assert (p[HPA]["spec"]["minReplicas"], p[HPA]["spec"]["maxReplicas"]) == (2, 10)


@row("S7.1-3", HPA, by="D109", on=(Environment.OPERATIONAL,))
def _(p: Rendered) -> None:
    """Operational is full and live: two to fifty workers, databases outside the cluster."""
    assert (p[HPA]["spec"]["minReplicas"], p[HPA]["spec"]["maxReplicas"]) == (2, 50)
    for name, host in (("redis", "redis.example.com"), ("postgres", "postgres.example.com")):
        assert p[f"Service {DATA}/{name}"]["spec"]["externalName"] == host


@row("S9.1-1", ORCHESTRATOR, WORKER, NATS)
def _(p: Rendered) -> None:
    """Nothing is trusted by default: no token, no capability, no open port."""
    for pod in p.pods():
        assert pod["automountServiceAccountToken"] is False
        assert [c["securityContext"]["capabilities"]["drop"] for c in pod["containers"]] == [
            ["ALL"]
        ]


@row("S9.2-3", ORCHESTRATOR, WORKER, NATS, by="D11")
def _(p: Rendered) -> None:
    """Secrets reach containers by reference only; values refer to them as `$(NAME)`."""
    for pod in p.pods():
        for variable in pod["containers"][0]["env"]:
            if variable["name"].endswith(("_PASSWORD", "_PASSWORD_VALUE", "_AUTH")):
                quoted = variable.get("value", "").startswith('"$(')
                assert quoted or "secretKeyRef" in variable["valueFrom"]
            assert not LITERAL_CREDENTIALS.search(variable.get("value", ""))


@row("S10.1-2", ORCHESTRATOR, WORKER)
def _(p: Rendered) -> None:
    """Agents log JSON to standard output, for whatever collects it."""
    for identity in (ORCHESTRATOR, WORKER):
        assert p.variable(identity, "LOG_FORMAT") == "json"


@row("S13.1-2", ORCHESTRATOR, WORKER, NATS)
def _(p: Rendered) -> None:
    """Every container that serves a port is probed for liveness and readiness."""
    for pod in p.pods():
        for container in pod["containers"]:
            assert container["ports"]
            assert {"livenessProbe", "readinessProbe"} <= set(container)


@row("S13.2-1", ORCHESTRATOR, WORKER, NATS, by="D34")
def _(p: Rendered) -> None:
    """Every container has requests and limits; a LimitRange stands beside every quota."""
    for pod in p.pods():
        for container in pod["containers"]:
            for kind in ("requests", "limits"):
                assert set(container["resources"][kind]) == {"cpu", "memory"}
    quotas = {m["metadata"]["namespace"] for m in p.all("ResourceQuota")}
    assert quotas == {m["metadata"]["namespace"] for m in p.all("LimitRange")}


@row("S13.2-2", ORCHESTRATOR, WORKER, NATS, by="D27")
def _(p: Rendered) -> None:
    """Replicas are kept apart."""
    for identity in (ORCHESTRATOR, WORKER, NATS):
        assert p.pod(identity)["topologySpreadConstraints"]


@row("S13.2-3", "PodDisruptionBudget mister-smith-system/nats", by="D14")
def _(p: Rendered) -> None:
    """Every workload has a budget that still lets a node drain."""
    for workload in p.all("Deployment", "StatefulSet"):
        meta = workload["metadata"]
        budget = p[f"PodDisruptionBudget {meta['namespace']}/{meta['name']}"]["spec"]
        replicas = workload["spec"].get("replicas", 2)
        assert budget.get("maxUnavailable", 0) in {1, "25%"} or budget["minAvailable"] < replicas


@row("S13.2-4", ORCHESTRATOR, WORKER, NATS, by="D26")
def _(p: Rendered) -> None:
    """Pods end gracefully: a worker outlives its longest task, NATS drains its clients first."""
    timeout = int(str(p.variable(WORKER, "WORKER_TIMEOUT_SECONDS")))
    assert p.pod(WORKER)["terminationGracePeriodSeconds"] == timeout + 30
    assert p.pod(ORCHESTRATOR)["terminationGracePeriodSeconds"] == 60
    assert p.pod(NATS)["terminationGracePeriodSeconds"] == 60
    assert "ldm" in str(p.container(NATS)["lifecycle"]["preStop"])


@row("S13.3-1", HPA, by="D49", on=SCALED)
def _(p: Rendered) -> None:
    """Scaling metrics are typed, and only those that the cluster serves."""
    assert {metric["type"] for metric in p[HPA]["spec"]["metrics"]} == {"Resource"}


@row("S13.3-2", HPA, on=SCALED)
def _(p: Rendered) -> None:
    """Scaling is gradual both ways."""
    behaviour: Any = p[HPA]["spec"]["behavior"]
    assert behaviour["scaleUp"]["policies"]
    assert behaviour["scaleDown"]["policies"]


@row("S13.3-4", f"ResourceQuota {WORKLOAD}/mister-smith-workload-quota", by="D35")
def _(p: Rendered) -> None:
    """The quota holds every worker there may be, and the surge of a rollout."""
    from mistersmith_k8s.quantity import amount  # noqa: PLC0415 - the only user

    hard = p[f"ResourceQuota {WORKLOAD}/mister-smith-workload-quota"]["spec"]["hard"]
    most = p[HPA]["spec"]["maxReplicas"] if HPA in p else p[WORKER]["spec"]["replicas"]
    given = p.container(WORKER)["resources"]
    for kind in ("requests", "limits"):
        for resource in ("cpu", "memory"):
            needed = amount(given[kind][resource]) * (most + 2)
            assert needed <= amount(hard[f"{kind}.{resource}"])


@row("S13.4-1", POLICY)
def _(p: Rendered) -> None:
    """Network policies cover every pod of the platform."""
    selected = [m["spec"]["podSelector"].get("matchLabels") for m in p.all("NetworkPolicy")]
    for workload in p.all("Deployment", "StatefulSet"):
        assert workload["spec"]["selector"]["matchLabels"] in selected


@row("S13.4-2", "ServiceAccount mister-smith-workload/mister-smith-worker", by="D12")
def _(p: Rendered) -> None:
    """One ServiceAccount for each component, its token mounted nowhere."""
    names = {m["metadata"]["name"] for m in p.all("ServiceAccount")}
    assert {pod["serviceAccountName"] for pod in p.pods()} == names
    assert reference()[p.environment] is p
