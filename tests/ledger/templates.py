"""Sections 16, 17, 18, 22.2 and 24.2: the concrete templates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mistersmith_k8s.components.workers import AutoscalingSpec, Profile, WorkerPoolSpec
from mistersmith_k8s.platform import Environment
from mistersmith_k8s.primitives import Label
from tests.ledger.foundations import HPA, POD_SECURITY, SCALED
from tests.ledger.frame import (
    DATA,
    MONITORING,
    NATS,
    ORCHESTRATOR,
    SYSTEM,
    TIERS,
    WORKER,
    WORKLOAD,
    Rendered,
    other,
    row,
)

FULL = (Environment.OPERATIONAL, Environment.VALIDATION)
CONFIG = f"ConfigMap {SYSTEM}/mister-smith-orchestrator-config"


def _namespace(id: str, name: str, plane: str, by: str) -> None:  # noqa: A002
    @row(id, f"Namespace {name}", by=by)
    def _(p: Rendered) -> None:
        labels = p[f"Namespace {name}"]["metadata"]["labels"]
        assert labels["name"] == name
        assert labels["tier"] == plane

    describe(f"The namespace {name} is labelled with its name and the plane {plane}.")


def describe(asks: str) -> None:
    """Give the row entered last its description, for rows that are made in a loop."""
    from tests.ledger.frame import ROWS  # noqa: PLC0415

    ROWS[-1] = ROWS[-1]._replace(asks=asks)


_namespace("S16.1-1", SYSTEM, "system", "D02 D05 D33")
_namespace("S16.1-2", WORKLOAD, "workload", "D02")
_namespace("S16.1-3", DATA, "data", "D03")
_namespace("S16.1-4", MONITORING, "monitoring", "D03")


def _labelled(p: Rendered, identity: str, app: str, component: str, plane: str) -> None:
    workload = p[identity]
    for labels in (
        workload["metadata"]["labels"],
        workload["spec"]["template"]["metadata"]["labels"],
    ):
        assert (labels["app"], labels["component"], labels["tier"]) == (app, component, plane)
    assert workload["spec"]["selector"] == {"matchLabels": {"app": app}}


@row("S16.2-1", ORCHESTRATOR)
def _(p: Rendered) -> None:
    """The orchestrator's Deployment has its labels and selects by app alone."""
    _labelled(p, ORCHESTRATOR, "mister-smith-orchestrator", "orchestrator", "system")


@row("S16.2-2", ORCHESTRATOR, by="D29", on=FULL)
def _(p: Rendered) -> None:
    """Three replicas roll one at a time, one more than wanted at most."""
    spec = p[ORCHESTRATOR]["spec"]
    assert spec["replicas"] == 3
    assert spec["strategy"]["rollingUpdate"] == {"maxUnavailable": 1, "maxSurge": 1}


def _scraped(p: Rendered, identity: str, port: str) -> None:
    annotations = p[identity]["spec"]["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/scrape"] == "true"
    assert annotations["prometheus.io/port"] == port
    assert annotations["prometheus.io/path"] == "/metrics"


@row("S16.2-3", ORCHESTRATOR, by="D17")
def _(p: Rendered) -> None:
    """Prometheus is told to scrape the orchestrator at 8080/metrics."""
    _scraped(p, ORCHESTRATOR, "8080")


@row("S16.2-4", ORCHESTRATOR, f"ServiceAccount {SYSTEM}/mister-smith-orchestrator", by="D07")
def _(p: Rendered) -> None:
    """The orchestrator runs as its own ServiceAccount."""
    assert p.pod(ORCHESTRATOR)["serviceAccountName"] == "mister-smith-orchestrator"


def _user(p: Rendered, identity: str) -> None:
    context = p.pod(identity)["securityContext"]
    assert context["runAsNonRoot"] is True
    assert (context["runAsUser"], context["runAsGroup"], context["fsGroup"]) == (1001, 1001, 1001)
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}


@row("S16.2-5", ORCHESTRATOR, by="D01")
def _(p: Rendered) -> None:
    """The orchestrator's pod runs as user and group 1001, never as root."""
    _user(p, ORCHESTRATOR)


