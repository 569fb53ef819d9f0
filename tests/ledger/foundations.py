"""Sections 0 to 4: critical requirements, containers, orchestration, scaling, configuration."""

from __future__ import annotations

import pytest

from mistersmith_k8s.components.workers import AutoscalingSpec, Profile, WorkerPoolSpec
from mistersmith_k8s.platform import Environment
from mistersmith_k8s.primitives import Label
from mistersmith_k8s.tiers import ResourceTier
from tests.ledger.frame import (
    DATA,
    MONITORING,
    NAMESPACES,
    NATS,
    ORCHESTRATOR,
    SYSTEM,
    TIERS,
    WORKER,
    WORKLOAD,
    Rendered,
    other,
    reference,
    row,
)

POD_SECURITY = "pod-security.kubernetes.io/"
HPA = "HorizontalPodAutoscaler mister-smith-workload/mister-smith-worker-hpa"
SCALED = (Environment.VALIDATION, Environment.OPERATIONAL)


@row("S0-1", *(f"Namespace {name}" for name in NAMESPACES), by="D01 D03")
def _(p: Rendered) -> None:
    """Pod Security is enforced, audited and warned about everywhere, at a pinned version."""
    for name in NAMESPACES:
        labels = p[f"Namespace {name}"]["metadata"]["labels"]
        for mode in ("enforce", "audit", "warn"):
            assert labels[f"{POD_SECURITY}{mode}"] in {"restricted", "baseline"}
            assert labels[f"{POD_SECURITY}{mode}-version"].startswith("v1.")


@row("S0-2", *(f"NetworkPolicy {name}/deny-all-default" for name in NAMESPACES), by="D43")
def _(p: Rendered) -> None:
    """Real policies: default deny in every namespace, one allow policy for each workload."""
    policies = {(m["metadata"]["namespace"], m["metadata"]["name"]) for m in p.all("NetworkPolicy")}
    assert {(name, "deny-all-default") for name in NAMESPACES} <= policies
    for workload in p.all("Deployment", "StatefulSet"):
        meta = workload["metadata"]
        assert (meta["namespace"], f"{meta['name']}-netpol") in policies


@row("S0-4", ORCHESTRATOR, WORKER, NATS, by="D11")
def _(p: Rendered) -> None:
    """Secrets are referred to by name and key; no Secret and no secret value is written."""
    assert p.all("Secret") == []
    for identity in (ORCHESTRATOR, WORKER):
        for name in ("NATS_PASSWORD", "REDIS_PASSWORD", "DATABASE_PASSWORD"):
            assert str(p.variable(identity, name)).startswith("Secret mister-smith-")


@row("S0-5", "ServiceAccount mister-smith-system/mister-smith-orchestrator", by="D07 D12")
def _(p: Rendered) -> None:
    """Each component has a ServiceAccount of its own, and none may do anything in the API."""
    used = [pod["serviceAccountName"] for pod in p.pods()]
    assert len(used) == len(set(used))
    assert p.all("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding") == []
    assert [a["automountServiceAccountToken"] for a in p.all("ServiceAccount")] == [False] * len(
        used
    )


@row("S0-6", NATS, by="D13")
def _(p: Rendered) -> None:
    """State lies on volume claims; live state on a storage class that somebody named."""
    for workload in p.all("StatefulSet"):
        (claim,) = workload["spec"]["volumeClaimTemplates"]
        assert claim["spec"]["resources"]["requests"]["storage"]
        named = claim["spec"].get("storageClassName")
        assert named or p.environment is not Environment.OPERATIONAL


@row("S0-7", ORCHESTRATOR, WORKER)
def _(p: Rendered) -> None:
    """Pod Security, policies, identities and Secret references are the default everywhere."""
    for workload in p.all("Deployment", "StatefulSet"):
        pod = workload["spec"]["template"]["spec"]
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["serviceAccountName"] == workload["metadata"]["name"]


