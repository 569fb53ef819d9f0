"""A control plane on loopback: etcd, API server, controllers, scheduler, and kwok for kubelets.

Source: https://kubernetes.io/docs/reference/command-line-tools-reference/ and
https://kwok.sigs.k8s.io/docs/.
"""

from __future__ import annotations

import json
import secrets
import ssl
import urllib.error
import urllib.request
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, NamedTuple

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from cluster import stages
from cluster.api import Api
from cluster.processes import LOOPBACK, Server, answers_200, free_port, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Command = list[object]
    Ready = Callable[[], bool]

QPS = 2000  # of each client: nobody waits for a limit that no real load has set


class ControlPlane(NamedTuple):
    """A running control plane: its API as an administrator sees it, and the kubeconfig."""

    api: Api
    kubeconfig: Path
    servers: dict[str, Server]


@contextmanager
def control_plane(folder: Path) -> Iterator[ControlPlane]:
    """A control plane in the folder, without nodes; gone afterwards.

    Raises:
        StartError: one of its servers did not come up.
    """
    plan = Plan(folder)
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(running(name, command, folder / f"{name}.log", ready=ready))
            for name, command, ready in plan.servers()
        }
        yield ControlPlane(stack.enter_context(plan.api()), plan.kubeconfig, servers)


class Plan:
    """The ports, files and commands of one control plane."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.token = secrets.token_hex(16)
        self.etcd, self.peers, self.secure = free_port(), free_port(), free_port()
        self.authority = folder / "certificates" / "apiserver.crt"
        self.kubeconfig = folder / "kubeconfig.json"
        self.key = folder / "service-accounts.pem"

    def servers(self) -> Iterator[tuple[str, Command, Ready]]:
        """Name, command and sign of readiness of each server, in the order of their start."""
        self.write_files()
        controllers, scheduler, kwok = free_port(), free_port(), free_port()
        yield "etcd", self.etcd_command(), lambda: answers_200(_health(self.etcd, "/health"))
        yield "kube-apiserver", self.api_server_command(), self.api_answers
        yield (
            "kube-controller-manager",
            self.controllers_command(controllers),
            lambda: _healthy(controllers),
        )
        yield "kube-scheduler", self.scheduler_command(scheduler), lambda: _healthy(scheduler)
        yield "kwok", self.kwok_command(kwok), lambda: answers_200(_health(kwok))

    def write_files(self) -> None:
        """What the servers read."""
        self.key.write_bytes(private_key())
        self.write("tokens.csv", f"{self.token},admin,admin,system:masters\n")
        self.write("kubeconfig.json", json.dumps(self.configuration()))
        self.write("scheduler.json", json.dumps(self.scheduler_configuration()))
        self.write("stages.yaml", stages.stages())

    def write(self, name: str, text: str) -> None:
        """A file of the folder."""
        (self.folder / name).write_text(text, encoding="utf-8")

    def api(self) -> Api:
        """The API as an administrator sees it, once the server has made its certificate."""
        return Api(self.secure, self.authority, self.token)

    def api_answers(self) -> bool:
        """Whether the API server serves all that it will serve."""
        if not self.authority.exists():
            return False
        try:
            with self.api() as api:
                return not api.ask("GET", "/readyz").refused
        except OSError:  # not yet listening, or the certificate not yet written
            return False

    def etcd_command(self) -> Command:
        """Etcd that trusts its disk: nothing here outlives the tests."""
        clients, peers = _plain(self.etcd), _plain(self.peers)
        return [
            _server("etcd"),
            f"--data-dir={self.folder / 'etcd'}",
            "--unsafe-no-fsync",
            "--log-level=error",
            f"--listen-client-urls={clients}",
            f"--advertise-client-urls={clients}",
            f"--listen-peer-urls={peers}",
            f"--initial-advertise-peer-urls={peers}",
            f"--initial-cluster=default={peers}",
        ]

    def api_server_command(self) -> Command:
        """The API server as it comes, with a certificate that it makes for itself."""
        return [
            _server("kube-apiserver"),
            f"--etcd-servers={_plain(self.etcd)}",
            f"--bind-address={LOOPBACK}",
            f"--advertise-address={LOOPBACK}",
            f"--secure-port={self.secure}",
            f"--cert-dir={self.authority.parent}",
            f"--token-auth-file={self.folder / 'tokens.csv'}",
            "--authorization-mode=Node,RBAC",
            "--allow-privileged=true",  # as installers do: Pod Security is to refuse
            "--endpoint-reconciler-type=none",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={self.key}",
            f"--service-account-signing-key-file={self.key}",
            "--max-requests-inflight=0",
            "--max-mutating-requests-inflight=0",
            "--enable-priority-and-fairness=false",
        ]

    def controllers_command(self, port: int) -> Command:
        """All controllers, that of volume claims and autoscalers more often than every 15 s."""
        return [
            _server("kube-controller-manager"),
            f"--kubeconfig={self.kubeconfig}",
            "--leader-elect=false",
            f"--bind-address={LOOPBACK}",
            f"--secure-port={port}",
            f"--kube-api-qps={QPS}",
            f"--kube-api-burst={QPS}",
            f"--service-account-private-key-file={self.key}",
            f"--root-ca-file={self.authority}",
            "--horizontal-pod-autoscaler-sync-period=1s",
            "--pvclaimbinder-sync-period=1s",
            "--concurrent-deployment-syncs=50",
            "--concurrent-replicaset-syncs=50",
            "--concurrent-statefulset-syncs=20",
            "--concurrent-resource-quota-syncs=20",
            "--concurrent-namespace-syncs=10",
        ]

    def scheduler_command(self, port: int) -> Command:
        """The scheduler as it comes, without a limit of requests."""
        return [
            _server("kube-scheduler"),
            f"--config={self.folder / 'scheduler.json'}",
            f"--bind-address={LOOPBACK}",
            f"--secure-port={port}",
        ]

    def kwok_command(self, port: int) -> Command:
        """Kwok as the kubelet of every node."""
        return [
            _server("kwok"),
            f"--kubeconfig={self.kubeconfig}",
            f"--config={self.folder / 'stages.yaml'}",
            "--manage-all-nodes=true",
            "--node-lease-duration-seconds=40",
            f"--node-ip={LOOPBACK}",
            f"--server-address={LOOPBACK}:{port}",
        ]

    def configuration(self) -> dict[str, object]:
        """The kubeconfig of an administrator."""
        cluster = {
            "server": f"https://{LOOPBACK}:{self.secure}",
            "certificate-authority": str(self.authority),
        }
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "proof", "cluster": cluster}],
            "users": [{"name": "admin", "user": {"token": self.token}}],
            "contexts": [{"name": "proof", "context": {"cluster": "proof", "user": "admin"}}],
            "current-context": "proof",
        }

    def scheduler_configuration(self) -> dict[str, object]:
        """The scheduler's own settings."""
        return {
            "apiVersion": "kubescheduler.config.k8s.io/v1",
            "kind": "KubeSchedulerConfiguration",
            "leaderElection": {"leaderElect": False},
            "clientConnection": {"kubeconfig": str(self.kubeconfig), "qps": QPS, "burst": QPS},
        }


def private_key() -> bytes:
    """A fresh key that signs the tokens of service accounts."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )


def _server(name: str) -> Path:
    return stages.tool("cluster", name).path


def _plain(port: int) -> str:
    return f"http://{LOOPBACK}:{port}"


def _health(port: int, path: str = "/healthz") -> str:
    return f"{_plain(port)}{path}"


def _healthy(port: int) -> bool:
    """Whether a server with a certificate of its own, that nobody has seen, is healthy."""
    unverified = ssl.create_default_context()
    unverified.check_hostname = False
    unverified.verify_mode = ssl.CERT_NONE
    try:
        url = f"https://{LOOPBACK}:{port}/healthz"
        with urllib.request.urlopen(url, timeout=2, context=unverified) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
