"""Agents as the broker sees them: users, their passwords, and the work queue."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import nats
from nats.errors import NoRespondersError
from nats.errors import TimeoutError as NoAnswerError
from nats.js.api import ConsumerConfig, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import (
    BadRequestError,
    NoKeysError,
    NoStreamResponseError,
    NotFoundError,
    ServiceUnavailableError,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from nats.aio.client import Client
    from nats.js import JetStreamContext

    from cluster.broker import Broker

USERS = ("orchestrator", "worker", "system")
SECRETS = {user: f"mister-smith-nats-{user}-secret" for user in USERS}
PASSWORDS = {SECRETS[user]: f"the {user}'s" for user in USERS}
SUBJECTS = "mister-smith.tasks.>"
STREAM = "tasks"

RETRY_SECONDS = 0.1

NOT_NOW = (NoStreamResponseError, ServiceUnavailableError, NoRespondersError, NoAnswerError)
NOT_YET = (*NOT_NOW, NotFoundError, NoKeysError)
"""Of a reader too: a replica other than the leader may lag behind what was acknowledged."""

UNHEARD = "no suitable peers for placement, peer offline"
"""A server that has just begun to lead places nothing on one whose limits it has not heard yet."""

Answered = TypeVar("Answered")
Errors = list[Exception]


@asynccontextmanager
async def connected(
    running: Broker, user: str, errors: Errors | None = None, **options: Any
) -> AsyncIterator[Client]:
    """A client of one user, as an agent would be; its errors are added to the list."""
    seen: Errors = [] if errors is None else errors

    async def note(error: Exception) -> None:
        seen.append(error)

    client = await nats.connect(
        **{
            "servers": running.urls,
            "user": user,
            "password": PASSWORDS[SECRETS[user]],
            "error_cb": note,
            "reconnect_time_wait": 0.05,
            "max_reconnect_attempts": -1,
            **options,
        }
    )
    try:
        yield client
    finally:
        await client.close()


async def tasks(boss: Client) -> JetStreamContext:
    """A work queue of three replicas, with a consumer for the pool, as soon as they have leaders."""
    context = boss.jetstream(timeout=10)
    await retried(lambda: context.add_stream(stream()))
    consumer = ConsumerConfig(durable_name="pool", ack_wait=30)
    await retried(lambda: context.add_consumer(STREAM, consumer))
    return context


async def retried(
    attempt: Callable[[], Awaitable[Answered]],
    seconds: float = 60,
    passing: tuple[type[Exception], ...] = NOT_NOW,
) -> Answered:
    """What the attempt gives, once the replicas have a leader: agents try again, as libraries do.

    Raises:
        TimeoutError: they had none for so long.
    """
    async with asyncio.timeout(seconds):
        while True:
            try:
                return await attempt()
            except passing:
                pass
            except BadRequestError as refused:
                if refused.description != UNHEARD:
                    raise
            await asyncio.sleep(RETRY_SECONDS)


def stream(**more: Any) -> StreamConfig:
    """The work queue of the platform, on the disks of all three servers."""
    return StreamConfig(
        name=STREAM,
        subjects=[SUBJECTS],
        retention=RetentionPolicy.WORK_QUEUE,
        storage=StorageType.FILE,
        num_replicas=3,
        **more,
    )