@row("S0-10", ORCHESTRATOR, WORKER, NATS)
def _(p: Rendered) -> None:
    """The manifests are complete: every workload has identity, Service, budget and policy."""
    for workload in p.all("Deployment", "StatefulSet"):
        meta = workload["metadata"]
        place = f"{meta['namespace']}/{meta['name']}"
        for kind in ("ServiceAccount", "Service", "PodDisruptionBudget"):
            assert f"{kind} {place}" in p
        assert f"NetworkPolicy {place}-netpol" in p


@row("S0-11", HPA, by="D47 D49", on=SCALED)
def _(p: Rendered) -> None:
    """Workers scale by an autoscaler that is the only one of its target."""
    targets = [m["spec"]["scaleTargetRef"]["name"] for m in p.all("HorizontalPodAutoscaler")]
    assert targets == ["mister-smith-worker"]


@row("S0-13", ORCHESTRATOR, WORKER, NATS, by="D01 D69")
def _(p: Rendered) -> None:
    """Every container is non-root with a locked security context."""
    for pod in p.pods():
        assert pod["securityContext"]["runAsNonRoot"] is True
        for container in pod["containers"]:
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False
            assert context["capabilities"] == {"drop": ["ALL"]}


@row("S0-14", ORCHESTRATOR, NATS, by="D14 D27", on=SCALED)
def _(p: Rendered) -> None:
    """Several replicas, kept apart, with a budget for disruptions."""
    for identity in (ORCHESTRATOR, NATS):
        assert p[identity]["spec"]["replicas"] == 3
        assert p.pod(identity)["topologySpreadConstraints"]
    assert p.pod(ORCHESTRATOR)["affinity"]["podAntiAffinity"]


def _ports(p: Rendered, service: str) -> dict[str, int]:
    return {port["name"]: port["port"] for port in p[service]["spec"]["ports"]}


@row("S1.2-1", "Service mister-smith-system/mister-smith-orchestrator", by="D09")
def _(p: Rendered) -> None:
    """The orchestrator offers its management API on 8080 and coordination RPC on 9090."""
    service = "Service mister-smith-system/mister-smith-orchestrator"
    assert _ports(p, service) == {"http": 8080, "grpc": 9090}


@row("S1.2-2", "Service mister-smith-workload/mister-smith-worker")
def _(p: Rendered) -> None:
    """The workers offer their API on 8081."""
    assert _ports(p, "Service mister-smith-workload/mister-smith-worker") == {"http": 8081}


@row(
    "S1.2-3",
    NATS,
    "Service mister-smith-system/nats",
    "Service mister-smith-system/nats-headless",
    by="D09 D10",
)
def _(p: Rendered) -> None:
    """Messaging is a NATS StatefulSet with client 4222, cluster 6222 and monitor 8222."""
    assert _ports(p, "Service mister-smith-system/nats") == {"client": 4222}
    headless = p["Service mister-smith-system/nats-headless"]["spec"]
    assert headless["clusterIP"] == "None"
    assert headless["publishNotReadyAddresses"] is True
    assert [port["port"] for port in headless["ports"]] == [4222, 6222, 8222]
    assert p[NATS]["spec"]["podManagementPolicy"] == "Parallel"


@row("S1.3-2", ORCHESTRATOR, by="D19")
def _(p: Rendered) -> None:
    """Metrics are scraped from the agent itself; no sidecar, no path of the host."""
    assert len(p.pod(ORCHESTRATOR)["containers"]) == 1
    assert [v for pod in p.pods() for v in pod.get("volumes", []) if "hostPath" in v] == []


@row("S2.3-1", f"Namespace {SYSTEM}", by="D02")
def _(p: Rendered) -> None:
    """The system namespace holds orchestrator and messaging."""
    assert ORCHESTRATOR in p
    assert NATS in p


