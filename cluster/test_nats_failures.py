"""The broker while servers are killed, drained and given another configuration."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING

import pytest
from nats.errors import Error as NatsError

from cluster.agents import (
    NOT_NOW,
    PASSWORDS,
    RETRY_SECONDS,
    SECRETS,
    STREAM,
    Errors,
    connected,
    retried,
    tasks,
)
from cluster.broker import Broker, broker
from cluster.live import DIST, read
from cluster.processes import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from nats.aio.client import Client
    from nats.js import JetStreamContext

    from cluster.conftest import Note
    from mistersmith_k8s.manifest import Manifest

MESSAGES = 20_000
LEADERS = 3
IN_FLIGHT = 200
BATCH = 500
DRAIN_SECONDS = 180
ENVIRONMENT = "operational"
LAME_DUCK = "Entering lame duck mode"


@pytest.fixture(scope="module")
def manifests() -> tuple[Manifest, ...]:
    """What ships for live data."""
    return read(DIST / "plain" / ENVIRONMENT)


@pytest.fixture
def servers(manifests: tuple[Manifest, ...], tmp_path: Path) -> Iterator[Broker]:
    """A broker of its own for each test, with a leader."""
    with broker(manifests, tmp_path, PASSWORDS) as running:
        eventually("JetStream has a leader", lambda: running.leader)
        yield running


def test_no_acknowledged_message_is_lost_while_leaders_are_killed(
    servers: Broker, note: Note
) -> None:
    """Three replicas of a work queue: kill -9 takes its leader, again and again, and every server."""

    async def work() -> tuple[set[int], set[int], list[str]]:
        async with connected(servers, "orchestrator") as boss:
            queue = await tasks(boss)
            killing = asyncio.create_task(kill_leaders(servers, queue))
            acknowledged = await publish_while(queue, killing)
            return acknowledged, await drained(servers), await killing

    acknowledged, kept, killed = asyncio.run(work())
    note("acknowledged", len(acknowledged))
    note("lost", len(acknowledged - kept))
    note("killed", killed)
    assert set(killed) == set(servers.pods)
    assert len(acknowledged) >= MESSAGES
    assert acknowledged - kept == set()


async def publish_while(queue: JetStreamContext, killing: asyncio.Task[list[str]]) -> set[int]:
    """The numbers that were acknowledged, published until enough are and the killing is over."""
    acknowledged: set[int] = set()
    room = asyncio.Semaphore(IN_FLIGHT)

    async def publish(number: int) -> None:
        async with room:
            try:
                await queue.publish(f"mister-smith.tasks.{number}", str(number).encode(), timeout=2)
            except NatsError:
                return  # not acknowledged: nothing was promised
            acknowledged.add(number)

    number = 0
    while len(acknowledged) < MESSAGES or not killing.done():
        batch = range(number, number + BATCH)
        await asyncio.gather(*map(publish, batch))
        number = batch.stop
    return acknowledged


async def kill_leaders(servers: Broker, queue: JetStreamContext) -> list[str]:
    """Who led the stream and was killed for it, then who never led; each is back before the next."""
    killed: list[str] = []
    while len(killed) < LEADERS or set(killed) != set(servers.pods):
        leader = await stream_leader(queue)
        spared = sorted(set(servers.pods) - set(killed))
        name = leader if len(killed) < LEADERS else spared[0]
        servers.servers[name].process.kill()
        await asyncio.to_thread(servers.servers[name].process.wait)
        killed.append(name)
        servers.start(name)
        await asyncio.to_thread(servers.await_ready, name)
    return killed


async def stream_leader(queue: JetStreamContext) -> str:
    """The server that leads the stream, once it has all of its replicas up to date."""
    async with asyncio.timeout(60):
        while True:
            try:
                cluster = (await queue.stream_info(STREAM)).cluster
            except NatsError:
                cluster = None  # no leader at the moment
            if cluster and cluster.leader and all(p.current for p in cluster.replicas or ()):
                return str(cluster.leader)
            await asyncio.sleep(0.05)


async def drained(servers: Broker) -> set[int]:
    """The numbers that a worker finds until the queue is empty, each acknowledged and so taken out.

    That nothing came in time says nothing: the replicas may be choosing a leader.
    """
    found: set[int] = set()
    async with connected(servers, "worker") as worker, asyncio.timeout(DRAIN_SECONDS):
        context = worker.jetstream(timeout=10)
        pull = await context.pull_subscribe_bind(durable="pool", stream=STREAM)
        while (await retried(lambda: context.stream_info(STREAM))).state.messages:
            try:
                batch = await pull.fetch(BATCH, timeout=2)
            except NatsError:
                continue
            found |= {int(message.data) for message in batch}
            await asyncio.gather(*(message.ack() for message in batch))
    return found


def test_a_server_that_goes_drains_its_clients_unseen(servers: Broker, note: Note) -> None:
    """The preStop hook, then SIGTERM, as a kubelet ends a pod: no client sees an error."""
    errors: Errors = []
    pod = servers.stateful_set["spec"]["template"]["spec"]
    grace = pod["terminationGracePeriodSeconds"]
    start = time.monotonic()
    leaving = work_while_leaving(servers, "nats-0", errors)
    published, kept = asyncio.run(asyncio.wait_for(leaving, grace))
    assert servers.servers["nats-0"].process.wait() == 0
    assert time.monotonic() - start < grace
    assert errors == []
    assert kept == published > 0
    note("published", published)
    note("errors", len(errors))


async def work_while_leaving(servers: Broker, leaving: str, errors: Errors) -> tuple[int, int]:
    """How many tasks a client published until its server was gone, and how many there are then.

    It does as clients should: a task without an answer is sent again under the same name; after
    the server's notice it drains its connection and makes one elsewhere.
    """
    notice, process = asyncio.Event(), servers.servers[leaving].process
    own = servers.pods[leaving].url
    published = 0

    async def heed() -> None:
        notice.set()

    async def publish(boss: Client) -> None:
        nonlocal published
        subject = f"mister-smith.tasks.{published}"
        name = {"Nats-Msg-Id": subject}
        await boss.jetstream().publish(subject, timeout=2, headers=name)
        published += 1

    async def work(boss: Client, until: Callable[[], bool]) -> None:
        while not until():
            try:
                await publish(boss)
            except NOT_NOW:
                await asyncio.sleep(RETRY_SECONDS)

    here = connected(servers, "orchestrator", errors, servers=[own], lame_duck_mode_cb=heed)
    elsewhere = [url for url in servers.urls if url != own]
    async with here as boss:
        await stream_leader(await tasks(boss))
        leave(servers, leaving)
        await work(boss, notice.is_set)
        await boss.drain()
    async with connected(servers, "orchestrator", errors, servers=elsewhere) as boss:
        await work(boss, lambda: process.poll() is not None)
        await retried(lambda: publish(boss))  # the last may be there already, without an answer
        state = await retried(partial(boss.jetstream().stream_info, STREAM))
    return published, state.state.messages


def leave(servers: Broker, name: str) -> None:
    """What a kubelet does to end a pod: the hook, then SIGTERM.

    The hook is over when its signal is sent. A kubelet needs longer to go on than a server to take
    it; these tests do not.
    """
    servers.run(name, servers.container["lifecycle"]["preStop"]["exec"]["command"])
    leaving = servers.servers[name]
    eventually(f"{name} takes the signal", lambda: LAME_DUCK in leaving.log.read_text("utf-8"))
    leaving.process.terminate()


def test_a_changed_configuration_is_taken_by_a_reload(servers: Broker) -> None:
    """No server starts anew and no client is disconnected for it."""
    before = servers.page("nats-0", "/varz")
    assert "max_payload: 8MB" in servers.configuration
    servers.configuration = servers.configuration.replace("max_payload: 8MB", "max_payload: 4MB")
    assert asyncio.run(disconnected_by_reload(servers)) == []
    after = servers.page("nats-0", "/varz")
    assert after["start"] == before["start"]
    assert after["config_load_time"] > before["config_load_time"]


async def disconnected_by_reload(servers: Broker) -> list[str]:
    """The servers that a client lost while all of them reloaded; each takes the new limit."""
    lost: list[str] = []
    errors: Errors = []

    async def note(name: str) -> None:
        lost.append(name)

    async with AsyncExitStack() as stack:
        clients = {
            name: await stack.enter_async_context(
                connected(
                    servers,
                    "worker",
                    errors,
                    servers=[servers.pods[name].url],
                    disconnected_cb=partial(note, name),
                )
            )
            for name in servers.pods
        }
        for name in servers.pods:
            servers.write_configuration(name)
            servers.signal(name, "reload")
        for name, client in clients.items():
            taken = partial(takes_at_most, servers, name, 4 * 2**20)
            await asyncio.to_thread(eventually, f"{name} has reloaded", taken)
            await client.flush(timeout=10)
        seen = list(lost)  # before the clients leave by themselves
    assert errors == []
    return seen


def takes_at_most(servers: Broker, name: str, size: int) -> bool:
    """Whether this is the largest message that a server takes."""
    return bool(servers.page(name, "/varz")["max_payload"] == size)


AWKWARD = ("12345", "5k", "true", "a b", "p{w}d", "$HOME", "$(POD_NAME)", "$$", "x#y'z", "ünï")


@pytest.mark.parametrize("password", AWKWARD)
def test_any_password_lets_its_user_in(
    manifests: tuple[Manifest, ...], tmp_path: Path, password: str
) -> None:
    """What the kubelet expands, the server reads and the client sends is one and the same."""
    passwords = dict.fromkeys(SECRETS.values(), password)
    running = Broker(manifests, tmp_path, passwords)

    async def knock() -> bool:
        async with connected(running, "worker", servers=[running.urls[0]], password=password) as c:
            return bool(c.is_connected)

    try:
        running.start("nats-0")
        running.await_ready("nats-0", "livenessProbe")
        assert asyncio.run(knock())
    finally:
        running.end()