def _pulled(p: Rendered, identity: str, repository: str) -> None:
    container = p.container(identity)
    experimental = p.environment is Environment.EXPERIMENTAL
    assert container["image"] == f"{repository}:{'latest' if experimental else '1.0.0'}"
    assert container["imagePullPolicy"] == ("Always" if experimental else "IfNotPresent")


@row("S16.2-6", ORCHESTRATOR, by="D21 D22")
def _(p: Rendered) -> None:
    """The orchestrator's image is pinned outside experimental; ports http 8080 and grpc 9090."""
    _pulled(p, ORCHESTRATOR, "ghcr.io/mister-smith/mister-smith-orchestrator")
    ports = {port["name"]: port["containerPort"] for port in p.container(ORCHESTRATOR)["ports"]}
    assert ports == {"http": 8080, "grpc": 9090}


@row("S16.2-7", ORCHESTRATOR, by="D16")
def _(p: Rendered) -> None:
    """The orchestrator knows its type and tier, how much to log, and its three services."""
    assert p.variable(ORCHESTRATOR, "AGENT_TYPE") == "orchestrator"
    assert p.variable(ORCHESTRATOR, "AGENT_TIER") == "standard"
    level = "debug" if p.environment is Environment.EXPERIMENTAL else "info"
    assert p.variable(ORCHESTRATOR, "RUST_LOG") == level
    assert {"NATS_URL", "REDIS_URL", "DATABASE_URL"} <= set(p.order(ORCHESTRATOR))


@row("S16.2-8", ORCHESTRATOR, by="D23")
def _(p: Rendered) -> None:
    """The pod's name and namespace come first, from the pod itself."""
    assert p.order(ORCHESTRATOR)[:2] == ["POD_NAME", "POD_NAMESPACE"]
    assert p.variable(ORCHESTRATOR, "POD_NAME") == "metadata.name"
    assert p.variable(ORCHESTRATOR, "POD_NAMESPACE") == "metadata.namespace"


@row("S16.2-9", ORCHESTRATOR, on=FULL)
def _(p: Rendered) -> None:
    """The orchestrator has the resources of the standard tier."""
    assert p.container(ORCHESTRATOR)["resources"] == {
        "requests": {"cpu": "500m", "memory": "512Mi"},
        "limits": {"cpu": "1000m", "memory": "1Gi"},
    }


def _probe(p: Rendered, identity: str, kind: str, path: str, timing: tuple[int, ...]) -> None:
    probe = p.container(identity)[f"{kind}Probe"]
    assert probe["httpGet"] == {"path": path, "port": "http"}
    assert timing == (
        probe["initialDelaySeconds"],
        probe["periodSeconds"],
        probe["timeoutSeconds"],
        probe["failureThreshold"],
    )


@row("S16.2-10", ORCHESTRATOR)
def _(p: Rendered) -> None:
    """Liveness of the orchestrator: /health, 60/30/10/3."""
    _probe(p, ORCHESTRATOR, "liveness", "/health", (60, 30, 10, 3))


@row("S16.2-11", ORCHESTRATOR, by="D16")
def _(p: Rendered) -> None:
    """Readiness of the orchestrator: /ready, 30/10/5/3."""
    _probe(p, ORCHESTRATOR, "readiness", "/ready", (30, 10, 5, 3))


@row("S16.2-12", ORCHESTRATOR)
def _(p: Rendered) -> None:
    """Startup of the orchestrator: /startup, 10/10/5/30."""
    _probe(p, ORCHESTRATOR, "startup", "/startup", (10, 10, 5, 30))


def _mounts(p: Rendered, identity: str) -> dict[str, str]:
    return {m["name"]: m["mountPath"] for m in p.container(identity)["volumeMounts"]}


@row("S16.2-13", ORCHESTRATOR, CONFIG, by="D08 D20")
def _(p: Rendered) -> None:
    """Configuration is mounted read-only; logs and temporary files have room, and a limit."""
    paths = {"config": "/app/config", "logs": "/app/logs", "temp": "/tmp"}  # noqa: S108
    assert _mounts(p, ORCHESTRATOR) == paths
    assert p.container(ORCHESTRATOR)["volumeMounts"][0]["readOnly"] is True
    scratch = [v["emptyDir"] for v in p.pod(ORCHESTRATOR)["volumes"] if "emptyDir" in v]
    assert all(volume["sizeLimit"] for volume in scratch)


