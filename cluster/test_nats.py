"""The broker as it ships: three servers on loopback, from the rendered manifests."""

from __future__ import annotations

import asyncio
import json
import socket
from functools import partial
from typing import TYPE_CHECKING

import pytest
from nats.js.errors import APIError

from cluster.agents import NOT_YET, PASSWORDS, STREAM, Errors, connected, retried, stream, tasks
from cluster.broker import Broker, broker
from cluster.live import DIST, ENVIRONMENTS, read
from cluster.processes import eventually
from cluster.workloads import named, of_kind
from mistersmith_k8s.quantity import amount

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nats.aio.msg import Msg
    from nats.js import JetStreamContext

    from mistersmith_k8s.manifest import Manifest


@pytest.fixture(scope="module", params=ENVIRONMENTS)
def manifests(request: pytest.FixtureRequest) -> tuple[Manifest, ...]:
    """An environment as it ships."""
    return read(DIST / "plain" / request.param)


@pytest.fixture(scope="module")
def servers(
    manifests: tuple[Manifest, ...], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Broker]:
    """Its broker; each test leaves all servers running and no stream."""
    with broker(manifests, tmp_path_factory.mktemp("nats"), PASSWORDS) as running:
        yield running


MEBIBYTE = 2**20
ONE_MOMENT = 0.01


async def until_refused(errors: Errors) -> None:
    """The server has said something, which the client passes on in its own time."""
    async with asyncio.timeout(10):
        while not errors:  # noqa: ASYNC110 - the list is the client's to fill
            await asyncio.sleep(ONE_MOMENT)


def test_the_servers_form_one_cluster_with_a_leader(servers: Broker) -> None:
    """Three servers, each with a route to both others, and one that leads JetStream."""
    assert eventually("JetStream has a leader", lambda: servers.leader) in servers.pods
    for name in servers.pods:
        others = set(servers.pods) - {name}
        eventually(f"{name} has its routes", partial(has_routes, servers, name, others))
        assert servers.page(name, "/varz")["cluster"]["name"] == "mister-smith-cluster"


def has_routes(servers: Broker, name: str, others: set[str]) -> bool:
    """Whether a server is connected to exactly these others."""
    return {route["remote_name"] for route in servers.page(name, "/routez")["routes"]} == others


def test_every_probe_answers(servers: Broker) -> None:
    """Startup, readiness and liveness look where the server tells."""
    eventually("JetStream has a leader", lambda: servers.leader)
    for name in servers.pods:
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            eventually(f"{probe} of {name}", partial(servers.probe, name, probe))


def test_the_limits_are_those_of_the_manifests(servers: Broker) -> None:
    """Memory and file stores, the largest message, and the memory that the runtime heeds."""
    limits = servers.container["resources"]["limits"]
    (claim,) = servers.stateful_set["spec"]["volumeClaimTemplates"]
    storage = amount(claim["spec"]["resources"]["requests"]["storage"])
    memory = amount(limits["memory"])
    for name in servers.pods:
        told = servers.page(name, "/varz")
        store = told["jetstream"]["config"]
        assert store["max_memory"] == memory / 4
        assert store["max_storage"] == storage * 9 // 10 // MEBIBYTE * MEBIBYTE
        assert store["max_memory"] < told["gomemlimit"] < memory
        assert told["max_payload"] == 8 * MEBIBYTE


def test_a_stream_beyond_the_file_limit_is_refused(servers: Broker) -> None:
    """The volume cannot overflow."""
    eventually("JetStream has a leader", lambda: servers.leader)
    told = servers.page("nats-0", "/varz")["jetstream"]["config"]["max_storage"]

    async def ask() -> None:
        async with connected(servers, "orchestrator") as client:
            wanted = stream(max_bytes=told + 1)
            with pytest.raises(APIError, match=r"insufficient storage|no suitable peers"):
                await client.jetstream().add_stream(wanted)

    asyncio.run(ask())


def test_the_orchestrator_owns_streams_and_a_worker_takes_tasks(servers: Broker) -> None:
    """The two users do their work together: a stream, a consumer, a task, its acknowledgement."""
    eventually("JetStream has a leader", lambda: servers.leader)
    errors: Errors = []

    async def work() -> None:
        async with (
            connected(servers, "orchestrator", errors) as boss,
            connected(servers, "worker", errors) as worker,
        ):
            queue = await tasks(boss)
            await retried(lambda: queue.publish("mister-smith.tasks.one", b"do"))
            pull = await worker.jetstream().pull_subscribe_bind(durable="pool", stream=STREAM)
            (task,) = await retried(lambda: pull.fetch(1, timeout=10))
            await task.ack_sync(timeout=10)
            assert task.data == b"do"
            await until_empty(queue)
            await queue.delete_stream(STREAM)

    asyncio.run(work())
    assert errors == []


