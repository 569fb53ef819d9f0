"""Servers on loopback that end with whoever started them, however that ends."""

from __future__ import annotations

import itertools
import os
import random
import socket
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

Found = TypeVar("Found")

LOOPBACK = "127.0.0.1"
POLL_SECONDS = 0.03
END_SECONDS = 10
TAIL_LINES = 30

# Below the range from which Linux takes the ports of outgoing connections: none is taken
# between the moment it is found free and the moment a server listens on it.
PORTS = range(20_000, 32_000)
_candidates = itertools.cycle(random.SystemRandom().sample(PORTS, len(PORTS)))

# The kernel ends the server when the process that started it dies, even by kill -9.
WITH_ME = ("setpriv", "--pdeathsig", "KILL")


class TooLateError(Exception):
    """What was awaited did not come about in time."""


class StartError(Exception):
    """A server did not come up; the last lines of its log are in the message."""


class Server(NamedTuple):
    """A running server and where it writes what it has to say."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def last_words(self) -> str:
        """The end of its log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-TAIL_LINES:])


def started(
    name: str, command: Sequence[object], log: Path, environment: Mapping[str, str] | None = None
) -> Server:
    """A server in a session of its own, which a key press in the terminal does not reach."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*WITH_ME, *map(str, command)],
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Server(name, process, log)


@contextmanager
def running(
    name: str,
    command: Sequence[object],
    log: Path,
    environment: Mapping[str, str] | None = None,
    ready: Callable[[], bool] = lambda: True,
) -> Iterator[Server]:
    """A server that is ready, and is gone afterwards.

    Raises:
        StartError: it ended, or did not get ready in time.
    """
    server = started(name, command, log, environment)
    try:
        await_ready(server, ready)
        yield server
    finally:
        end(server)


def await_ready(server: Server, ready: Callable[[], bool], seconds: float = 90) -> None:
    """The server answers.

    Raises:
        StartError: it ended, or did not get ready in time.
    """

    def answers() -> bool:
        if server.process.poll() is not None:
            status = server.process.returncode
            raise StartError(f"{server.name} ended with {status}:\n{server.last_words}")
        return ready()

    try:
        eventually(f"{server.name} is ready", answers, seconds)
    except TooLateError as late:
        raise StartError(f"{late}:\n{server.last_words}") from late


def end(server: Server) -> None:
    """The server is gone, by force where it does not go by itself."""
    server.process.terminate()
    try:
        server.process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        server.process.kill()
        server.process.wait()


def eventually(what: str, condition: Callable[[], Found], seconds: float = 60) -> Found:
    """What the condition gives as soon as it is true.

    Raises:
        TooLateError: it was not in time; the message has what it gave last.
    """
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise TooLateError(f"not within {seconds:g} s: {what}; at last: {found!r}")
        time.sleep(POLL_SECONDS)
    return found


def free_port() -> int:
    """A port of loopback on which nobody listens, given out once."""
    return next(port for port in _candidates if _free(port))


def _free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def answers_200(url: str) -> bool:
    """Whether a plain GET of a loopback address is answered with 200."""
    import urllib.error  # noqa: PLC0415 - only where servers start
    import urllib.request  # noqa: PLC0415

    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - loopback
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
