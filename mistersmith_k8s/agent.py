"""What the two kinds of agents share: settings, variables, probes, configuration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, NamedTuple

from mistersmith_k8s.connections import Connections, secret_variable
from mistersmith_k8s.primitives import Label, Name, Port, SecretKey, VariableName
from mistersmith_k8s.quantity import Quantity
from mistersmith_k8s.site import DOMAIN
from mistersmith_k8s.spec import MISSING, Range, Spec, Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s import k8s
    from mistersmith_k8s.site import Workload
    from mistersmith_k8s.surroundings import Surroundings
    from mistersmith_k8s.tiers import ResourceTier

Seconds = Annotated[int, Range(1)]
PortNumber = Annotated[int, Range(1024, 65535)]
"""Above 1023: no capability is needed to bind it."""


class LogLevel(StrEnum):
    """How much the agents say; RUST_LOG and LOG_LEVEL both take it."""

    TRACE = "trace"
    DEBUG = "debug"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"


class LogFormat(StrEnum):
    """How the agents say it."""

    JSON = "json"
    TEXT = "text"


class Dependency(StrEnum):
    """A service that an agent needs before it is ready."""

    NATS = "nats"
    REDIS = "redis"
    POSTGRES = "postgres"


class ClaudeSpec(Spec):
    """Parallel Claude CLI agents: the default fan-out of a task plan, and its budgets.

    The budgets cap what one task plan runs at once: with the defaults min(4 / 0.5, 4Gi / 512Mi)
    = 8 agents.
    """

    parallel_default: Annotated[int, Range(1)] = 4
    max_agents: Annotated[int, Range(1)] = 50
    cpu_budget: Quantity = Quantity("4.0")
    memory_budget: Quantity = Quantity("4Gi")
    per_agent_cpu_limit: Quantity = Quantity("0.5")
    per_agent_memory_limit: Quantity = Quantity("512Mi")
    output_parsing: bool = True
    nats_subject_mapping: bool = True
    observability: bool = True
    span_tagging_per_agent: bool = True

    def rules(self) -> Iterator[Violation]:
        """The default fan-out is within the maximum and within both budgets."""
        fan_out = self.parallel_default
        if fan_out > self.max_agents:
            rule = f"is above max_agents ({self.max_agents})"
            advice = f"Set it to {self.max_agents} or less."
            yield Violation("parallel_default", fan_out, rule, advice)
        for name, each, budget in (
            ("cpu_budget", self.per_agent_cpu_limit, self.cpu_budget),
            ("memory_budget", self.per_agent_memory_limit, self.memory_budget),
        ):
            if each.amount * fan_out > budget.amount:
                rule = f"cannot hold {fan_out} agents of {each} each"
                yield Violation(name, budget, rule, "Raise it or lower parallel_default.")


class Settings(Spec):
    """What every agent is told: the one source of its environment variables."""

    log_level: LogLevel = LogLevel.INFO
    log_format: LogFormat = LogFormat.JSON
    metrics: bool = True
    subject_prefix: Label = Label("mister-smith")
    health_check_interval_seconds: Seconds = 15
    heartbeat_interval_seconds: Seconds = 30
    claude: ClaudeSpec = ClaudeSpec()
    features: Mapping[Label, bool] = field(default_factory=dict)
    development: bool = False


# A URL with a password in it, or a variable that by its name holds a secret.
_CREDENTIALS = re.compile(r"://[^/\s:@]*:(?!\$\()[^/\s@]+@")
_SECRET_NAME = re.compile(r"(?i)(passw|secret|token|api_?key|private_?key|credential)")


class AgentSpec(Spec):
    """What a user decides about any agent.

    `variables` are added to the container as they are; `secret_variables` take their value
    from Secrets that the cluster holds.
    """

    dependencies: tuple[Dependency, ...] = tuple(Dependency)
    variables: Mapping[VariableName, str] = field(default_factory=dict)
    secret_variables: Mapping[VariableName, SecretKey] = field(default_factory=dict)
    image_pull_secrets: tuple[Name, ...] = ()

    def rules(self) -> Iterator[Violation]:
        """Nothing secret stands in a variable, and no variable is given twice."""
        for name, value in self.variables.items():
            if _SECRET_NAME.search(name) or _CREDENTIALS.search(value):
                rule = "is a literal secret, which would be readable in Git and in the cluster"
                advice = "Put it in a Secret and name it under secret_variables."
                yield Violation(("variables", name), MISSING, rule, advice)
            if name in self.secret_variables:
                rule = "is also under secret_variables"
                yield Violation(("variables", name), MISSING, rule, "Remove one of the two.")


def scrape(port: Port) -> dict[str, str]:
    """Pod annotations that tell Prometheus where the metrics are: on the health router."""
    return {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": str(port.number),
        "prometheus.io/path": "/metrics",
    }


def configuration(settings: Settings) -> dict[str, str]:
    """The keys that the ConfigMaps of all agents hold."""
    claude = settings.claude
    return {
        "claude.parallel.default": str(claude.parallel_default),
        "claude.parallel.max-agents": str(claude.max_agents),
        "claude.parallel.cpu-budget": str(claude.cpu_budget),
        "claude.parallel.memory-budget": str(claude.memory_budget),
        "claude.parallel.per-agent-cpu-limit": str(claude.per_agent_cpu_limit),
        "claude.parallel.per-agent-memory-limit": str(claude.per_agent_memory_limit),
        "claude.integration.output-parsing-enabled": _flag(claude.output_parsing),
        "claude.integration.nats-subject-mapping": _flag(claude.nats_subject_mapping),
        "claude.integration.observability-integration": _flag(claude.observability),
        "claude.integration.span-tagging-per-agent": _flag(claude.span_tagging_per_agent),
        "nats.subject-prefix": settings.subject_prefix,
        "log.level": settings.log_level,
        **{f"feature.{name}": _flag(on) for name, on in settings.features.items()},
    }


_FROM_CONFIGURATION = {
    "CLAUDE_PARALLEL_DEFAULT": "claude.parallel.default",
    "CLAUDE_PARALLEL_MAX_AGENTS": "claude.parallel.max-agents",
    "CLAUDE_PARALLEL_CPU_BUDGET": "claude.parallel.cpu-budget",
    "CLAUDE_PARALLEL_MEMORY_BUDGET": "claude.parallel.memory-budget",
    "NATS_SUBJECT_PREFIX": "nats.subject-prefix",
    "RUST_LOG": "log.level",
    "LOG_LEVEL": "log.level",
}


class Role(NamedTuple):
    """What one kind of agent adds to the variables of all."""

    type: str
    config: str
    http: Port
    tier: k8s.EnvVar
    own: tuple[k8s.EnvVar, ...]


def variables(me: Workload, role: Role, spec: AgentSpec, around: Surroundings) -> list[k8s.EnvVar]:
    """All variables of an agent, in an order in which every `$(NAME)` is already known."""
    settings, connections = around.settings, around.connections
    return [
        field_variable("POD_NAME", "metadata.name"),
        field_variable("POD_NAMESPACE", "metadata.namespace"),
        variable("AGENT_TYPE", role.type),
        role.tier,
        field_variable("AGENT_ID", "metadata.name"),
        *(from_config(name, role.config, key) for name, key in _FROM_CONFIGURATION.items()),
        *connections.variables(me.pods),
        variable("NATS_CLUSTER_ID", f"{me.platform}-cluster"),
        variable("NATS_CLIENT_ID", "$(AGENT_TYPE)-$(POD_NAME)"),
        variable("METRICS_ENABLED", _flag(settings.metrics)),
        variable("METRICS_PORT", str(role.http.number)),
        variable("TRACING_ENABLED", _flag(_traced(me, connections))),
        variable("LOG_FORMAT", settings.log_format),
        variable("TLS_ENABLED", "false"),
        variable("MTLS_ENABLED", "false"),
        variable("HEALTH_CHECK_INTERVAL", str(settings.health_check_interval_seconds)),
        variable("HTTP_PORT", str(role.http.number)),
        *role.own,
        *(variable(name, value) for name, value in spec.variables.items()),
        *(secret_variable(name, key) for name, key in spec.secret_variables.items()),
        *(_DEVELOPMENT if settings.development else ()),
    ]


def tier_label(tier: ResourceTier) -> dict[str, str]:
    """The pod label that says which resource tier an agent has."""
    return {f"{DOMAIN}/resource-tier": tier}


def variable(name: str, value: str) -> k8s.EnvVar:
    """A variable with its value."""
    return {"name": name, "value": value}


def from_config(name: str, config: str, key: str) -> k8s.EnvVar:
    """A variable from a key of a ConfigMap."""
    return {"name": name, "valueFrom": {"configMapKeyRef": {"name": config, "key": key}}}


def field_variable(name: str, path: str) -> k8s.EnvVar:
    """A variable from a field of the pod."""
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}


_DEVELOPMENT = (
    variable("RUST_BACKTRACE", "1"),
    variable("DEBUG_MODE", "true"),
    variable("HOT_RELOAD_ENABLED", "true"),  # of configuration: the root stays read-only
)


def _traced(me: Workload, connections: Connections) -> bool:
    urls = [url.variable for edge in connections.sent_by(me.pods) for url in edge.urls]
    return "OTEL_EXPORTER_OTLP_ENDPOINT" in urls


def _flag(on: bool) -> str:  # noqa: FBT001 - it is the value itself
    return "true" if on else "false"