def test_the_orchestrator_keeps_keys_and_objects(servers: Broker) -> None:
    """Key-value buckets and object stores, on three replicas."""
    eventually("JetStream has a leader", lambda: servers.leader)
    errors: Errors = []

    async def work() -> None:
        async with connected(servers, "orchestrator", errors) as boss:
            context = boss.jetstream(timeout=10)
            keys = await retried(lambda: context.create_key_value(bucket="keys", replicas=3))
            await retried(lambda: keys.put("state", b"ready"))
            entry = await retried(lambda: keys.get("state"), passing=NOT_YET)
            assert entry.value == b"ready"
            assert await retried(keys.keys, passing=NOT_YET) == ["state"]
            objects = await retried(lambda: context.create_object_store("objects"))
            await retried(lambda: objects.put("model", b"weights"))
            found = await retried(lambda: objects.get("model"), passing=NOT_YET)
            assert found.data == b"weights"
            await retried(lambda: context.delete_key_value("keys"))
            await retried(lambda: context.delete_object_store("objects"))

    asyncio.run(work())
    assert errors == []


@pytest.mark.parametrize(
    ("asking", "answering"), [("orchestrator", "worker"), ("worker", "orchestrator")]
)
def test_agents_ask_and_answer_each_other(servers: Broker, asking: str, answering: str) -> None:
    """Requests within the platform go both ways, from one server to another."""
    errors: Errors = []
    here, there = servers.urls[:2]

    async def reply(message: Msg) -> None:
        await message.respond(message.data.upper())

    async def work() -> bytes:
        async with (
            connected(servers, asking, errors, servers=[here]) as one,
            connected(servers, answering, errors, servers=[there]) as other,
        ):
            await other.subscribe("mister-smith.agents.status", cb=reply)
            await other.flush(timeout=10)
            asked = partial(one.request, "mister-smith.agents.status", b"alive", timeout=2)
            return bytes((await retried(asked)).data)

    assert asyncio.run(work()) == b"ALIVE"
    assert errors == []


async def until_empty(queue: JetStreamContext) -> None:
    """The replicas agree that every task is done."""
    async with asyncio.timeout(10):
        while (await queue.stream_info(STREAM)).state.messages:  # noqa: ASYNC110 - not ours to set
            await asyncio.sleep(ONE_MOMENT)


@pytest.mark.parametrize(
    ("user", "publish"),
    [
        ("worker", "$JS.API.STREAM.CREATE.other"),
        ("worker", "$JS.API.STREAM.DELETE.tasks"),
        ("worker", "$JS.API.STREAM.PURGE.tasks"),
        ("worker", "$JS.API.CONSUMER.CREATE.tasks"),
        ("worker", "$JS.API.CONSUMER.DELETE.tasks.pool"),
        ("worker", "$KV.settings.key"),
        ("worker", "elsewhere.tasks"),
        ("orchestrator", "elsewhere.tasks"),
        ("orchestrator", "$SYS.REQ.SERVER.PING"),
    ],
)
def test_a_user_is_refused_what_is_not_its_own(servers: Broker, user: str, publish: str) -> None:
    """What no agent must do, no agent can do."""
    errors: Errors = []

    async def ask() -> None:
        async with connected(servers, user, errors) as client:
            await client.publish(publish, b"")
            await until_refused(errors)

    asyncio.run(ask())
    assert [str(error).lower() for error in errors] == [
        f'nats: permissions violation for publish to "{publish.lower()}"'
    ]


@pytest.mark.parametrize("subject", [">", "$SYS.>", "$JS.API.>", "elsewhere.>"])
@pytest.mark.parametrize("user", ["worker", "orchestrator"])
def test_a_user_hears_only_its_platform(servers: Broker, user: str, subject: str) -> None:
    """A subscription to what others say is refused."""
    errors: Errors = []

    async def ask() -> None:
        async with connected(servers, user, errors) as client:
            await client.subscribe(subject)
            await until_refused(errors)

    asyncio.run(ask())
    assert [str(error).lower() for error in errors] == [
        f'nats: permissions violation for subscription to "{subject.lower()}"'
    ]


@pytest.mark.parametrize("path", ["/varz", "/jsz", "/connz", "/routez", "/subsz", "/accountz"])
def test_figures_are_where_prometheus_is_let_in(
    servers: Broker, manifests: tuple[Manifest, ...], path: str
) -> None:
    """The port that the policy opens to it is the one where every page of figures answers."""
    (policy,) = [
        p for p in of_kind(manifests, "NetworkPolicy") if named(p).endswith("/nats-netpol")
    ]
    opened = {
        port["port"]
        for rule in policy["spec"]["ingress"]
        for port in rule["ports"]
        if "prometheus" in json.dumps(rule["from"])
    }
    monitor = {p["containerPort"] for p in servers.container["ports"] if p["name"] == "monitor"}
    assert opened == monitor
    for name in servers.pods:
        assert servers.page(name, path)


def test_the_system_user_sees_the_servers(servers: Broker) -> None:
    """Tools that watch the broker have an account of their own."""

    async def ask() -> bytes:
        async with connected(servers, "system") as client:
            answer = await client.request("$SYS.REQ.SERVER.PING", b"", timeout=10)
            return bytes(answer.data)

    assert json.loads(asyncio.run(ask()))["server"]["name"] in servers.pods


@pytest.mark.parametrize("said", [{}, {"user": "worker"}, {"user": "worker", "pass": "wrong"}])
def test_nobody_comes_in_without_the_password(servers: Broker, said: dict[str, str]) -> None:
    """There is no user for those who name none."""
    port = servers.pods["nats-0"].client
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(f"CONNECT {json.dumps(said)}\r\nPING\r\n".encode())
        with connection.makefile("rb") as answers:
            last = answers.readlines()[-1]
    assert last == b"-ERR 'Authorization Violation'\r\n"
