"""Typed constructs and proven Kubernetes manifests for the Mister Smith platform.

Specs say what is wanted, functions make manifests of them, constructs mount the manifests in a
cdk8s chart. Names are imported when they are first used: specs and functions need no Node.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mistersmith_k8s.agent import ClaudeSpec, Dependency, LogFormat, LogLevel, Settings
    from mistersmith_k8s.backend import Backend, ExternalSpec
    from mistersmith_k8s.components.governance import QuotaSpec, QuotasSpec
    from mistersmith_k8s.components.nats import NatsSpec, UserSpec
    from mistersmith_k8s.components.orchestrator import OrchestratorSpec
    from mistersmith_k8s.components.postgres import Identifier, PostgresSpec, SslMode
    from mistersmith_k8s.components.redis import RedisSpec
    from mistersmith_k8s.components.workers import AutoscalingSpec, Profile, WorkerPoolSpec
    from mistersmith_k8s.connections import Connections, Edge, Url
    from mistersmith_k8s.constructs import (
        Component,
        Connection,
        MisterSmith,
        Nats,
        Orchestrator,
        Postgres,
        Redis,
        WorkerPool,
        mount,
    )
    from mistersmith_k8s.description import platforms
    from mistersmith_k8s.manifest import Manifest, Manifests, ObjectRef
    from mistersmith_k8s.platform import Environment, PlatformSpec, TracingSpec, render
    from mistersmith_k8s.platform_file import PlatformFileError, load_platforms
    from mistersmith_k8s.primitives import (
        Cidr,
        DataKey,
        Host,
        ImageRef,
        Label,
        Name,
        NKey,
        Port,
        SecretKey,
        VariableName,
    )
    from mistersmith_k8s.quantity import Quantity
    from mistersmith_k8s.site import Pods
    from mistersmith_k8s.spec import SpecError, Violation
    from mistersmith_k8s.synthesis import ChecksFailed, synth
    from mistersmith_k8s.tiers import Amounts, Resources, ResourceTier
    from mistersmith_k8s.write.index import WriteError

_HOMES = {
    "agent": "ClaudeSpec Dependency LogFormat LogLevel Settings",
    "backend": "Backend ExternalSpec",
    "components.governance": "QuotaSpec QuotasSpec",
    "components.nats": "NatsSpec UserSpec",
    "components.orchestrator": "OrchestratorSpec",
    "components.postgres": "Identifier PostgresSpec SslMode",
    "components.redis": "RedisSpec",
    "components.workers": "AutoscalingSpec Profile WorkerPoolSpec",
    "connections": "Connections Edge Url",
    "constructs": "Component Connection MisterSmith Nats Orchestrator Postgres Redis WorkerPool "
    "mount",
    "description": "platforms",
    "manifest": "Manifest Manifests ObjectRef",
    "platform": "Environment PlatformSpec TracingSpec render",
    "platform_file": "PlatformFileError load_platforms",
    "primitives": "Cidr DataKey Host ImageRef Label NKey Name Port SecretKey VariableName",
    "quantity": "Quantity",
    "site": "Pods",
    "spec": "SpecError Violation",
    "synthesis": "ChecksFailed synth",
    "tiers": "Amounts ResourceTier Resources",
    "write.index": "WriteError",
}
_HOME = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = [
    "Amounts",
    "AutoscalingSpec",
    "Backend",
    "ChecksFailed",
    "Cidr",
    "ClaudeSpec",
    "Component",
    "Connection",
    "Connections",
    "DataKey",
    "Dependency",
    "Edge",
    "Environment",
    "ExternalSpec",
    "Host",
    "Identifier",
    "ImageRef",
    "Label",
    "LogFormat",
    "LogLevel",
    "Manifest",
    "Manifests",
    "MisterSmith",
    "NKey",
    "Name",
    "Nats",
    "NatsSpec",
    "ObjectRef",
    "Orchestrator",
    "OrchestratorSpec",
    "PlatformFileError",
    "PlatformSpec",
    "Pods",
    "Port",
    "Postgres",
    "PostgresSpec",
    "Profile",
    "Quantity",
    "QuotaSpec",
    "QuotasSpec",
    "Redis",
    "RedisSpec",
    "ResourceTier",
    "Resources",
    "SecretKey",
    "Settings",
    "SpecError",
    "SslMode",
    "TracingSpec",
    "Url",
    "UserSpec",
    "VariableName",
    "Violation",
    "WorkerPool",
    "WorkerPoolSpec",
    "WriteError",
    "load_platforms",
    "mount",
    "platforms",
    "render",
    "synth",
]


def __getattr__(name: str) -> Any:
    """The public name, imported from its home."""
    if name not in _HOME:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    """The public names."""
    return __all__