@row("S2.3-2", f"Namespace {WORKLOAD}")
def _(p: Rendered) -> None:
    """The workload namespace holds the agent pools and no second broker."""
    assert [
        w["metadata"]["name"]
        for w in p.all("Deployment", "StatefulSet")
        if w["metadata"]["namespace"] == WORKLOAD
    ] == ["mister-smith-worker"]


@row("S2.3-3", f"Namespace {DATA}", by="D03")
def _(p: Rendered) -> None:
    """The data namespace holds databases and caches, or their names, strictly isolated."""
    labels = p[f"Namespace {DATA}"]["metadata"]["labels"]
    assert labels[f"{POD_SECURITY}enforce"] == "restricted"
    assert "Service mister-smith-data/redis" in p
    assert "Service mister-smith-data/postgres" in p


@row("S2.3-4", f"Namespace {MONITORING}", by="D03")
def _(p: Rendered) -> None:
    """The monitoring namespace is there, isolated, and open for scraping and traces only."""
    assert f"NetworkPolicy {MONITORING}/prometheus-netpol" in p
    assert f"NetworkPolicy {MONITORING}/jaeger-netpol" in p


@row("S2.3-5", *(f"Namespace {name}" for name in NAMESPACES), by="D03")
def _(p: Rendered) -> None:
    """Strict is restricted, moderate is baseline with warnings; both deny by default."""
    levels = {
        name: p[f"Namespace {name}"]["metadata"]["labels"][f"{POD_SECURITY}enforce"]
        for name in NAMESPACES
    }
    assert levels == {
        SYSTEM: "restricted",
        WORKLOAD: "baseline",
        DATA: "restricted",
        MONITORING: "baseline",
    }


@row("S2.4-1", ORCHESTRATOR, by="D29")
def _(p: Rendered) -> None:
    """The number of orchestrators is odd."""
    assert p[ORCHESTRATOR]["spec"]["replicas"] % 2 == 1


@row("S2.4-2", ORCHESTRATOR, by="D27")
def _(p: Rendered) -> None:
    """Orchestrators spread over zones: a must where it is live, a wish elsewhere."""
    (zone,) = p.pod(ORCHESTRATOR)["topologySpreadConstraints"]
    live = p.environment is Environment.OPERATIONAL
    assert zone["topologyKey"] == "topology.kubernetes.io/zone"
    assert zone["whenUnsatisfiable"] == ("DoNotSchedule" if live else "ScheduleAnyway")


