"""The platform: which components there are, who talks to whom, and what it all adds up to.

This file is the map of the system: planes, then messaging, then data, then agents, then edges.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, TypeVar

from mistersmith_k8s.agent import AgentSpec, Dependency, Settings
from mistersmith_k8s.capacity import Demand, capacity_violations
from mistersmith_k8s.components import nats, orchestrator, postgres, redis, workers
from mistersmith_k8s.components.governance import QuotasSpec, governance
from mistersmith_k8s.components.nats import NatsSpec
from mistersmith_k8s.components.orchestrator import OrchestratorSpec
from mistersmith_k8s.components.postgres import PostgresSpec
from mistersmith_k8s.components.redis import RedisSpec
from mistersmith_k8s.components.workers import WorkerPoolSpec
from mistersmith_k8s.connections import Addresses, Connections, Edge, Url
from mistersmith_k8s.manifest import Manifests, manifests
from mistersmith_k8s.primitives import Cidr, ImageRef, Label, Name, Port
from mistersmith_k8s.site import Plane, Pods, Site
from mistersmith_k8s.spec import MISSING, Spec, Violation
from mistersmith_k8s.surroundings import Surroundings

if TYPE_CHECKING:
    from mistersmith_k8s.backend import BackendSpec

THRIFT = Port(14268, "thrift", "http")
OTLP_GRPC = Port(4317, "otlp-grpc")
OTLP_HTTP = Port(4318, "otlp-http", "http")
HTTPS = Port(443, "https")
API_SERVER = Port(6443, "api-server")
Stored = TypeVar("Stored", NatsSpec, RedisSpec, PostgresSpec)

LONGEST_NAME = 52  # of a workload: its pods and jobs get suffixes within 63


class Environment(StrEnum):
    """What a rendering is for; with the specification's tier in brackets."""

    EXPERIMENTAL = "experimental"  # [1] volatile, synthetic data
    VALIDATION = "validation"  # [2] stable, anonymised data
    OPERATIONAL = "operational"  # [3] live

    @property
    def tier(self) -> int:
        """The number of the environment tier."""
        return list(Environment).index(self) + 1

    @property
    def careful(self) -> bool:
        """Whether waiting is better than running where a failure would hurt."""
        return self is Environment.OPERATIONAL


class TracingSpec(Spec):
    """A collector that somebody else runs in the monitoring namespace."""

    enabled: bool = True
    service: Label = Label("jaeger")


class PlatformSpec(Spec):
    """One platform in one environment."""

    name: Label = Label("mister-smith")
    environment: Environment = Environment.OPERATIONAL
    storage_class: Name | None = None
    orchestrator: OrchestratorSpec = OrchestratorSpec()
    workers: Mapping[Label, WorkerPoolSpec] = field(
        default_factory=lambda: {Label("worker"): WorkerPoolSpec()}
    )
    nats: NatsSpec = NatsSpec()
    redis: RedisSpec = RedisSpec()
    postgres: PostgresSpec = PostgresSpec()
    settings: Settings = Settings()
    quotas: QuotasSpec = QuotasSpec()
    tracing: TracingSpec = TracingSpec()
    internet_cidrs: tuple[Cidr, ...] = ()

    def rules(self) -> Iterator[Violation]:
        """What the parts must be together."""
        yield from _name_violations(self)
        yield from _image_violations(self)
        yield from _storage_violations(self)
        yield from capacity_violations(list(demands(self)), self.quotas)

    @property
    def site(self) -> Site:
        """Where everything is and what it is called."""
        return Site(self.name)

    @property
    def prometheus(self) -> Pods:
        """Prometheus, which somebody else runs in the monitoring namespace."""
        label = ("app.kubernetes.io/name", "prometheus")
        return Pods("prometheus", self.site.namespace(Plane.MONITORING), label)

    @property
    def collector(self) -> Pods:
        """The tracing collector, which somebody else runs in the monitoring namespace."""
        service = self.tracing.service
        return Pods(service, self.site.namespace(Plane.MONITORING), ("app", service))


