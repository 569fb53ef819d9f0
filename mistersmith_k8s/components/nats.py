"""NATS: the broker of all agents; a StatefulSet with JetStream on volume claims.

Source: the defaults of the official chart, https://github.com/nats-io/k8s, and
https://docs.nats.io/running-a-nats-service/configuration.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Literal

from mistersmith_k8s import images, natsconf, pods
from mistersmith_k8s.connections import Url, secret_variable
from mistersmith_k8s.manifest import Manifests, manifests
from mistersmith_k8s.pods import Timing
from mistersmith_k8s.primitives import ImageRef, Name, NKey, Port, SecretKey
from mistersmith_k8s.quantity import Quantity
from mistersmith_k8s.site import Plane, Site, Workload
from mistersmith_k8s.spec import MISSING, Range, Spec, Violation
from mistersmith_k8s.tiers import Resources, resources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s import k8s
    from mistersmith_k8s.surroundings import Surroundings

CLIENT = Port(4222, "client")
CLUSTER = Port(6222, "cluster")
MONITOR = Port(8222, "monitor", "http")

LAME_DUCK_GRACE_SECONDS = 10
LAME_DUCK_SECONDS = 30
GRACE_SECONDS = 60  # lame duck, then 20 s to end
PID_FILE = "/var/run/nats/nats.pid"
USER = 1001
STARTUP = Timing(10, 10, 5, 90)
READINESS = Timing(10, 10, 5, 3)
LIVENESS = Timing(10, 30, 5, 3)

MIB = 2**20
USABLE_SHARE = Decimal("0.9")  # of a claim: file systems keep some for themselves
MEMORY_STORE_SHARE = Decimal("0.25")
GO_MEMORY_SHARE = Decimal("0.8")


class UserSpec(Spec):
    """How one user proves who it is.

    `secret` holds the password, or the seed of the NKey; `nkey` is the public half.
    """

    secret: SecretKey
    nkey: NKey | None = None


def _user(name: str) -> UserSpec:
    return UserSpec(secret=SecretKey(name=Name(f"mister-smith-nats-{name}-secret")))


class NatsSpec(Spec):
    """What a user decides about NATS.

    With `authentication: nkeys` the server knows public keys only, and agents find their seed
    in NATS_NKEY_SEED.
    """

    image: ImageRef = images.NATS
    replicas: Annotated[int, Range(1)] = 3
    resources: Resources = resources("500m", "1Gi", "500m", "1Gi")
    storage: Quantity = Quantity("10Gi")
    storage_class: Name | None = None
    max_payload: Quantity = Quantity("8Mi")
    authentication: Literal["passwords", "nkeys"] = "passwords"
    orchestrator: UserSpec = _user("orchestrator")
    worker: UserSpec = _user("worker")
    system: UserSpec = _user("system")

    def rules(self) -> Iterator[Violation]:
        """A vote needs an odd number; limits that the server would refuse; keys where needed."""
        if self.replicas % 2 == 0:
            rule = "is even: JetStream votes, and an even number adds no safety"
            advice = f"Set it to {self.replicas - 1} or {self.replicas + 1}."
            yield Violation("replicas", self.replicas, rule, advice)
        if not 1024 <= self.max_payload.amount <= 64 * MIB:  # noqa: PLR2004 - the server's bounds
            yield Violation("max_payload", self.max_payload, "must be between 1Ki and 64Mi")
        if self.storage.amount < 100 * MIB:
            yield Violation("storage", self.storage, "must be at least 100Mi")
        for name, user in self.users.items() if self.authentication == "nkeys" else ():
            if user.nkey is None:
                rule = "is required with authentication nkeys"
                yield Violation((name, "nkey"), MISSING, rule, "Give the user's public NKey.")

    @property
    def users(self) -> dict[str, UserSpec]:
        """The users by name."""
        return {"orchestrator": self.orchestrator, "worker": self.worker, "system": self.system}


def identity(site: Site) -> Workload:
    """Where NATS is and what it is called."""
    return site.workload("nats", Plane.SYSTEM)


def url(spec: NatsSpec, me: Workload, user: Literal["orchestrator", "worker"]) -> Url:
    """NATS_URL for one user; credentials reach it through `$(NAME)` or stay out of it."""
    secret = spec.users[user].secret
    if spec.authentication == "nkeys":
        return Url("NATS_URL", f"nats://{me.address(CLIENT)}", (("NATS_NKEY_SEED", secret),))
    text = f"nats://{user}:$(NATS_PASSWORD)@{me.address(CLIENT)}"
    return Url("NATS_URL", text, (("NATS_PASSWORD", secret),))


def nats(spec: NatsSpec, around: Surroundings) -> Manifests:
    """Everything of NATS."""
    me = identity(around.site)
    data = {"nats.conf": natsconf.written(configuration(spec, me, around.settings.subject_prefix))}
    return manifests(
        pods.service_account(me),
        pods.config_map(me, "-config", data),
        around.connections.policy(me),
        pods.service(me, CLIENT),
        pods.service(me, CLIENT, CLUSTER, MONITOR, headless=True),
        stateful_set(spec, me, data, around),
        pods.disruption_budget(me, maxUnavailable=1),
    )


def configuration(spec: NatsSpec, me: Workload, prefix: str) -> dict[str, object]:
    """The server's configuration as typed values; `prefix` is that of the agents' subjects."""
    return {
        "server_name": natsconf.Variable("POD_NAME"),
        "port": CLIENT.number,
        "http_port": MONITOR.number,
        "pid_file": PID_FILE,
        "max_payload": _measure(spec.max_payload.amount),
        "lame_duck_grace_period": natsconf.Measure(f"{LAME_DUCK_GRACE_SECONDS}s"),
        "lame_duck_duration": natsconf.Measure(f"{LAME_DUCK_SECONDS}s"),
        "jetstream": {
            "store_dir": "/data",
            "max_memory_store": _measure(spec.resources.limits.memory.amount * MEMORY_STORE_SHARE),
            "max_file_store": _measure(spec.storage.amount * USABLE_SHARE),
        },
        **({"cluster": _cluster(spec, me)} if spec.replicas > 1 else {}),
        "accounts": {
            "AGENTS": {
                "jetstream": "enabled",
                "users": [
                    {**_credentials(spec, "orchestrator"), "permissions": _orchestrator(prefix)},
                    {**_credentials(spec, "worker"), "permissions": _worker(prefix)},
                ],
            },
            "SYS": {"users": [_credentials(spec, "system")]},
        },
        "system_account": "SYS",
    }


def _cluster(spec: NatsSpec, me: Workload) -> dict[str, object]:
    return {
        "name": f"{me.platform}-cluster",
        "port": CLUSTER.number,
        "no_advertise": True,
        "routes": [
            f"nats://{me.name}-{index}.{me.name}-headless:{CLUSTER.number}"
            for index in range(spec.replicas)
        ],
    }


def _credentials(spec: NatsSpec, user: str) -> dict[str, object]:
    if spec.authentication == "nkeys":
        return {"nkey": str(spec.users[user].nkey)}
    return {"user": user, "password": natsconf.Variable(f"{user.upper()}_PASSWORD")}


def _orchestrator(prefix: str) -> dict[str, object]:
    """Owns streams and consumers, talks on every subject of the platform."""
    return {
        "publish": [f"{prefix}.>", "$JS.API.>", "$JS.ACK.>", "$JS.FC.>", "$KV.>", "$O.>"],
        "subscribe": [f"{prefix}.>", "_INBOX.>", "$KV.>", "$O.>"],
        "allow_responses": True,
    }


def _worker(prefix: str) -> dict[str, object]:
    """Takes tasks from consumers that the orchestrator made, and answers; makes no streams."""
    return {
        "publish": [
            f"{prefix}.>",
            "$JS.API.INFO",
            "$JS.API.STREAM.INFO.>",
            "$JS.API.STREAM.NAMES",
            "$JS.API.CONSUMER.INFO.>",
            "$JS.API.CONSUMER.MSG.NEXT.>",
            "$JS.ACK.>",
            "$JS.FC.>",
        ],
        "subscribe": [f"{prefix}.>", "_INBOX.>"],
        "allow_responses": True,
    }


def stateful_set(
    spec: NatsSpec, me: Workload, data: dict[str, str], around: Surroundings
) -> k8s.StatefulSet:
    """The StatefulSet: all pods start at once, or the first would wait for a quorum for ever."""
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": me.metadata(**pods.notes(spec.image, around.connections.declared(me.pods))),
        "spec": {
            "serviceName": f"{me.name}-headless",
            "replicas": spec.replicas,
            "podManagementPolicy": "Parallel",
            "selector": {"matchLabels": me.selector},
            "template": {
                "metadata": {"labels": me.labels, "annotations": pods.checksum(data)},
                "spec": {
                    "serviceAccountName": me.name,
                    "automountServiceAccountToken": False,
                    "enableServiceLinks": False,
                    "terminationGracePeriodSeconds": GRACE_SECONDS,
                    "priorityClassName": around.site.priority_class("high"),
                    "securityContext": pods.identity(USER),
                    "topologySpreadConstraints": [
                        pods.spread(me, pods.HOSTNAME, strict=around.careful),
                        pods.spread(me, pods.ZONE, strict=False),
                    ],
                    "containers": [
                        {
                            "name": "nats",
                            "image": spec.image,
                            "imagePullPolicy": spec.image.pull_policy,
                            "command": ["nats-server"],
                            "args": ["--config", "/etc/nats/nats.conf"],
                            "env": variables(spec),
                            "ports": pods.container_ports(CLIENT, CLUSTER, MONITOR),
                            "resources": spec.resources.requirements,
                            "securityContext": pods.locked_down(),
                            "startupProbe": pods.http_probe("/healthz", MONITOR, STARTUP),
                            "readinessProbe": pods.http_probe(
                                "/healthz?js-server-only=true", MONITOR, READINESS
                            ),
                            "livenessProbe": pods.http_probe(
                                "/healthz?js-enabled-only=true", MONITOR, LIVENESS
                            ),
                            "lifecycle": {
                                "preStop": {
                                    "exec": {"command": ["nats-server", f"-sl=ldm={PID_FILE}"]}
                                }
                            },
                            "volumeMounts": [
                                pods.mount("config", "/etc/nats", read_only=True),
                                pods.mount("pid", "/var/run/nats"),
                                pods.mount("data", "/data"),
                            ],
                        }
                    ],
                    "volumes": [
                        {"name": "config", "configMap": {"name": f"{me.name}-config"}},
                        pods.scratch("pid", "1Mi"),
                    ],
                },
            },
            "volumeClaimTemplates": [pods.claim(spec.storage, spec.storage_class)],
        },
    }


def variables(spec: NatsSpec) -> list[k8s.EnvVar]:
    """What the configuration refers to.

    The server parses the value of a variable as configuration, so `12345` or `a b` would break
    it. Kubernetes puts each password between quotes; only `"` and a backslash remain forbidden.
    """
    memory = int(spec.resources.limits.memory.amount * GO_MEMORY_SHARE / MIB)
    return [
        {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "GOMEMLIMIT", "value": f"{memory}MiB"},
        *(
            variable
            for user, given in spec.users.items()
            if spec.authentication == "passwords"
            for variable in _quoted_password(f"{user.upper()}_PASSWORD", given.secret)
        ),
    ]


def _quoted_password(name: str, secret: SecretKey) -> tuple[k8s.EnvVar, k8s.EnvVar]:
    return (
        secret_variable(f"{name}_VALUE", secret),
        {"name": name, "value": f'"$({name}_VALUE)"'},
    )


def _measure(size: Decimal) -> natsconf.Measure:
    """Whole mebibytes where there are any; the server counts KB and MB in powers of two."""
    if size >= MIB:
        return natsconf.Measure(f"{int(size / MIB)}MB")
    return natsconf.Measure(f"{int(size / 1024)}KB")
