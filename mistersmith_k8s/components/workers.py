"""Worker pools: agents that take tasks, as many as the load asks for."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, NamedTuple

from mistersmith_k8s import agent, images, pods
from mistersmith_k8s.manifest import Manifests, manifests
from mistersmith_k8s.pods import Timing
from mistersmith_k8s.primitives import ImageRef, Port
from mistersmith_k8s.quantity import Quantity
from mistersmith_k8s.site import Plane, Site, Workload
from mistersmith_k8s.spec import Range, Spec, Violation
from mistersmith_k8s.tiers import Resources, ResourceTier, resources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s import k8s
    from mistersmith_k8s.surroundings import Surroundings

GRACE_BEYOND_TASK_SECONDS = 30
SURGE = 2
OWN_RESOURCES = resources("250m", "256Mi", "500m", "512Mi")
LIVENESS = Timing(30, 15, 5, 3)
READINESS = Timing(15, 5, 3, 3)
STARTUP = Timing(5, 5, 3, 20)

Replicas = Annotated[int, Range(1)]


class Profile(StrEnum):
    """How an autoscaler behaves: which metrics, how fast up, how fast down."""

    DEFAULT = "default"
    CUSTOM = "custom"
    CONSERVATIVE = "conservative"


class AutoscalingSpec(Spec):
    """A HorizontalPodAutoscaler that owns the number of replicas.

    `metrics_adapter` declares that the cluster serves custom and external metrics; without one
    a metric that nobody serves would keep the autoscaler from ever scaling down.
    `maximum` defaults to the profile's.
    """

    profile: Profile = Profile.DEFAULT
    min: Replicas = 2
    max: Replicas | None = None
    metrics_adapter: bool = False

    def rules(self) -> Iterator[Violation]:
        """The maximum is not below the minimum."""
        if self.maximum < self.min:
            rule = f"is below min ({self.min})"
            yield Violation("max", self.maximum, rule, f"Set it to {self.min} or more.")

    @property
    def maximum(self) -> int:
        """The most replicas there will be."""
        return SCALING[self.profile].maximum if self.max is None else self.max


class WorkerPoolSpec(agent.AgentSpec):
    """What a user decides about one pool: a fixed number of replicas, or an autoscaler.

    Without `resources` a pool of the standard tier gets the worker's own, smaller resources;
    any other tier brings its own.
    """

    image: ImageRef = images.WORKER
    replicas: Replicas | None = None
    autoscaling: AutoscalingSpec | None = None
    tier: ResourceTier = ResourceTier.STANDARD
    resources: Resources | None = None
    guaranteed: bool = False
    concurrency: Annotated[int, Range(1)] = 4
    task_timeout_seconds: agent.Seconds = 300
    workspace_size: Quantity = Quantity("1Gi")
    temp_size: Quantity = Quantity("512Mi")
    logs_size: Quantity = Quantity("512Mi")
    http_port: agent.PortNumber = 8081

    def rules(self) -> Iterator[Violation]:
        """One owner of the number of replicas; volumes of some size."""
        yield from super().rules()
        if self.replicas is not None and self.autoscaling is not None:
            rule = "is set beside autoscaling: two owners of one number"
            yield Violation("replicas", self.replicas, rule, "Remove one of the two.")
        for name in ("workspace_size", "temp_size", "logs_size"):
            if getattr(self, name).amount <= 0:
                yield Violation(name, getattr(self, name), "must be above zero")

    @property
    def http(self) -> Port:
        """The worker API, health and metrics."""
        return Port(self.http_port, "http", "http")

    @property
    def amounts(self) -> Resources:
        """The resources of its container."""
        own = OWN_RESOURCES if self.tier is ResourceTier.STANDARD else self.tier.resources
        given = self.resources or own
        return given.guaranteed if self.guaranteed else given

    @property
    def scaling(self) -> AutoscalingSpec | None:
        """The autoscaler: the given one, or the default where no number is fixed."""
        if self.replicas is not None:
            return None
        return self.autoscaling or AutoscalingSpec()

    @property
    def most_replicas(self) -> int:
        """The most replicas there will be, before a rollout adds its surge."""
        return self.scaling.maximum if self.scaling else self.replicas or 1


class Scaling(NamedTuple):
    """What a profile means."""

    maximum: int
    metrics: tuple[k8s.MetricSpec, ...]
    up: tuple[k8s.HPAScalingPolicy, ...]
    down: tuple[k8s.HPAScalingPolicy, ...]


def _resource(name: str, percent: int) -> k8s.MetricSpec:
    target: k8s.MetricTarget = {"type": "Utilization", "averageUtilization": percent}
    return {"type": "Resource", "resource": {"name": name, "target": target}}


def _pods(name: str, average: str) -> k8s.MetricSpec:
    target: k8s.MetricTarget = {"type": "AverageValue", "averageValue": average}
    return {"type": "Pods", "pods": {"metric": {"name": name}, "target": target}}


def _backlog(queue: str, average: str) -> k8s.MetricSpec:
    """Messages that wait, per worker: a plain Value would multiply replicas at every sync."""
    selector: k8s.LabelSelector = {"matchLabels": {"queue": queue}}
    return {
        "type": "External",
        "external": {
            "metric": {"name": "nats_pending_messages", "selector": selector},
            "target": {"type": "AverageValue", "averageValue": average},
        },
    }


def _policy(kind: str, value: int, seconds: int) -> k8s.HPAScalingPolicy:
    return {"type": kind, "value": value, "periodSeconds": seconds}


CPU_AND_MEMORY = (_resource("cpu", 70), _resource("memory", 80))
SCALING = {
    Profile.DEFAULT: Scaling(
        maximum=50,
        metrics=(_pods("pending_tasks", "100"),),
        up=(_policy("Percent", 100, 15), _policy("Pods", 4, 15)),
        down=(_policy("Percent", 50, 60),),
    ),
    Profile.CUSTOM: Scaling(
        maximum=100,
        metrics=(
            _pods("pending_tasks_per_pod", "50"),
            _pods("task_processing_rate_per_pod", "10"),
            _backlog("mister-smith.tasks", "1000"),
        ),
        up=(_policy("Percent", 100, 15), _policy("Pods", 5, 15)),
        down=(_policy("Percent", 25, 60), _policy("Pods", 2, 60)),
    ),
    Profile.CONSERVATIVE: Scaling(
        maximum=100,
        metrics=(_pods("pending_tasks", "100"),),
        up=(_policy("Percent", 10, 60), _policy("Pods", 1, 60)),
        down=(_policy("Percent", 10, 60), _policy("Pods", 1, 60)),
    ),
}


def identity(site: Site, name: str) -> Workload:
    """Where a pool is and what it is called."""
    return site.agent(name, Plane.WORKLOAD, "worker")


def worker_pool(name: str, spec: WorkerPoolSpec, around: Surroundings) -> Manifests:
    """Everything of one pool in the namespace of the workers."""
    me = identity(around.site, name)
    data = {
        "agent.tier": spec.tier,
        "worker.concurrency": str(spec.concurrency),
        **agent.configuration(around.settings),
    }
    return manifests(
        pods.service_account(me, spec.image_pull_secrets),
        pods.config_map(me, "-config", data),
        around.connections.policy(me),
        pods.service(me, spec.http),
        deployment(spec, me, data, around),
        disruption_budget(spec, me),
        autoscaler(spec.scaling, me) if spec.scaling else None,
    )


def deployment(
    spec: WorkerPoolSpec, me: Workload, data: dict[str, str], around: Surroundings
) -> k8s.Deployment:
    """The Deployment; it says no `replicas` where an autoscaler decides them."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": me.metadata(**pods.notes(spec.image, around.connections.declared(me.pods))),
        "spec": {
            "replicas": spec.replicas,
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxUnavailable": 0, "maxSurge": SURGE},
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
                    "enableServiceLinks": False,
                    "priorityClassName": around.site.priority_class(spec.tier.priority),
                    # A task that has begun may end: its timeout, then time to hand over.
                    "terminationGracePeriodSeconds": spec.task_timeout_seconds
                    + GRACE_BEYOND_TASK_SECONDS,
                    "securityContext": pods.identity(pods.AGENT_USER),
                    "topologySpreadConstraints": [
                        pods.spread(me, pods.HOSTNAME, strict=False, surging=True),
                        pods.spread(me, pods.ZONE, strict=False, surging=True),
                    ],
                    "containers": [
                        {
                            "name": "worker",
                            "image": spec.image,
                            "imagePullPolicy": spec.image.pull_policy,
                            "env": variables(spec, me, around),
                            "ports": pods.container_ports(spec.http),
                            "resources": spec.amounts.requirements,
                            "securityContext": pods.locked_down(),
                            "livenessProbe": pods.http_probe("/health", spec.http, LIVENESS),
                            "readinessProbe": pods.http_probe("/ready", spec.http, READINESS),
                            "startupProbe": pods.http_probe("/startup", spec.http, STARTUP),
                            "volumeMounts": [
                                pods.mount("workspace", "/app/workspace"),
                                pods.mount("logs", "/app/logs"),
                                pods.mount("temp", "/tmp"),  # noqa: S108 - the container's own
                            ],
                        }
                    ],
                    "volumes": [
                        pods.scratch("workspace", spec.workspace_size),
                        pods.scratch("logs", spec.logs_size),
                        pods.scratch("temp", spec.temp_size),
                    ],
                },
            },
        },
    }