def render(spec: PlatformSpec) -> Manifests:
    """Every manifest of a platform in one environment."""
    around = surroundings(spec)
    outsiders = (spec.prometheus, *((spec.collector,) if spec.tracing.enabled else ()))
    return manifests(
        governance(spec.site, spec.quotas, spec.environment.tier),
        (around.connections.near_side(pods, spec.site) for pods in outsiders),
        nats.nats(_stored(spec, spec.nats), around),
        redis.redis(_stored(spec, spec.redis), around),
        postgres.postgres(_stored(spec, spec.postgres), around),
        orchestrator.orchestrator(spec.orchestrator, around),
        *(workers.worker_pool(name, pool, around) for name, pool in spec.workers.items()),
    )


def surroundings(spec: PlatformSpec) -> Surroundings:
    """What each component of a platform finds around it."""
    return Surroundings(spec.site, connections(spec), spec.settings, spec.environment.careful)


def connections(spec: PlatformSpec) -> Connections:
    """Who talks to whom. Everything else is denied."""
    broker, boss = nats.identity(spec.site).pods, orchestrator.identity(spec.site).pods
    peers = (
        Edge(boss, boss, (spec.orchestrator.grpc,), "coordination"),
        Edge(broker, broker, (nats.CLUSTER,), "cluster routes"),
        Edge(spec.prometheus, boss, (spec.orchestrator.http,), "metrics"),
        Edge(spec.prometheus, broker, (nats.MONITOR,), "metrics"),
    )
    pools = (edge for name, pool in spec.workers.items() for edge in pool_edges(spec, name, pool))
    own = agent_edges(spec, boss, spec.orchestrator, "orchestrator")
    return Connections((*peers, *own, *_api_server(spec, boss), *pools))


def pool_edges(spec: PlatformSpec, name: str, pool: WorkerPoolSpec) -> Iterator[Edge]:
    """The connections of one worker pool, both ways."""
    me = workers.identity(spec.site, name).pods
    boss = orchestrator.identity(spec.site)
    address = Url("ORCHESTRATOR_URL", f"http://{boss.address(spec.orchestrator.http)}")
    ports = (spec.orchestrator.http, spec.orchestrator.grpc)
    yield from agent_edges(spec, me, pool, "worker")
    yield Edge(me, boss.pods, ports, "tasks and results", (address,))
    yield Edge(boss.pods, me, (pool.http,), "worker API")
    yield Edge(spec.prometheus, me, (pool.http,), "metrics")


def agent_edges(
    spec: PlatformSpec, me: Pods, agent: AgentSpec, user: Literal["orchestrator", "worker"]
) -> Iterator[Edge]:
    """What an agent needs before it is ready, then traces and the internet."""
    needs = {need: endpoint(spec, need, user) for need in Dependency if need in agent.dependencies}
    for need, (target, port, url) in needs.items():
        yield Edge(me, target, (port,), need, (url,))
    if spec.tracing.enabled:
        yield Edge(me, spec.collector, (THRIFT, OTLP_GRPC, OTLP_HTTP), "traces", _traces(spec))
    if spec.internet_cidrs:
        yield Edge(me, Addresses("internet", spec.internet_cidrs), (HTTPS,), "Claude API")


def endpoint(
    spec: PlatformSpec, need: Dependency, user: Literal["orchestrator", "worker"]
) -> tuple[Pods | Addresses, Port, Url]:
    """Where a service is for policies, its port, and its URL for one user."""
    if need is Dependency.NATS:
        broker = nats.identity(spec.site)
        return broker.pods, nats.CLIENT, nats.url(spec.nats, broker, user)
    if need is Dependency.REDIS:
        cache = redis.identity(spec.site)
        target = _backend(spec.redis, cache.pods)
        return target, redis.port(spec.redis), redis.url(spec.redis, cache)
    database = postgres.identity(spec.site)
    target = _backend(spec.postgres, database.pods)
    return target, postgres.port(spec.postgres), postgres.url(spec.postgres, database)


