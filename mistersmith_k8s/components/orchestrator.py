"""The orchestrator: coordinates the agents; an odd number of replicas behind two Services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from mistersmith_k8s import agent, images, pods
from mistersmith_k8s.manifest import Manifests, manifests
from mistersmith_k8s.pods import Timing
from mistersmith_k8s.primitives import Cidr, ImageRef, Port
from mistersmith_k8s.site import Plane, Site, Workload
from mistersmith_k8s.spec import Range, Violation
from mistersmith_k8s.tiers import Resources, ResourceTier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s import k8s
    from mistersmith_k8s.surroundings import Surroundings

GRACE_SECONDS = 60
QUORUM_FROM = 3
SURGE = 1
LIVENESS = Timing(60, 30, 10, 3)
READINESS = Timing(30, 10, 5, 3)
STARTUP = Timing(10, 10, 5, 30)


class OrchestratorSpec(agent.AgentSpec):
    """What a user decides about the orchestrator."""

    image: ImageRef = images.ORCHESTRATOR
    replicas: Annotated[int, Range(1)] = 3
    tier: ResourceTier = ResourceTier.STANDARD
    resources: Resources | None = None
    guaranteed: bool = False
    http_port: agent.PortNumber = 8080
    grpc_port: agent.PortNumber = 9090
    api_server_cidrs: tuple[Cidr, ...] = ()

    def rules(self) -> Iterator[Violation]:
        """An odd number of replicas, and ports that do not collide."""
        yield from super().rules()
        if self.replicas % 2 == 0:
            rule = "is even: a vote among the replicas could tie"
            advice = f"Set it to {self.replicas - 1} or {self.replicas + 1}."
            yield Violation("replicas", self.replicas, rule, advice)
        if self.http_port == self.grpc_port:
            rule = f"is also http_port ({self.http_port}): one container cannot listen twice"
            yield Violation("grpc_port", self.grpc_port, rule, "Choose another port.")

    @property
    def http(self) -> Port:
        """The management API, health and metrics."""
        return Port(self.http_port, "http", "http")

    @property
    def grpc(self) -> Port:
        """Coordination between orchestrators and with workers."""
        return Port(self.grpc_port, "grpc", "kubernetes.io/h2c")

    @property
    def amounts(self) -> Resources:
        """The resources of its container: given, or those of its tier."""
        given = self.resources or self.tier.resources
        return given.guaranteed if self.guaranteed else given


def identity(site: Site) -> Workload:
    """Where the orchestrator is and what it is called."""
    return site.agent("orchestrator", Plane.SYSTEM, "orchestrator")


def orchestrator(spec: OrchestratorSpec, around: Surroundings) -> Manifests:
    """Everything of the orchestrator in its namespace."""
    me = identity(around.site)
    data = agent.configuration(around.settings)
    return manifests(
        pods.service_account(me, spec.image_pull_secrets),
        pods.config_map(me, "-config", data),
        around.connections.policy(me),
        pods.service(me, spec.http, spec.grpc),
        pods.service(me, spec.grpc, headless=True),
        deployment(spec, me, data, around),
        disruption_budget(spec, me),
    )


def deployment(
    spec: OrchestratorSpec, me: Workload, data: dict[str, str], around: Surroundings
) -> k8s.Deployment:
    """The Deployment: rolls one by one, spread over zones and hosts."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": me.metadata(**pods.notes(spec.image, around.connections.declared(me.pods))),
        "spec": {
            "replicas": spec.replicas,
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxUnavailable": 1, "maxSurge": SURGE},
            },
            "selector": {"matchLabels": me.selector},
            "template": {
                "metadata": {
                    "labels": {**me.labels, **agent.tier_label(spec.tier)},
                    "annotations": {**agent.scrape(spec.http), **pods.checksum(data)},
                },
                "spec": {
                    "serviceAccountName": me.name,
                    "automountServiceAccountToken": False,
                    "enableServiceLinks": False,  # NATS_PORT=tcp://... would override settings
                    "priorityClassName": around.site.priority_class(spec.tier.priority),
                    "terminationGracePeriodSeconds": GRACE_SECONDS,
                    "securityContext": pods.identity(pods.AGENT_USER),
                    "affinity": {"podAntiAffinity": apart(me)},
                    "topologySpreadConstraints": [
                        pods.spread(me, pods.ZONE, strict=around.careful, surging=True)
                    ],
                    "tolerations": [
                        tolerated("node.kubernetes.io/not-ready"),
                        tolerated("node.kubernetes.io/unreachable"),
                    ],
                    "containers": [
                        {
                            "name": "orchestrator",
                            "image": spec.image,
                            "imagePullPolicy": spec.image.pull_policy,
                            "env": variables(spec, me, around),
                            "ports": pods.container_ports(spec.http, spec.grpc),
                            "resources": spec.amounts.requirements,
                            "securityContext": pods.locked_down(),
                            "livenessProbe": pods.http_probe("/health", spec.http, LIVENESS),
                            "readinessProbe": pods.http_probe("/ready", spec.http, READINESS),
                            "startupProbe": pods.http_probe("/startup", spec.http, STARTUP),
                            "volumeMounts": [
                                pods.mount("config", "/app/config", read_only=True),
                                pods.mount("logs", "/app/logs"),
                                pods.mount("temp", "/tmp"),  # noqa: S108 - the container's own
                            ],
                        }
                    ],
                    "volumes": [
                        {"name": "config", "configMap": {"name": f"{me.name}-config"}},
                        pods.scratch("logs", "512Mi"),
                        pods.scratch("temp", "512Mi"),
                    ],
                },
            },
        },
    }


def variables(spec: OrchestratorSpec, me: Workload, around: Surroundings) -> list[k8s.EnvVar]:
    """The variables of the container, `$(NAME)` only after NAME."""
    heartbeat = str(around.settings.heartbeat_interval_seconds)
    role = agent.Role(
        type="orchestrator",
        config=f"{me.name}-config",
        http=spec.http,
        tier=agent.variable("AGENT_TIER", spec.tier),
        own=(
            agent.variable("GRPC_PORT", str(spec.grpc_port)),
            agent.variable("ORCHESTRATOR_HEARTBEAT_INTERVAL", heartbeat),
        ),
    )
    return agent.variables(me, role, spec, around)


def disruption_budget(spec: OrchestratorSpec, me: Workload) -> k8s.PodDisruptionBudget:
    """A majority stays; with a single replica there is none to keep, so a drain may proceed."""
    if spec.replicas < QUORUM_FROM:
        return pods.disruption_budget(me, maxUnavailable=1)
    return pods.disruption_budget(me, minAvailable=spec.replicas // 2 + 1)


def apart(me: Workload) -> k8s.PodAntiAffinity:
    """Replicas rather on different hosts."""
    term: k8s.PodAffinityTerm = {
        "labelSelector": {
            "matchExpressions": [{"key": "app", "operator": "In", "values": [me.name]}]
        },
        "topologyKey": pods.HOSTNAME,
    }
    return {
        "preferredDuringSchedulingIgnoredDuringExecution": [
            {"weight": 100, "podAffinityTerm": term}
        ]
    }


def tolerated(taint: str) -> k8s.Toleration:
    """A broken node keeps its pods for five minutes, as Kubernetes does by default."""
    return {
        "key": taint,
        "operator": "Exists",
        "effect": "NoExecute",
        "tolerationSeconds": 300,
    }