def variables(spec: WorkerPoolSpec, me: Workload, around: Surroundings) -> list[k8s.EnvVar]:
    """The variables of the container, `$(NAME)` only after NAME."""
    config = f"{me.name}-config"
    role = agent.Role(
        type="worker",
        config=config,
        http=spec.http,
        tier=agent.from_config("AGENT_TIER", config, "agent.tier"),
        own=(
            agent.from_config("WORKER_CONCURRENCY", config, "worker.concurrency"),
            agent.variable("WORKER_TIMEOUT_SECONDS", str(spec.task_timeout_seconds)),
        ),
    )
    return agent.variables(me, role, spec, around)


def disruption_budget(spec: WorkerPoolSpec, me: Workload) -> k8s.PodDisruptionBudget:
    """A quarter may go at once; a pool of one would never let a node drain otherwise."""
    return pods.disruption_budget(me, maxUnavailable="25%" if spec.most_replicas > 1 else 1)


def autoscaler(spec: AutoscalingSpec, me: Workload) -> k8s.HorizontalPodAutoscaler:
    """The one owner of the number of replicas."""
    scaling = SCALING[spec.profile]
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": me.metadata("-hpa"),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": me.name},
            "minReplicas": spec.min,
            "maxReplicas": spec.maximum,
            "metrics": [*CPU_AND_MEMORY, *(scaling.metrics if spec.metrics_adapter else ())],
            "behavior": {
                "scaleUp": {
                    "stabilizationWindowSeconds": 60,
                    "policies": scaling.up,
                    "selectPolicy": "Max",
                },
                "scaleDown": {
                    "stabilizationWindowSeconds": 300,
                    "policies": scaling.down,
                    "selectPolicy": "Max" if spec.profile is Profile.CONSERVATIVE else "Min",
                },
            },
        },
    }