def demands(spec: PlatformSpec) -> Iterator[Demand]:
    """What each component takes at full scale, while a rollout adds its surge."""
    boss = spec.orchestrator
    replicas = boss.replicas + orchestrator.SURGE
    yield Demand(("orchestrator",), Plane.SYSTEM, replicas, boss.amounts, services=2)
    for name, pool in spec.workers.items():
        most = pool.most_replicas + workers.SURGE
        yield Demand(("workers", name), Plane.WORKLOAD, most, pool.amounts)
    broker = spec.nats
    yield _stored_demand("nats", Plane.SYSTEM, broker, broker.replicas)
    for key, backend in (("redis", spec.redis), ("postgres", spec.postgres)):
        if not backend.outside:
            yield _stored_demand(key, Plane.DATA, backend, 1)


def _stored_demand(
    key: str, plane: Plane, part: NatsSpec | RedisSpec | PostgresSpec, replicas: int
) -> Demand:
    storage = part.storage.amount
    return Demand((key,), plane, replicas, part.resources, 2, replicas, storage)


def _stored(spec: PlatformSpec, part: Stored) -> Stored:
    """The part with the platform's storage class unless it names its own."""
    return part.but(storage_class=part.storage_class or spec.storage_class)


def _backend(part: BackendSpec, own: Pods) -> Pods | Addresses:
    return Addresses(own.name, part.outside.cidrs) if part.outside else own


def _traces(spec: PlatformSpec) -> tuple[Url, Url]:
    host = f"{spec.collector.name}.{spec.collector.namespace}"
    return (
        Url("JAEGER_ENDPOINT", f"http://{host}:{THRIFT.number}/api/traces"),
        Url("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://{host}:{OTLP_GRPC.number}"),
    )


def _api_server(spec: PlatformSpec, me: Pods) -> Iterator[Edge]:
    cidrs = spec.orchestrator.api_server_cidrs
    if cidrs:
        yield Edge(me, Addresses("api-server", cidrs), (HTTPS, API_SERVER), "Kubernetes API")


def _name_violations(spec: PlatformSpec) -> Iterator[Violation]:
    for name in spec.workers:
        full = workers.identity(spec.site, name).name
        if name == "orchestrator":
            rule = "is the name of the orchestrator"
            yield Violation(("workers", name), MISSING, rule, "Call the pool something else.")
        if len(full) > LONGEST_NAME:
            rule = f"makes the name {full}, longer than {LONGEST_NAME} characters"
            yield Violation(("workers", name), MISSING, rule, "Shorten it.")


def _image_violations(spec: PlatformSpec) -> Iterator[Violation]:
    """Outside experimental an image names one build, or a rollback would not roll back."""
    if spec.environment is Environment.EXPERIMENTAL:
        return
    images: dict[tuple[str, ...], ImageRef] = {
        ("orchestrator", "image"): spec.orchestrator.image,
        **{("workers", name, "image"): pool.image for name, pool in spec.workers.items()},
        ("nats", "image"): spec.nats.image,
        ("redis", "image"): spec.redis.image,
        ("postgres", "image"): spec.postgres.image,
    }
    for path, image in images.items():
        if not image.pinned:
            rule = f"is a tag that moves, which {spec.environment} does not take"
            yield Violation(path, image, rule, "Name a version, a commit or a digest.")


def _storage_violations(spec: PlatformSpec) -> Iterator[Violation]:
    """Live data lies on a class that somebody chose, not on whatever is the default."""
    if spec.environment.careful:
        parts = (spec.nats, *(p for p in (spec.redis, spec.postgres) if not p.outside))
        if not spec.storage_class and not all(part.storage_class for part in parts):
            rule = f"is required in {spec.environment}"
            advice = "Name a StorageClass of the cluster, such as gp3."
            yield Violation("storage_class", MISSING, rule, advice)