@row("S16.2-14", ORCHESTRATOR, by="D01 D19")
def _(p: Rendered) -> None:
    """No node-exporter rides in the orchestrator's pod."""
    assert [c["name"] for c in p.pod(ORCHESTRATOR)["containers"]] == ["orchestrator"]


@row("S16.2-15", ORCHESTRATOR, by="D27")
def _(p: Rendered) -> None:
    """Orchestrators prefer different hosts, with weight 100."""
    affinity = p.pod(ORCHESTRATOR)["affinity"]["podAntiAffinity"]
    (term,) = affinity["preferredDuringSchedulingIgnoredDuringExecution"]
    assert term["weight"] == 100
    assert term["podAffinityTerm"]["topologyKey"] == "kubernetes.io/hostname"


@row("S16.2-16", ORCHESTRATOR, by="D28")
def _(p: Rendered) -> None:
    """Orchestrators stay on a broken node for 300 s."""
    tolerations = [
        (toleration["key"], toleration["effect"], toleration["tolerationSeconds"])
        for toleration in p.pod(ORCHESTRATOR)["tolerations"]
    ]
    assert tolerations == [
        ("node.kubernetes.io/not-ready", "NoExecute", 300),
        ("node.kubernetes.io/unreachable", "NoExecute", 300),
    ]


@row("S16.3-1", WORKER, by="D58")
def _(p: Rendered) -> None:
    """The workers' Deployment has its labels and selects by app alone."""
    _labelled(p, WORKER, "mister-smith-worker", "worker", "workload")


@row("S16.3-2", WORKER, by="D51 D35")
def _(p: Rendered) -> None:
    """Workers roll without losing one, two more at most; an autoscaler keeps at least two."""
    rolling = p[WORKER]["spec"]["strategy"]["rollingUpdate"]
    assert rolling == {"maxUnavailable": 0, "maxSurge": 2}
    assert ("replicas" in p[WORKER]["spec"]) is (HPA not in p)


@row("S16.3-3", WORKER, by="D17")
def _(p: Rendered) -> None:
    """Prometheus is told to scrape the workers at 8081/metrics."""
    _scraped(p, WORKER, "8081")


@row("S16.3-4", WORKER, f"ServiceAccount {WORKLOAD}/mister-smith-worker", by="D07")
def _(p: Rendered) -> None:
    """Workers run as their own ServiceAccount, as user 1001."""
    assert p.pod(WORKER)["serviceAccountName"] == "mister-smith-worker"
    _user(p, WORKER)


@row("S16.3-5", WORKER, by="D21")
def _(p: Rendered) -> None:
    """The workers' image is pinned outside experimental; port http 8081."""
    _pulled(p, WORKER, "ghcr.io/mister-smith/mister-smith-worker")
    (port,) = p.container(WORKER)["ports"]
    assert (port["name"], port["containerPort"]) == ("http", 8081)


@row("S16.3-6", WORKER, by="D16")
def _(p: Rendered) -> None:
    """Workers know their type, how much to log, and NATS by a name that every namespace finds."""
    assert p.variable(WORKER, "AGENT_TYPE") == "worker"
    assert str(p.variable(WORKER, "NATS_URL")).endswith("@nats.mister-smith-system:4222")


@row("S16.3-7", WORKER, f"ConfigMap {WORKLOAD}/mister-smith-worker-config", by="D08")
def _(p: Rendered) -> None:
    """AGENT_TIER and WORKER_CONCURRENCY come from keys of the workers' ConfigMap."""
    data = p[f"ConfigMap {WORKLOAD}/mister-smith-worker-config"]["data"]
    assert (data["agent.tier"], data["worker.concurrency"]) == ("standard", "4")
    keys = {
        variable["name"]: variable["valueFrom"]["configMapKeyRef"]["key"]
        for variable in p.container(WORKER)["env"]
        if "configMapKeyRef" in variable.get("valueFrom", {})
    }
    assert keys["AGENT_TIER"] == "agent.tier"
    assert keys["WORKER_CONCURRENCY"] == "worker.concurrency"


