"""What a row of the executable ledger is, and the rendered platform that it speaks about."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mistersmith_k8s.layouts import lay_out
from mistersmith_k8s.manifest import Manifests, ref
from mistersmith_k8s.platform import Environment, PlatformSpec, render
from mistersmith_k8s.platform_file import load_platforms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PLATFORM = Path(__file__).parents[2] / "charts" / "platform.yaml"
SYSTEM, WORKLOAD = "mister-smith-system", "mister-smith-workload"
DATA, MONITORING = "mister-smith-data", "mister-smith-monitoring"
NAMESPACES = (SYSTEM, WORKLOAD, DATA, MONITORING)
ORCHESTRATOR = "Deployment mister-smith-system/mister-smith-orchestrator"
WORKER = "Deployment mister-smith-workload/mister-smith-worker"
NATS = "StatefulSet mister-smith-system/nats"
REDIS = "StatefulSet mister-smith-data/redis"
POSTGRES = "StatefulSet mister-smith-data/postgres"
TIERS = "ConfigMap mister-smith-system/mister-smith-resource-tiers"


class Rendered:
    """The reference platform, or another, in one environment."""

    def __init__(self, environment: Environment, manifests: Manifests) -> None:
        self.environment = environment
        self.manifests = manifests
        self._objects = {str(ref(manifest)): manifest for manifest in manifests}

    def __getitem__(self, identity: str) -> Any:
        return self._objects[identity]

    def __contains__(self, identity: str) -> bool:
        return identity in self._objects

    def all(self, *kinds: str) -> list[Any]:
        """The objects of some kinds."""
        return [manifest for manifest in self.manifests if manifest["kind"] in kinds]

    def pod(self, identity: str) -> Any:
        """The pod spec of a workload."""
        return self[identity]["spec"]["template"]["spec"]

    def pods(self) -> list[Any]:
        """The pod spec of each workload."""
        return [w["spec"]["template"]["spec"] for w in self.all("Deployment", "StatefulSet")]

    def container(self, identity: str) -> Any:
        """The one container of a workload."""
        (container,) = self.pod(identity)["containers"]
        return container

    def variable(self, identity: str, name: str) -> str | None:
        """The value of a variable; one from a ConfigMap is looked up there."""
        for variable in self.container(identity)["env"]:
            if variable["name"] == name:
                return self._value(variable, self[identity]["metadata"]["namespace"])
        return None

    def _value(self, variable: Mapping[str, Any], namespace: str) -> str:
        source = variable.get("valueFrom", {})
        if "configMapKeyRef" in source:
            key = source["configMapKeyRef"]
            return str(self[f"ConfigMap {namespace}/{key['name']}"]["data"][key["key"]])
        if "fieldRef" in source:
            return str(source["fieldRef"]["fieldPath"])
        if "secretKeyRef" in source:
            return "Secret {name}/{key}".format(**source["secretKeyRef"])
        return str(variable["value"])

    def order(self, identity: str) -> list[str]:
        """The names of a container's variables, in order."""
        return [variable["name"] for variable in self.container(identity)["env"]]


class Row(NamedTuple):
    """One requirement: what it asks in our words, where it is true, how we know.

    `replaced_by` names the resolutions that we follow where the letter would fail on a cluster.
    """

    id: str
    asks: str
    at: tuple[str, ...]
    replaced_by: tuple[str, ...]
    on: tuple[Environment, ...]
    holds: Callable[[Rendered], None]


ROWS: list[Row] = []


def row(
    id: str,  # noqa: A002 - the ledger's own word
    *at: str,
    by: str = "",
    on: tuple[Environment, ...] = tuple(Environment),
) -> Callable[[Callable[[Rendered], None]], None]:
    """Enter a row: its function asserts, its docstring says what is asked.

    `at` are identities of objects where it is true; they must exist. `by` are resolutions.
    """

    def entered(holds: Callable[[Rendered], None]) -> None:
        asks = " ".join((holds.__doc__ or "").split())
        ROWS.append(Row(id, asks, at, tuple(by.split()), on, holds))

    return entered


@functools.cache
def reference() -> dict[Environment, Rendered]:
    """The reference platform in each environment."""
    specs = load_platforms(PLATFORM)
    return {name: Rendered(name, render(spec)) for name, spec in specs.items()}


def other(**changes: Any) -> Rendered:
    """A platform that is not the reference, to show what a decision does."""
    spec = PlatformSpec(environment=Environment.VALIDATION, **changes)
    return Rendered(spec.environment, render(spec))


@functools.cache
def files() -> dict[str, str]:
    """The file below dist/ of each object, by identity."""
    environments = {str(name): rendered.manifests for name, rendered in reference().items()}
    plain = lay_out(environments, ("plain",))
    return {
        str(ref(document)): path.replace(f"/{path.split('/')[1]}/", "/*/", 1)
        for path, documents in plain.items()
        if not isinstance(documents, str)
        for document in documents
    }