@row("S2.4-3", ORCHESTRATOR, by="D14 D29", on=SCALED)
def _(p: Rendered) -> None:
    """A rollout keeps a majority: one at a time, and evictions leave two of three."""
    assert p[ORCHESTRATOR]["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 1
    budget = p["PodDisruptionBudget mister-smith-system/mister-smith-orchestrator"]["spec"]
    assert budget["minAvailable"] == 2


@row("S2.4-4", ORCHESTRATOR)
def _(p: Rendered) -> None:
    """Liveness, readiness and startup of the orchestrator are probed."""
    assert {"livenessProbe", "readinessProbe", "startupProbe"} <= set(p.container(ORCHESTRATOR))


@row("S2.4-5", WORKER, by="D51", on=SCALED)
def _(p: Rendered) -> None:
    """The load decides how many workers there are: the Deployment says no number."""
    assert "replicas" not in p[WORKER]["spec"]
    assert HPA in p


@row("S2.4-6", WORKER, by="D27")
def _(p: Rendered) -> None:
    """Workers spread over hosts and zones."""
    keys = [c["topologyKey"] for c in p.pod(WORKER)["topologySpreadConstraints"]]
    assert keys == ["kubernetes.io/hostname", "topology.kubernetes.io/zone"]


@row("S2.5-1", "Service mister-smith-system/nats-headless", by="D09")
def _(p: Rendered) -> None:
    """Everything is found by DNS: each workload has a Service, NATS a headless one."""
    for workload in p.all("Deployment", "StatefulSet"):
        meta = workload["metadata"]
        service = p[f"Service {meta['namespace']}/{meta['name']}"]
        assert service["spec"]["selector"] == workload["spec"]["selector"]["matchLabels"]


@row("S3.1-1", HPA, on=SCALED)
def _(p: Rendered) -> None:
    """CPU and memory trigger scaling."""
    metrics = [m["resource"]["name"] for m in p[HPA]["spec"]["metrics"] if m["type"] == "Resource"]
    assert metrics == ["cpu", "memory"]


@row("S3.1-4", HPA, on=SCALED)
def _(p: Rendered) -> None:
    """Scaling up has a window, a rate and a way to choose."""
    up = p[HPA]["spec"]["behavior"]["scaleUp"]
    assert up["stabilizationWindowSeconds"] == 60
    assert up["policies"]
    assert up["selectPolicy"] == "Max"


@row("S3.1-5", HPA, on=SCALED)
def _(p: Rendered) -> None:
    """Scaling down waits, goes in steps and stops at a minimum."""
    assert p[HPA]["spec"]["behavior"]["scaleDown"]["stabilizationWindowSeconds"] == 300
    assert p[HPA]["spec"]["minReplicas"] == 2


@row("S3.3-1", TIERS, by="D36 D37")
def _(p: Rendered) -> None:
    """The minimal tier has a fraction of a CPU and the lowest priority, and still requests."""
    tier = ResourceTier.MINIMAL
    pool = other(workers={Label("worker"): WorkerPoolSpec(tier=tier)})
    assert pool.container(WORKER)["resources"]["requests"] == {"cpu": "100m", "memory": "128Mi"}
    assert pool.pod(WORKER)["priorityClassName"] == "mister-smith-best-effort"
    assert "minimal.yaml" in p[TIERS]["data"]


@row("S3.3-2", TIERS, ORCHESTRATOR, by="D39")
def _(p: Rendered) -> None:
    """The standard tier has CPU and memory reserved and normal priority."""
    assert p.pod(ORCHESTRATOR)["priorityClassName"] == "mister-smith-normal"
    assert p.variable(ORCHESTRATOR, "AGENT_TIER") == "standard"


@row("S3.3-3", TIERS, by="D36")
def _(p: Rendered) -> None:
    """The premium tier has high priority; where it is guaranteed, limits equal requests."""
    tier = ResourceTier.PREMIUM
    spec = WorkerPoolSpec(tier=tier, guaranteed=True, autoscaling=AutoscalingSpec(max=20))
    pool = other(workers={Label("worker"): spec})
    given = pool.container(WORKER)["resources"]
    assert given["requests"] == given["limits"] == {"cpu": "2000m", "memory": "2Gi"}
    assert pool.pod(WORKER)["priorityClassName"] == "mister-smith-high"
    assert "premium.yaml" in p[TIERS]["data"]


@row("S3.4-4", HPA, by="D52", on=SCALED)
def _(p: Rendered) -> None:
    """The conservative profile has 2 to 100 workers, a tenth or one more at a time."""
    spec = WorkerPoolSpec(autoscaling=AutoscalingSpec(profile=Profile.CONSERVATIVE))
    scaler = other(workers={Label("worker"): spec})[HPA]["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (2, 100)
    up = scaler["behavior"]["scaleUp"]
    assert [(x["type"], x["value"]) for x in up["policies"]] == [("Percent", 10), ("Pods", 1)]
    assert up["selectPolicy"] == "Max"
    assert p[HPA]["spec"]["minReplicas"] == 2


@row("S3.4-6", HPA, by="D52", on=SCALED)
def _(p: Rendered) -> None:
    """Thresholds are CPU 70 %, memory 80 % and, with a metrics adapter, 100 pending tasks."""
    targets = [m["resource"]["target"]["averageUtilization"] for m in p[HPA]["spec"]["metrics"]]
    assert targets == [70, 80]
    spec = WorkerPoolSpec(autoscaling=AutoscalingSpec(metrics_adapter=True))
    pending = other(workers={Label("worker"): spec})[HPA]["spec"]["metrics"][2]["pods"]
    assert pending["metric"]["name"] == "pending_tasks"
    assert pending["target"] == {"type": "AverageValue", "averageValue": "100"}


@row("S4.2-1", ORCHESTRATOR)
def _(p: Rendered) -> None:
    """What environments share is the same in all of them."""
    for identity in (f"Service {SYSTEM}/nats", TIERS, f"NetworkPolicy {SYSTEM}/nats-netpol"):
        assert p[identity] == reference()[Environment.VALIDATION][identity]


@row("S4.2-2", ORCHESTRATOR, WORKER, by="D06 D109")
def _(p: Rendered) -> None:
    """Each environment says its tier and has sizes of its own."""
    labels = p[f"Namespace {SYSTEM}"]["metadata"]["labels"]
    assert labels["mister-smith.io/environment-tier"] == str(p.environment.tier)
    cpu = p.container(ORCHESTRATOR)["resources"]["requests"]["cpu"]
    assert cpu == ("100m" if p.environment is Environment.EXPERIMENTAL else "500m")


@row("S4.2-3", "ConfigMap mister-smith-system/mister-smith-orchestrator-config", ORCHESTRATOR)
def _(p: Rendered) -> None:
    """Configuration and feature toggles are ConfigMap keys; a change restarts the pods."""
    from mistersmith_k8s.agent import Settings  # noqa: PLC0415 - the only user

    toggled = other(settings=Settings(features={Label("new-planner"): True}))
    data = toggled["ConfigMap mister-smith-system/mister-smith-orchestrator-config"]["data"]
    assert data["feature.new-planner"] == "true"
    template = toggled[ORCHESTRATOR]["spec"]["template"]["metadata"]["annotations"]
    own = p[ORCHESTRATOR]["spec"]["template"]["metadata"]["annotations"]
    assert template["checksum/config"] != own["checksum/config"]


def _orchestrator_config(p: Rendered) -> dict[str, str]:
    data: dict[str, str] = p["ConfigMap mister-smith-system/mister-smith-orchestrator-config"][
        "data"
    ]
    return data


@row("S4.3-1", ORCHESTRATOR, by="D38")
def _(p: Rendered) -> None:
    """CLAUDE_PARALLEL_DEFAULT is the fan-out of a task plan that names none: 4."""
    assert p.variable(ORCHESTRATOR, "CLAUDE_PARALLEL_DEFAULT") == "4"


@row("S4.3-2", ORCHESTRATOR, by="D38")
def _(p: Rendered) -> None:
    """Fan-out is at least 1, at most 50, 4 by default; anything else is refused."""
    from mistersmith_k8s.agent import ClaudeSpec  # noqa: PLC0415 - the only user
    from mistersmith_k8s.spec import SpecError  # noqa: PLC0415

    assert p.variable(ORCHESTRATOR, "CLAUDE_PARALLEL_MAX_AGENTS") == "50"
    for default, most in ((0, 50), (51, 50), (4, 3)):
        with pytest.raises(SpecError):
            ClaudeSpec(parallel_default=default, max_agents=most)


@row("S4.3-3", "ConfigMap mister-smith-system/mister-smith-orchestrator-config", by="D38")
def _(p: Rendered) -> None:
    """One agent may take half a CPU and 512Mi, all of a plan four CPUs."""
    data = _orchestrator_config(p)
    assert data["claude.parallel.per-agent-cpu-limit"] == "0.5"
    assert data["claude.parallel.per-agent-memory-limit"] == "512Mi"
    assert data["claude.parallel.cpu-budget"] == "4.0"


@row("S4.3-4", "ConfigMap mister-smith-system/mister-smith-orchestrator-config")
def _(p: Rendered) -> None:
    """The four integration settings of the Claude CLI are on."""
    data = _orchestrator_config(p)
    on = [key for key in data if key.startswith("claude.integration.") and data[key] == "true"]
    assert len(on) == 4