@row("S16.3-8", WORKER, by="D39", on=FULL)
def _(p: Rendered) -> None:
    """Workers have resources of their own: 250m/256Mi to 500m/512Mi."""
    assert p.container(WORKER)["resources"] == {
        "requests": {"cpu": "250m", "memory": "256Mi"},
        "limits": {"cpu": "500m", "memory": "512Mi"},
    }


@row("S16.3-9", WORKER, by="D16")
def _(p: Rendered) -> None:
    """Workers are probed at 30/15/5/3, 15/5/3/3 and 5/5/3/20."""
    _probe(p, WORKER, "liveness", "/health", (30, 15, 5, 3))
    _probe(p, WORKER, "readiness", "/ready", (15, 5, 3, 3))
    _probe(p, WORKER, "startup", "/startup", (5, 5, 3, 20))


@row("S16.3-10", WORKER, by="D20")
def _(p: Rendered) -> None:
    """Workers have a workspace of 1Gi and 512Mi of temporary files."""
    volumes = {v["name"]: v["emptyDir"]["sizeLimit"] for v in p.pod(WORKER)["volumes"]}
    assert (volumes["workspace"], volumes["temp"]) == ("1Gi", "512Mi")
    mounts = _mounts(p, WORKER)
    assert (mounts["workspace"], mounts["temp"]) == ("/app/workspace", "/tmp")  # noqa: S108


def _scaler(profile: Profile, *, adapter: bool = True) -> Any:
    spec = WorkerPoolSpec(autoscaling=AutoscalingSpec(profile=profile, metrics_adapter=adapter))
    return other(workers={Label("worker"): spec})[HPA]["spec"]


