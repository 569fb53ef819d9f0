"""Platforms that a user could describe, as the content of platform files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from mistersmith_k8s.description import platforms
from mistersmith_k8s.platform import render
from mistersmith_k8s.spec import SpecError

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from mistersmith_k8s.manifest import Manifests

Fields = dict[str, Any]

LABELS = st.from_regex(r"[a-z]([-a-z0-9]{0,8}[a-z0-9])?", fullmatch=True)
TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12)
CIDRS = st.lists(
    st.sampled_from(["10.1.0.0/16", "10.2.3.4/32", "192.0.2.0/24", "2001:db8::/64"]),
    min_size=1,
    max_size=2,
    unique=True,
)
DIGEST = "sha256:" + "0123456789abcdef" * 4
NKEY = "U" + "A234567BCDEFGHIJ" * 3 + "ABCDEFG"


def some(**fields: SearchStrategy[Any]) -> SearchStrategy[Fields]:
    """Any of the fields."""
    return st.fixed_dictionaries({}, optional=fields)


def merged(*parts: SearchStrategy[Fields]) -> SearchStrategy[Fields]:
    """All the fields of the parts; the last part wins."""
    return st.tuples(*parts).map(
        lambda drawn: {k: v for fields in drawn for k, v in fields.items()}
    )


def images(name: str) -> SearchStrategy[str]:
    """An image by tag, by digest or by both, from registries with and without a port."""
    repository = st.sampled_from([f"ghcr.io/team/{name}", f"registry.example:5000/{name}", name])
    version = st.sampled_from([":1.0.0", ":1.10", ":12e0345", f"@{DIGEST}", f":2@{DIGEST}"])
    return st.tuples(repository, version).map("".join)


def _amounts(cpu: int, memory: int) -> Fields:
    return {
        "requests": {"cpu": f"{cpu}m", "memory": f"{memory}Mi"},
        "limits": {"cpu": f"{cpu * 2}m", "memory": f"{memory * 2}Mi"},
    }


RESOURCES = st.sampled_from([_amounts(cpu, memory) for cpu in (50, 250) for memory in (64, 256)])

AGENTS = some(
    resources=RESOURCES,
    guaranteed=st.booleans(),
    variables=st.dictionaries(st.sampled_from(["LIMIT", "MODE", "Z_1"]), TEXTS, max_size=2),
    secret_variables=st.just({"API_KEY": {"name": "api", "key": "key"}}),
    image_pull_secrets=st.just(["registry"]),
    http_port=st.sampled_from([8081, 8090]),
)

ORCHESTRATORS = merged(
    AGENTS,
    some(
        image=images("orchestrator"),
        replicas=st.sampled_from([1, 3, 5]),
        api_server_cidrs=CIDRS,
    ),
)

AUTOSCALING = some(
    profile=st.sampled_from(["default", "custom", "conservative"]),
    min=st.integers(1, 3),
    max=st.integers(3, 8),
    metrics_adapter=st.booleans(),
)

POOLS = merged(
    AGENTS,
    some(
        image=images("worker"),
        concurrency=st.integers(1, 8),
        task_timeout_seconds=st.integers(1, 900),
        workspace_size=st.sampled_from(["1Gi", "512Mi"]),
    ),
    st.integers(1, 4).map(lambda number: {"replicas": number, "autoscaling": None})
    | AUTOSCALING.map(lambda scaling: {"replicas": None, "autoscaling": scaling}),
)


def backends(name: str) -> SearchStrategy[Fields]:
    """A data service in the cluster or outside."""
    outside = st.fixed_dictionaries(
        {"host": st.just(f"{name}.example.com"), "cidrs": CIDRS},
        optional={"port": st.integers(1025, 1030), "tls": st.booleans()},
    )
    inside = some(storage=st.sampled_from(["1Gi", "2Gi"]), resources=RESOURCES)
    return inside.map(lambda own: {"backend": "in_cluster", "external": None, **own}) | outside.map(
        lambda external: {"backend": "external", "external": external}
    )


BROKERS = merged(
    some(
        replicas=st.sampled_from([1, 3]),
        storage=st.sampled_from(["1Gi", "3Gi"]),
        max_payload=st.sampled_from(["1Mi", "8Mi"]),
    ),
    st.sampled_from(
        [
            {},
            {
                "authentication": "nkeys",
                "orchestrator": {"nkey": NKEY, "secret": {"name": "nats-orchestrator"}},
                "worker": {"nkey": NKEY, "secret": {"name": "nats-worker"}},
                "system": {"nkey": NKEY, "secret": {"name": "nats-system"}},
            },
        ]
    ),
)

SETTINGS = some(
    log_level=st.sampled_from(["debug", "info", "warn"]),
    log_format=st.sampled_from(["json", "text"]),
    metrics=st.booleans(),
    development=st.booleans(),
    heartbeat_interval_seconds=st.integers(1, 60),
)

PARTS = some(
    orchestrator=ORCHESTRATORS,
    workers=st.dictionaries(LABELS, POOLS, min_size=1, max_size=2),
    nats=BROKERS,
    redis=backends("redis"),
    postgres=backends("postgres"),
    settings=SETTINGS,
    tracing=some(enabled=st.booleans()),
    internet_cidrs=CIDRS,
    storage_class=st.sampled_from(["gp3", "standard"]),
)

PLATFORM_FILES = merged(
    st.just({"storage_class": "gp3"}),
    PARTS,
    st.fixed_dictionaries(
        {
            "name": LABELS,
            "environments": st.fixed_dictionaries(
                {"experimental": PARTS, "validation": PARTS, "operational": PARTS}
            ),
        }
    ),
)
"""Platforms in their three environments."""


def is_taken(file: Fields) -> bool:
    """Whether the platform would work: a quota may be too small for what is drawn."""
    try:
        return bool(platforms(file))
    except SpecError:
        return False


def rendered(file: Fields) -> dict[str, Manifests]:
    """The manifests of a platform in its environments."""
    return {str(name): render(spec) for name, spec in platforms(file).items()}
