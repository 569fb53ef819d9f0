"""What the names mean that the code only types: fields, variables, labels, annotations, ports."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

FIELDS: Mapping[str, Mapping[str, str]] = {
    "PlatformSpec": {
        "name": "The first part of every namespace and of most names.",
        "storage_class": "The class of every volume claim that names none itself.",
        "orchestrator": "The agent that coordinates the others.",
        "workers": "The worker pools by name; the name is part of the names of their objects.",
        "nats": "The broker between the agents.",
        "redis": "The cache of the agents.",
        "postgres": "The database of the agents.",
        "settings": "What all agents are told.",
        "quotas": "What each namespace may take.",
        "tracing": "Where the agents send traces.",
        "internet_cidrs": "Networks that agents may reach on 443; none closes the internet.",
    },
    "AgentSpec": {
        "dependencies": "What must answer before the agent is ready; decides URLs and policies.",
        "variables": "More environment variables, with their values.",
        "secret_variables": "More environment variables, from Secrets of the cluster.",
        "image_pull_secrets": "Secrets with the login of a private registry.",
    },
    "OrchestratorSpec": {
        "image": "What runs. Outside experimental the tag must name one build.",
        "replicas": "How many; odd, so that a vote cannot tie.",
        "tier": "The resource tier: resources, priority and AGENT_TIER.",
        "resources": "Resources other than those of the tier.",
        "guaranteed": "Lowers the limits to the requests, for the QoS class Guaranteed.",
        "http_port": "Management API, health and metrics.",
        "grpc_port": "Coordination with its peers and the workers.",
        "api_server_cidrs": "Where it may reach the Kubernetes API; none closes it.",
    },
    "WorkerPoolSpec": {
        "image": "What runs. Outside experimental the tag must name one build.",
        "replicas": "A fixed number; without it an autoscaler decides.",
        "autoscaling": "How the autoscaler decides.",
        "tier": "The resource tier: resources, priority and AGENT_TIER.",
        "resources": "Resources other than those of the tier.",
        "guaranteed": "Lowers the limits to the requests, for the QoS class Guaranteed.",
        "concurrency": "Tasks at a time in one pod.",
        "task_timeout_seconds": "The longest task; a pod that ends gets 30 s more.",
        "workspace_size": "The limit of the scratch volume at /app/workspace.",
        "temp_size": "The limit of the scratch volume for temporary files.",
        "logs_size": "The limit of the scratch volume at /app/logs.",
        "http_port": "Worker API, health and metrics.",
    },
    "AutoscalingSpec": {
        "profile": "Which metrics, how fast up, how fast down.",
        "min": "The fewest replicas.",
        "max": "The most replicas; 50 with the default profile, else 100.",
        "metrics_adapter": "Whether the cluster serves custom and external metrics.",
    },
    "NatsSpec": {
        "image": "What runs.",
        "replicas": "How many servers; odd, so that JetStream can vote.",
        "resources": "Of each server; JetStream and Go get shares of the memory limit.",
        "storage": "The size of each server's volume claim; JetStream may use 90 %.",
        "storage_class": "The class of its volume claims.",
        "max_payload": "The largest message, 1Ki to 64Mi.",
        "authentication": "How users prove who they are.",
        "orchestrator": "The user of the orchestrator.",
        "worker": "The user of all worker pools.",
        "system": "The user of the system account.",
    },
    "UserSpec": {
        "secret": "Where the password is, or the seed of the NKey.",
        "nkey": "The public half of the NKey.",
    },
    "BackendSpec": {
        "backend": "Where it runs.",
        "external": "Where it is, with backend external.",
        "storage_class": "The class of its volume claim.",
    },
    "RedisSpec": {
        "image": "What runs in the cluster.",
        "resources": "Of the server; it stores up to 75 % of its memory limit.",
        "storage": "The size of its volume claim.",
        "secret": "Where the password is.",
    },
    "PostgresSpec": {
        "image": "What runs in the cluster.",
        "resources": "Of the server.",
        "storage": "The size of its volume claim.",
        "secret": "Where the password is.",
        "database": "The database in DATABASE_URL.",
        "username": "The user in DATABASE_URL.",
        "ssl_mode": "How DATABASE_URL asks an external server for TLS.",
    },
    "ExternalSpec": {
        "host": "Its name, which goes into the URL; TLS verifies it.",
        "cidrs": "Every network in which the host's addresses lie.",
        "port": "Where it answers, if not on the usual port.",
        "tls": "Whether the URL asks for TLS.",
    },
    "Settings": {
        "log_level": "How much the agents say.",
        "log_format": "How they say it.",
        "metrics": "Whether they serve metrics.",
        "subject_prefix": "The first part of every NATS subject; permissions follow it.",
        "health_check_interval_seconds": "Time between health checks of an agent.",
        "heartbeat_interval_seconds": "Time between heartbeats of the orchestrator.",
        "claude": "Parallel Claude CLI agents.",
        "features": "Feature toggles by name, as keys `feature.NAME` of the ConfigMaps.",
        "development": "Adds backtraces, debug mode and hot reload of configuration.",
    },
    "ClaudeSpec": {
        "parallel_default": "The fan-out of a task plan that names none.",
        "max_agents": "The largest fan-out.",
        "cpu_budget": "CPU of all agents of one task plan.",
        "memory_budget": "Memory of all agents of one task plan.",
        "per_agent_cpu_limit": "CPU of one agent.",
        "per_agent_memory_limit": "Memory of one agent.",
        "output_parsing": "Whether the output of agents is parsed.",
        "nats_subject_mapping": "Whether agents are mapped to NATS subjects.",
        "observability": "Whether agents report to the platform's observability.",
        "span_tagging_per_agent": "Whether spans carry the agent.",
    },
    "QuotasSpec": {
        "system": "Orchestrator and NATS.",
        "workload": "All worker pools.",
        "data": "Redis and PostgreSQL.",
        "monitoring": "What you run there.",
    },
    "QuotaSpec": {
        "requests": "The sum of all requests.",
        "limits": "The sum of all limits.",
        "pods": "The number of pods.",
        "services": "The number of Services.",
        "claims": "The number of volume claims.",
        "storage": "The sum of the sizes of all volume claims.",
    },
    "TracingSpec": {
        "enabled": "Whether agents send traces.",
        "service": "The Service of the collector; its pods carry the label app with this name.",
    },
    "Amounts": {"cpu": "In cores.", "memory": "In bytes."},
    "Resources": {
        "requests": "What the container is promised.",
        "limits": "What it may take at most.",
    },
    "SecretKey": {
        "name": "The Secret, in the namespace of whoever reads it.",
        "key": "Its key.",
    },
}
"""Each field of a platform file, by the class that declares it."""

VARIABLES: Mapping[str, str] = {
    "POD_NAME": "The pod.",
    "POD_NAMESPACE": "Its namespace.",
    "AGENT_TYPE": "Which kind of agent it is.",
    "AGENT_TIER": "Its resource tier.",
    "AGENT_ID": "Its identity: the pod's name.",
    "CLAUDE_PARALLEL_DEFAULT": "The fan-out of a task plan that names none.",
    "CLAUDE_PARALLEL_MAX_AGENTS": "The largest fan-out.",
    "CLAUDE_PARALLEL_CPU_BUDGET": "CPU of all agents of one task plan.",
    "CLAUDE_PARALLEL_MEMORY_BUDGET": "Memory of all agents of one task plan.",
    "NATS_SUBJECT_PREFIX": "The first part of every subject.",
    "RUST_LOG": "How much it says.",
    "LOG_LEVEL": "The same.",
    "NATS_PASSWORD": "Referred to by NATS_URL.",
    "NATS_URL": "The broker.",
    "REDIS_PASSWORD": "Referred to by REDIS_URL.",
    "REDIS_URL": "The cache.",
    "DATABASE_PASSWORD": "Referred to by DATABASE_URL.",
    "DATABASE_URL": "The database.",
    "JAEGER_ENDPOINT": "Where traces go, in Jaeger's own protocol.",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "Where traces go, in OTLP.",
    "ORCHESTRATOR_URL": "The orchestrator's API.",
    "NATS_CLUSTER_ID": "The name of the NATS cluster.",
    "NATS_CLIENT_ID": "The name of this client.",
    "METRICS_ENABLED": "Whether it serves metrics.",
    "METRICS_PORT": "Where: on the port of health and API.",
    "TRACING_ENABLED": "Whether it sends traces.",
    "LOG_FORMAT": "How it says it.",
    "TLS_ENABLED": "Whether it serves TLS.",
    "MTLS_ENABLED": "Whether it asks clients for certificates.",
    "HEALTH_CHECK_INTERVAL": "Seconds between health checks.",
    "HTTP_PORT": "Where it serves HTTP.",
    "GRPC_PORT": "Where it serves coordination.",
    "ORCHESTRATOR_HEARTBEAT_INTERVAL": "Seconds between heartbeats.",
    "WORKER_CONCURRENCY": "Tasks at a time.",
    "WORKER_TIMEOUT_SECONDS": "The longest task.",
}
"""Each environment variable of the agents."""

LABELS: Mapping[str, str] = {
    "app": "The workload. What Services, policies and budgets select by; it never changes.",
    "component": "Which component made the object.",
    "tier": "The plane: the last part of the namespace.",
    "name": "The namespace's own name.",
    "app.kubernetes.io/name": "The component.",
    "app.kubernetes.io/instance": "The workload.",
    "app.kubernetes.io/part-of": "The platform.",
    "app.kubernetes.io/managed-by": "This tool.",
    "mister-smith.io/resource-tier": "The resource tier of an agent.",
    "mister-smith.io/environment-tier": "1 experimental, 2 validation, 3 operational.",
    "pod-security.kubernetes.io/enforce": "The level that pods must keep.",
    "pod-security.kubernetes.io/enforce-version": "The version of that level.",
    "pod-security.kubernetes.io/audit": "The level whose breaches go to the audit log.",
    "pod-security.kubernetes.io/audit-version": "The version of that level.",
    "pod-security.kubernetes.io/warn": "The level whose breaches warn who applies.",
    "pod-security.kubernetes.io/warn-version": "The version of that level.",
}
"""Each label."""

ANNOTATIONS: Mapping[str, str] = {
    "mister-smith.io/connects-to": "What the pods may open, one line each, as declared.",
    "mister-smith.io/pods-from": "On a policy whose pods somebody else brings.",
    "checksum/config": "Restarts the pods when their configuration changes.",
    "prometheus.io/scrape": "Whether Prometheus scrapes the pod.",
    "prometheus.io/port": "On which port.",
    "prometheus.io/path": "On which path.",
}
"""Each annotation."""

ALIASES: Mapping[str, str] = {
    "Manifest": "One manifest: a plain mapping that reads like the YAML it becomes.",
    "Manifests": "What every component returns: fresh manifests, without `None`.",
}
"""Each public name for a type that has a name of its own elsewhere."""