@row("S16.3-11", HPA, by="D47 D49 D55", on=(Environment.OPERATIONAL,))
def _(p: Rendered) -> None:
    """Two to fifty workers by CPU 70 %, memory 80 % and, with an adapter, 100 pending tasks."""
    spec = p[HPA]["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (2, 50)
    assert len(spec["metrics"]) == 2
    assert _scaler(Profile.DEFAULT)["metrics"][2]["pods"]["target"]["averageValue"] == "100"


@row("S16.3-12", HPA, by="D52", on=SCALED)
def _(p: Rendered) -> None:
    """Up within 60 s by 100 % or 4 pods per 15 s, down within 300 s by half a minute's 50 %."""
    behaviour = p[HPA]["spec"]["behavior"]
    up = [tuple(policy.values()) for policy in behaviour["scaleUp"]["policies"]]
    assert up == [("Percent", 100, 15), ("Pods", 4, 15)]
    down = behaviour["scaleDown"]
    assert [tuple(policy.values()) for policy in down["policies"]] == [("Percent", 50, 60)]
    assert (down["stabilizationWindowSeconds"], down["selectPolicy"]) == (300, "Min")


Expected = str | Callable[[Rendered], str]


def _level(p: Rendered) -> str:
    return "debug" if p.environment is Environment.EXPERIMENTAL else "info"


def _redis(p: Rendered) -> str:
    outside = p.environment is Environment.OPERATIONAL
    host = "rediss://:{}@redis.example.com" if outside else "redis://:{}@redis.mister-smith-data"
    return host.format("$(REDIS_PASSWORD)") + ":6379"


def _database(p: Rendered) -> str:
    outside = p.environment is Environment.OPERATIONAL
    host = "postgres.example.com" if outside else "postgres.mister-smith-data"
    url = f"postgresql://mister_smith:$(DATABASE_PASSWORD)@{host}:5432/mister_smith"
    return f"{url}?sslmode=require" if outside else url


def _nats(user: str) -> str:
    return f"nats://{user}:$(NATS_PASSWORD)@nats.mister-smith-system:4222"


# Row, variable, value in the orchestrator, value in a worker ("" where it has none), resolution.
VARIABLES: tuple[tuple[str, str, Expected, Expected, str], ...] = (
    ("S17-1", "AGENT_TYPE", "orchestrator", "worker", ""),
    ("S17-2", "AGENT_TIER", "standard", "standard", "D39"),
    ("S17-3", "AGENT_ID", "metadata.name", "metadata.name", "D23"),
    ("S17-4", "CLAUDE_PARALLEL_DEFAULT", "4", "4", "D38"),
    ("S17-5", "CLAUDE_PARALLEL_MAX_AGENTS", "50", "50", "D38"),
    ("S17-6", "CLAUDE_PARALLEL_CPU_BUDGET", "4.0", "4.0", "D38"),
    ("S17-7", "CLAUDE_PARALLEL_MEMORY_BUDGET", "4Gi", "4Gi", "D38"),
    ("S17-8", "NATS_URL", _nats("orchestrator"), _nats("worker"), "D09"),
    ("S17-9", "NATS_CLUSTER_ID", "mister-smith-cluster", "mister-smith-cluster", "D30"),
    ("S17-10", "NATS_CLIENT_ID", "$(AGENT_TYPE)-$(POD_NAME)", "$(AGENT_TYPE)-$(POD_NAME)", "D23"),
    ("S17-11", "NATS_SUBJECT_PREFIX", "mister-smith", "mister-smith", ""),
    ("S17-12", "REDIS_URL", _redis, _redis, "D11 D16"),
    ("S17-13", "DATABASE_URL", _database, _database, "D11 D16"),
    ("S17-14", "METRICS_ENABLED", "true", "true", "D24"),
    ("S17-15", "METRICS_PORT", "8080", "8081", "D17"),
    ("S17-16", "TRACING_ENABLED", "true", "true", ""),
    (
        "S17-17",
        "JAEGER_ENDPOINT",
        "http://jaeger.mister-smith-monitoring:14268/api/traces",
        "http://jaeger.mister-smith-monitoring:14268/api/traces",
        "D31",
    ),
    ("S17-18", "RUST_LOG", _level, _level, "D32"),
    ("S17-19", "LOG_FORMAT", "json", "json", ""),
    ("S17-20", "LOG_LEVEL", _level, _level, "D32"),
    ("S17-21", "TLS_ENABLED", "false", "false", "D25"),
    ("S17-22", "MTLS_ENABLED", "false", "false", "D25"),
    ("S17-25", "WORKER_CONCURRENCY", "", "4", ""),
    ("S17-26", "WORKER_TIMEOUT_SECONDS", "", "300", "D26"),
    ("S17-27", "ORCHESTRATOR_HEARTBEAT_INTERVAL", "30", "", ""),
    ("S17-28", "HEALTH_CHECK_INTERVAL", "15", "15", "D32"),
)
DEVELOPMENT = (
    ("S17-29", "RUST_BACKTRACE", "1"),
    ("S17-30", "DEBUG_MODE", "true"),
    ("S17-31", "HOT_RELOAD_ENABLED", "true"),
)


def _variable(id: str, name: str, boss: Expected, worker: Expected, by: str) -> None:  # noqa: A002
    pairs = [(ORCHESTRATOR, boss), (WORKER, worker)]
    at = [identity for identity, expected in pairs if expected]

    @row(id, *at, by=by)
    def _(p: Rendered) -> None:
        for identity, expected in pairs:
            value = expected if isinstance(expected, str) else expected(p)
            assert (p.variable(identity, name) or "") == value

    describe(f"The variable {name} tells agents what the specification means it to.")


def _development(id: str, name: str, expected: str) -> None:  # noqa: A002
    @row(id, ORCHESTRATOR, WORKER, by="D20")
    def _(p: Rendered) -> None:
        there = expected if p.environment is Environment.EXPERIMENTAL else None
        assert p.variable(ORCHESTRATOR, name) == p.variable(WORKER, name) == there

    describe(f"The variable {name} is set in experimental and nowhere else.")


for _row in VARIABLES:
    _variable(*_row)
for _one in DEVELOPMENT:
    _development(*_one)


@row("S17-32", ORCHESTRATOR, WORKER, by="D32")
def _(p: Rendered) -> None:
    """HTTP_PORT, GRPC_PORT and ORCHESTRATOR_URL follow from the ports and names that there are."""
    assert p.variable(ORCHESTRATOR, "HTTP_PORT") == "8080"
    assert p.variable(ORCHESTRATOR, "GRPC_PORT") == "9090"
    assert p.variable(WORKER, "HTTP_PORT") == "8081"
    url = p.variable(WORKER, "ORCHESTRATOR_URL")
    assert url == "http://mister-smith-orchestrator.mister-smith-system:8080"
    assert p.container(NATS)["args"] == ["--config", "/etc/nats/nats.conf"]


TIER_ROWS = (
    ("S18.1-2", "minimal", ("100m", "128Mi", "250m", "256Mi"), "best-effort", "D36"),
    ("S18.1-3", "standard", ("500m", "512Mi", "1000m", "1Gi"), "normal", ""),
    ("S18.1-4", "premium", ("2000m", "2Gi", "4000m", "4Gi"), "high", "D36 D110"),
)
PRIORITY_ROWS = (
    ("S18.1-5", "best-effort", 100),
    ("S18.1-6", "normal", 500),
    ("S18.1-7", "high", 1000),
)


@row("S18.1-1", TIERS, by="D37")
def _(p: Rendered) -> None:
    """The resource tiers stand in a ConfigMap, a key each, from the one table."""
    assert list(p[TIERS]["data"]) == ["minimal.yaml", "standard.yaml", "premium.yaml"]


def _tier(id: str, name: str, given: tuple[str, ...], priority: str, by: str) -> None:  # noqa: A002
    @row(id, TIERS, by=by)
    def _(p: Rendered) -> None:
        import yaml  # noqa: PLC0415 - rows are many, YAML inside YAML is here alone

        tier = yaml.safe_load(p[TIERS]["data"][f"{name}.yaml"])
        cpu, memory, cpu_limit, memory_limit = given
        assert tier["resources"]["requests"] == {"cpu": cpu, "memory": memory}
        assert tier["resources"]["limits"] == {"cpu": cpu_limit, "memory": memory_limit}
        assert tier["priorityClass"] == f"mister-smith-{priority}"

    describe(f"The {name} tier is {' '.join(given[:2])} to {' '.join(given[2:])}, {priority}.")


def _priority(id: str, name: str, value: int) -> None:  # noqa: A002
    @row(id, f"PriorityClass mister-smith-{name}", by="D37")
    def _(p: Rendered) -> None:
        priority = p[f"PriorityClass mister-smith-{name}"]
        assert priority["value"] == value
        assert priority["globalDefault"] is False

    describe(f"Priority {name} is {value}, under a name of ours, and no cluster's default.")


for _t in TIER_ROWS:
    _tier(*_t)
for _p in PRIORITY_ROWS:
    _priority(*_p)

QUOTA_ROWS: tuple[tuple[str, str, dict[str, str], str], ...] = (
    (
        "S18.2-1",
        SYSTEM,
        {
            "requests.cpu": "10",
            "requests.memory": "20Gi",
            "limits.cpu": "20",
            "limits.memory": "40Gi",
            "persistentvolumeclaims": "10",
            "services": "20",
            "pods": "50",
        },
        "D34 D35",
    ),
    (
        "S18.2-2",
        WORKLOAD,
        {
            "requests.cpu": "100",
            "requests.memory": "200Gi",
            "limits.cpu": "200",
            "limits.memory": "400Gi",
            "persistentvolumeclaims": "50",
            "services": "50",
            "pods": "500",
        },
        "D34 D35",
    ),
    (
        "S18.2-3",
        DATA,
        {
            "requests.cpu": "20",
            "requests.memory": "100Gi",
            "limits.cpu": "40",
            "limits.memory": "200Gi",
            "persistentvolumeclaims": "100",
            "requests.storage": "1Ti",
        },
        "D111",
    ),
)


def _quota(id: str, namespace: str, hard: dict[str, str], by: str) -> None:  # noqa: A002
    identity = f"ResourceQuota {namespace}/{namespace}-quota"

    @row(id, identity, f"LimitRange {namespace}/{namespace}-limits", by=by)
    def _(p: Rendered) -> None:
        assert p[identity]["spec"]["hard"] == hard

    describe(f"The quota of {namespace} has the specification's numbers, beside a LimitRange.")


for _q in QUOTA_ROWS:
    _quota(*_q)


def _levels(p: Rendered, namespace: str) -> list[str]:
    labels = p[f"Namespace {namespace}"]["metadata"]["labels"]
    return [labels[f"{POD_SECURITY}{mode}"] for mode in ("enforce", "audit", "warn")]


@row("S18.3-1", f"Namespace {SYSTEM}", by="D01 D02")
def _(p: Rendered) -> None:
    """The system namespace is restricted in all three modes."""
    assert _levels(p, SYSTEM) == ["restricted"] * 3


@row("S18.3-2", f"Namespace {WORKLOAD}", by="D02")
def _(p: Rendered) -> None:
    """The workload namespace enforces baseline, audits and warns at restricted."""
    assert _levels(p, WORKLOAD) == ["baseline", "restricted", "restricted"]


@row("S18.3-3", ORCHESTRATOR, WORKER, NATS, by="D04")
def _(p: Rendered) -> None:
    """No PodSecurityPolicy; what it wanted is the default of every container."""
    assert p.all("PodSecurityPolicy") == []
    for pod in p.pods():
        context = pod["containers"][0]["securityContext"]
        assert context["readOnlyRootFilesystem"] is True
        assert context["capabilities"]["drop"] == ["ALL"]


@row("S22.2-3", ORCHESTRATOR, WORKER, NATS, by="D20")
def _(p: Rendered) -> None:
    """No privilege escalation, no capabilities, a read-only root for every container."""
    for pod in p.pods():
        context = pod["containers"][0]["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["readOnlyRootFilesystem"] is True


@row("S22.2-5", ORCHESTRATOR, by="D11")
def _(p: Rendered) -> None:
    """Redis and PostgreSQL passwords come from the two Secrets that the specification names."""
    redis = p.variable(ORCHESTRATOR, "REDIS_PASSWORD")
    database = p.variable(ORCHESTRATOR, "DATABASE_PASSWORD")
    assert redis == "Secret mister-smith-redis-secret/password"
    assert database == "Secret mister-smith-postgres-secret/password"


@row("S22.2-6", NATS, f"ConfigMap {SYSTEM}/nats-config", by="D99")
def _(p: Rendered) -> None:
    """NATS has three servers, JetStream and messages of up to 8 MB."""
    assert p[NATS]["spec"]["replicas"] == 3
    configuration = p[f"ConfigMap {SYSTEM}/nats-config"]["data"]["nats.conf"]
    assert "max_payload: 8MB" in configuration
    assert "jetstream {" in configuration
    assert 'name: "mister-smith-cluster"' in configuration


@row("S24.2-1", HPA, by="D47 D49", on=SCALED)
def _(p: Rendered) -> None:
    """The custom profile replaces the default one: 2 to 100 workers, two metrics of each pod."""
    spec = _scaler(Profile.CUSTOM)
    assert (spec["minReplicas"], spec["maxReplicas"]) == (2, 100)
    metrics = {
        metric["pods"]["metric"]["name"]: metric["pods"]["target"]["averageValue"]
        for metric in spec["metrics"]
        if metric["type"] == "Pods"
    }
    assert metrics == {"pending_tasks_per_pod": "50", "task_processing_rate_per_pod": "10"}
    assert len(p.all("HorizontalPodAutoscaler")) == 1


@row("S24.2-3", HPA, on=SCALED)
def _(p: Rendered) -> None:
    """The custom profile adds 100 % or 5 pods per 15 s, takes 25 % or 2 pods per 60 s."""
    behaviour = _scaler(Profile.CUSTOM, adapter=False)["behavior"]
    up = [tuple(policy.values()) for policy in behaviour["scaleUp"]["policies"]]
    down = [tuple(policy.values()) for policy in behaviour["scaleDown"]["policies"]]
    assert up == [("Percent", 100, 15), ("Pods", 5, 15)]
    assert down == [("Percent", 25, 60), ("Pods", 2, 60)]
    assert behaviour["scaleDown"]["selectPolicy"] == "Min"
    assert p[HPA]["spec"]["behavior"] != behaviour
