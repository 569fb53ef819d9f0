"""PostgreSQL: durable state of the agents, in the cluster or somewhere else."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from mistersmith_k8s import images, pods
from mistersmith_k8s.backend import BackendSpec, external_service
from mistersmith_k8s.connections import Url, secret_variable
from mistersmith_k8s.manifest import Manifests, manifests
from mistersmith_k8s.pods import Timing
from mistersmith_k8s.primitives import ImageRef, Name, Port, SecretKey, Text
from mistersmith_k8s.quantity import Quantity
from mistersmith_k8s.site import Plane, Site, Workload
from mistersmith_k8s.tiers import Resources, resources

if TYPE_CHECKING:
    from mistersmith_k8s import k8s
    from mistersmith_k8s.surroundings import Surroundings

PORT = Port(5432, "postgres")
USER = 70  # of the official Alpine image; initdb looks the user up by name
STARTUP = Timing(5, 5, 5, 60)
READINESS = Timing(5, 10, 5, 3)
LIVENESS = Timing(10, 20, 5, 6)


class Identifier(Text):
    """A name inside PostgreSQL that needs no quotes, also in a URL."""

    __slots__ = ()

    SYNTAX = "a PostgreSQL name: lower-case letters, digits and underscores"
    PATTERN = r"[a-z_][a-z0-9_]{0,62}"


class SslMode(StrEnum):
    """How sure a client is of an external server. Source: libpq, "sslmode"."""

    REQUIRE = "require"
    VERIFY_CA = "verify-ca"
    VERIFY_FULL = "verify-full"


class PostgresSpec(BackendSpec):
    """What a user decides about PostgreSQL."""

    image: ImageRef = images.POSTGRES
    resources: Resources = resources("500m", "1Gi", "1000m", "1Gi")
    storage: Quantity = Quantity("20Gi")
    secret: SecretKey = SecretKey(name=Name("mister-smith-postgres-secret"))
    database: Identifier = Identifier("mister_smith")
    username: Identifier = Identifier("mister_smith")
    ssl_mode: SslMode = SslMode.REQUIRE


def identity(site: Site) -> Workload:
    """Where PostgreSQL is and what it is called."""
    return site.workload("postgres", Plane.DATA)


def port(spec: PostgresSpec) -> Port:
    """The port on which it answers."""
    return spec.port_or(PORT)


def url(spec: PostgresSpec, me: Workload) -> Url:
    """DATABASE_URL: TLS where an external service asks for it."""
    address = f"{spec.host_or(me.host)}:{port(spec).number}"
    options = f"?sslmode={spec.ssl_mode}" if spec.outside and spec.outside.tls else ""
    text = f"postgresql://{spec.username}:$(DATABASE_PASSWORD)@{address}/{spec.database}{options}"
    return Url("DATABASE_URL", text, (("DATABASE_PASSWORD", spec.secret),))


def postgres(spec: PostgresSpec, around: Surroundings) -> Manifests:
    """Everything of PostgreSQL; only a name for it when it is external."""
    me = identity(around.site)
    if spec.outside:
        return manifests(external_service(me, port(spec), spec.outside.host))
    return manifests(
        pods.service_account(me),
        around.connections.policy(me),
        pods.service(me, PORT),
        pods.service(me, PORT, headless=True),
        stateful_set(spec, me, around),
        pods.disruption_budget(me, maxUnavailable=1),
    )


def stateful_set(spec: PostgresSpec, me: Workload, around: Surroundings) -> k8s.StatefulSet:
    """The StatefulSet: one writer on one volume."""
    ready = ["pg_isready", "--username", spec.username, "--dbname", spec.database]
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": me.metadata(**pods.notes(spec.image, around.connections.declared(me.pods))),
        "spec": {
            "serviceName": f"{me.name}-headless",
            "replicas": 1,
            "selector": {"matchLabels": me.selector},
            "template": {
                "metadata": {"labels": me.labels},
                "spec": {
                    "serviceAccountName": me.name,
                    "automountServiceAccountToken": False,
                    "enableServiceLinks": False,
                    "terminationGracePeriodSeconds": 120,
                    "priorityClassName": around.site.priority_class("high"),
                    "securityContext": pods.identity(USER),
                    "containers": [
                        {
                            "name": "postgres",
                            "image": spec.image,
                            "imagePullPolicy": spec.image.pull_policy,
                            "env": [
                                {"name": "POSTGRES_DB", "value": spec.database},
                                {"name": "POSTGRES_USER", "value": spec.username},
                                secret_variable("POSTGRES_PASSWORD", spec.secret),
                                # Below the mount: a volume's root may hold lost+found.
                                {"name": "PGDATA", "value": "/var/lib/postgresql/data/pgdata"},
                            ],
                            "ports": pods.container_ports(PORT),
                            "resources": spec.resources.requirements,
                            "securityContext": pods.locked_down(),
                            "startupProbe": pods.exec_probe(ready, STARTUP),
                            "readinessProbe": pods.exec_probe(ready, READINESS),
                            "livenessProbe": pods.exec_probe(ready, LIVENESS),
                            "volumeMounts": [
                                pods.mount("data", "/var/lib/postgresql/data"),
                                pods.mount("run", "/var/run/postgresql"),
                                pods.mount("temp", "/tmp"),  # noqa: S108 - the container's own
                            ],
                        }
                    ],
                    "volumes": [pods.scratch("run", "16Mi"), pods.scratch("temp", "512Mi")],
                },
            },
            "volumeClaimTemplates": [pods.claim(spec.storage, spec.storage_class)],
        },
    }
