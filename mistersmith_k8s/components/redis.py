"""Redis: shared state of the agents, in the cluster or somewhere else."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from mistersmith_k8s import images, pods
from mistersmith_k8s.backend import BackendSpec, external_service
from mistersmith_k8s.connections import Url, secret_variable
from mistersmith_k8s.manifest import Manifests, manifests
from mistersmith_k8s.pods import Timing
from mistersmith_k8s.primitives import ImageRef, Name, Port, SecretKey
from mistersmith_k8s.quantity import Quantity
from mistersmith_k8s.site import Plane, Site, Workload
from mistersmith_k8s.tiers import Resources, resources

if TYPE_CHECKING:
    from mistersmith_k8s import k8s
    from mistersmith_k8s.surroundings import Surroundings

PORT = Port(6379, "redis")
USER = 999  # of the official image
MEMORY_SHARE = Decimal("0.75")  # the rest is for copy-on-write while the log is rewritten
LIVENESS = Timing(10, 20, 5, 3)
READINESS = Timing(5, 10, 5, 3)


class RedisSpec(BackendSpec):
    """What a user decides about Redis."""

    image: ImageRef = images.REDIS
    resources: Resources = resources("250m", "512Mi", "500m", "512Mi")
    storage: Quantity = Quantity("5Gi")
    secret: SecretKey = SecretKey(name=Name("mister-smith-redis-secret"))


def identity(site: Site) -> Workload:
    """Where Redis is and what it is called."""
    return site.workload("redis", Plane.DATA)


def port(spec: RedisSpec) -> Port:
    """The port on which it answers."""
    return spec.port_or(PORT)


def url(spec: RedisSpec, me: Workload) -> Url:
    """REDIS_URL: TLS where an external service asks for it."""
    scheme = "rediss" if spec.outside and spec.outside.tls else "redis"
    address = f"{spec.host_or(me.host)}:{port(spec).number}"
    text = f"{scheme}://:$(REDIS_PASSWORD)@{address}"
    return Url("REDIS_URL", text, (("REDIS_PASSWORD", spec.secret),))


def redis(spec: RedisSpec, around: Surroundings) -> Manifests:
    """Everything of Redis; only a name for it when it is external."""
    me = identity(around.site)
    if spec.outside:
        return manifests(external_service(me, port(spec), spec.outside.host))
    data = {"redis.conf": configuration(spec)}
    return manifests(
        pods.service_account(me),
        pods.config_map(me, "-config", data),
        around.connections.policy(me),
        pods.service(me, PORT),
        pods.service(me, PORT, headless=True),
        stateful_set(spec, me, data, around),
        pods.disruption_budget(me, maxUnavailable=1),
    )


def configuration(spec: RedisSpec) -> str:
    """The configuration file: every write is logged, nothing is evicted silently."""
    memory = int(spec.resources.limits.memory.amount * MEMORY_SHARE)
    return (
        f"port {PORT.number}\n"
        "dir /data\n"
        "appendonly yes\n"
        "appendfsync everysec\n"
        f"maxmemory {memory}\n"
        "maxmemory-policy noeviction\n"
    )


def stateful_set(
    spec: RedisSpec, me: Workload, data: dict[str, str], around: Surroundings
) -> k8s.StatefulSet:
    """The StatefulSet: one writer on one volume."""
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": me.metadata(**pods.notes(spec.image, around.connections.declared(me.pods))),
        "spec": {
            "serviceName": f"{me.name}-headless",
            "replicas": 1,
            "selector": {"matchLabels": me.selector},
            "template": {
                "metadata": {"labels": me.labels, "annotations": pods.checksum(data)},
                "spec": {
                    "serviceAccountName": me.name,
                    "automountServiceAccountToken": False,
                    "enableServiceLinks": False,
                    "terminationGracePeriodSeconds": 60,
                    "priorityClassName": around.site.priority_class("high"),
                    "securityContext": pods.identity(USER),
                    "containers": [
                        {
                            "name": "redis",
                            "image": spec.image,
                            "imagePullPolicy": spec.image.pull_policy,
                            "command": ["redis-server"],
                            "args": [
                                "/etc/redis/redis.conf",
                                "--requirepass",
                                "$(REDISCLI_AUTH)",
                            ],
                            # The name under which redis-cli looks for the password.
                            "env": [secret_variable("REDISCLI_AUTH", spec.secret)],
                            "ports": pods.container_ports(PORT),
                            "resources": spec.resources.requirements,
                            "securityContext": pods.locked_down(),
                            "readinessProbe": pods.exec_probe(PING, READINESS),
                            "livenessProbe": {
                                "tcpSocket": {"port": PORT.name},
                                **LIVENESS.fields,
                            },
                            "volumeMounts": [
                                pods.mount("config", "/etc/redis", read_only=True),
                                pods.mount("data", "/data"),
                            ],
                        }
                    ],
                    "volumes": [{"name": "config", "configMap": {"name": f"{me.name}-config"}}],
                },
            },
            "volumeClaimTemplates": [pods.claim(spec.storage, spec.storage_class)],
        },
    }


PING = ["redis-cli", "-e", "ping"]  # -e: an error such as LOADING fails the probe
