"""NATS on loopback, as the rendered StatefulSet and ConfigMap say.

What differs from a cluster is host names, ports and folders; `mapped` says how, and no more.
"""

from __future__ import annotations

import json
import re
import subprocess
import urllib.request
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from cluster.processes import LOOPBACK, answers_200, await_ready, end, free_port, started
from tools import pins

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from cluster.processes import Server
    from mistersmith_k8s.manifest import Manifest

NUMBERS = {4222: "client", 6222: "cluster", 8222: "monitor"}  # the ports that manifests name
PORT = re.compile(r"^(\s*(?:http_)?port: )(\d+)$", re.MULTILINE)
ROUTE = re.compile(r"nats://([a-z0-9-]+)\.[a-z0-9-]+:6222")
REFERENCE = re.compile(r"\$\$|\$\(([A-Za-z_.-][A-Za-z0-9_.-]*)\)")

PID_FILE = "/var/run/nats/nats.pid"


class Pod(NamedTuple):
    """One pod of the StatefulSet: its name, its folders, its ports."""

    name: str
    folder: Path
    client: int
    cluster: int
    monitor: int

    @property
    def url(self) -> str:
        """Where its clients connect, without credentials."""
        return f"nats://{LOOPBACK}:{self.client}"


def mapped(text: str, pod: Pod, peers: Mapping[str, Pod]) -> str:
    """A text of the manifests for one pod on loopback.

    A route to a peer leads to the peer's port of loopback, a port is the pod's own of that
    purpose, and the folders of volumes lie in the folder of the pod. Nothing else changes.
    """
    text = ROUTE.sub(lambda found: f"nats://{LOOPBACK}:{peers[found[1]].cluster}", text)
    text = PORT.sub(lambda found: found[1] + str(getattr(pod, NUMBERS[int(found[2])])), text)
    for path in ("/var/run/nats", "/etc/nats"):
        text = text.replace(path, f"{pod.folder}{path}")
    return text.replace('"/data"', f'"{pod.folder}/data"')


def expanded(value: str, known: Mapping[str, str]) -> str:
    """The value as a kubelet expands it: `$(NAME)` if known, `$$` for one dollar.

    Source: https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
    """

    def meant(found: re.Match[str]) -> str:
        return "$" if found[0] == "$$" else known.get(found[1], found[0])

    return REFERENCE.sub(meant, value)


def environment(container: Manifest, pod_name: str, passwords: Mapping[str, str]) -> dict[str, str]:
    """The variables of a container as a kubelet sets them, in order."""
    known: dict[str, str] = {}
    for variable in container.get("env", ()):
        source = variable.get("valueFrom", {})
        if "secretKeyRef" in source:
            known[variable["name"]] = passwords[source["secretKeyRef"]["name"]]
        elif source.get("fieldRef", {}).get("fieldPath") == "metadata.name":
            known[variable["name"]] = pod_name
        elif "value" in variable:
            known[variable["name"]] = expanded(variable["value"], known)
    return known


class Broker:
    """The servers of one StatefulSet, each started and killed as a kubelet would."""

    def __init__(
        self, manifests: Sequence[Manifest], folder: Path, passwords: Mapping[str, str]
    ) -> None:
        self.stateful_set = _named(manifests, "StatefulSet", "nats")
        self.configuration = _named(manifests, "ConfigMap", "nats-config")["data"]["nats.conf"]
        self.passwords = passwords
        self.pods = {name: _pod(name, folder / name) for name in self._names()}
        self.servers: dict[str, Server] = {}

    def _names(self) -> list[str]:
        replicas = self.stateful_set["spec"]["replicas"]
        return [f"nats-{number}" for number in range(replicas)]

    @property
    def container(self) -> Manifest:
        """The container of the rendered pods."""
        (found,) = self.stateful_set["spec"]["template"]["spec"]["containers"]
        return dict(found)

    @property
    def urls(self) -> list[str]:
        """Where clients connect: what the Service stands for."""
        return [pod.url for pod in self.pods.values()]

    def start(self, name: str) -> None:
        """The pod runs; whether it is ready is for its probes to say."""
        pod = self.pods[name]
        self.write_configuration(name)
        words = [*self.container["command"], *self.container["args"]]
        self.servers[name] = started(
            name,
            self._command(words, pod),
            pod.folder / "log",
            environment(self.container, name, self.passwords),
        )

    def write_configuration(self, name: str) -> None:
        """The file that the ConfigMap mounts, as it is now."""
        pod = self.pods[name]
        file = pod.folder / "etc" / "nats" / "nats.conf"
        file.write_text(mapped(self.configuration, pod, self.pods), encoding="utf-8")

    def signal(self, name: str, signal: str) -> None:
        """The server of a pod got a signal by its pid file, as `nats-server -sl` sends it."""
        pid_file = "/var/run/nats/nats.pid"
        self.run(name, ["nats-server", f"-sl={signal}={pid_file}"])

    def run(self, name: str, words: Sequence[str]) -> None:
        """A command has run in the container of a pod."""
        subprocess.run(self._command(words, self.pods[name]), check=True, capture_output=True)

    def _command(self, words: Sequence[str], pod: Pod) -> list[str]:
        program, *arguments = words
        assert program == "nats-server"
        return [str(pins.NATS_SERVER), *(mapped(word, pod, self.pods) for word in arguments)]

    def probe(self, name: str, kind: str) -> bool:
        """Whether a probe of the pod succeeds."""
        return answers_200(self.monitor(name, self.container[kind]["httpGet"]["path"]))

    def monitor(self, name: str, path: str) -> str:
        """The address of a page of the monitoring port."""
        return f"http://{LOOPBACK}:{self.pods[name].monitor}{path}"

    def page(self, name: str, path: str) -> Any:
        """A page of the monitoring port."""
        with urllib.request.urlopen(self.monitor(name, path), timeout=5) as answer:  # noqa: S310 - loopback
            return json.loads(answer.read())

    @property
    def leader(self) -> str | None:
        """Who leads JetStream, where all servers that run agree and know every peer."""
        alive = [name for name, server in self.servers.items() if server.process.poll() is None]
        pages = [self.page(name, "/jsz").get("meta_cluster", {}) for name in alive]
        leaders = {meta.get("leader") for meta in pages}
        complete = all(meta.get("cluster_size") == len(self.pods) for meta in pages)
        return leaders.pop() if len(leaders) == 1 and complete else None

    def end(self) -> None:
        """No server is left."""
        for server in self.servers.values():
            end(server)

    def await_ready(self, name: str, probe: str = "startupProbe") -> None:
        """The probe of a pod succeeds."""
        await_ready(self.servers[name], lambda: self.probe(name, probe))


@contextmanager
def broker(
    manifests: Sequence[Manifest], folder: Path, passwords: Mapping[str, str]
) -> Iterator[Broker]:
    """All servers of the StatefulSet, started at once and ready; gone afterwards.

    Raises:
        StartError: one of them did not come up.
    """
    running = Broker(manifests, folder, passwords)
    with ExitStack() as stack:
        stack.callback(running.end)
        for name in running.pods:
            running.start(name)
        for name in running.pods:
            running.await_ready(name)
        yield running


def _pod(name: str, folder: Path) -> Pod:
    for path in ("etc/nats", "var/run/nats", "data"):
        (folder / path).mkdir(parents=True)
    return Pod(name, folder, free_port(), free_port(), free_port())


def _named(manifests: Sequence[Manifest], kind: str, name: str) -> Manifest:
    return next(m for m in manifests if (m["kind"], m["metadata"]["name"]) == (kind, name))
