from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cluster.processes import StartError, eventually, free_port, running
from tools import pins

if TYPE_CHECKING:
    from cluster.processes import Server

SLEEP = ("sleep", "1000")
STARTS_ONE = """
import pathlib, sys
from cluster.processes import started
print(started("child", ["sleep", "1000"], pathlib.Path(sys.argv[1])).process.pid, flush=True)
sys.stdin.read()
"""


def test_a_server_that_ends_at_once_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    """What cannot start fails whoever needs it."""
    command = ("sh", "-c", "echo the disk is full; exit 3")
    with pytest.raises(StartError) as failed, running("it", command, tmp_path / "log", ready=never):
        pass
    assert str(failed.value) == "it ended with 3:\nthe disk is full"


def never() -> bool:
    """A server that is not ready yet."""
    return False


def test_a_server_ends_when_the_test_fails(tmp_path: Path) -> None:
    """Nothing is left of a test, however it ends."""
    seen: list[Server] = []

    def fail() -> None:
        with running("it", SLEEP, tmp_path / "log") as server:
            seen.append(server)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert seen[0].process.returncode == -signal.SIGTERM


def test_a_server_ends_with_a_starter_that_is_killed(tmp_path: Path) -> None:
    """Not even kill -9 of the tests leaves servers behind."""
    command = [sys.executable, "-c", STARTS_ONE, str(tmp_path / "log")]
    with subprocess.Popen(
        command, cwd=pins.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as starter:
        assert starter.stdout
        child = int(starter.stdout.readline())
        eventually("the server runs", lambda: command_of(child) == SLEEP)
        starter.kill()
    eventually("the server is gone", lambda: gone(child), 10)


def command_of(process: int) -> tuple[str, ...]:
    """What a process runs: for a moment, what is to end it with its starter."""
    words = Path(f"/proc/{process}/cmdline").read_text(encoding="utf-8")
    return tuple(words.removesuffix("\0").split("\0"))


def gone(process: int) -> bool:
    """Whether a process runs no more; whoever inherits it may not have looked yet."""
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(") ")[2][0]
    except FileNotFoundError:
        return True
    return state == "Z"


def test_a_port_is_given_out_once() -> None:
    """Servers that start at the same time do not meet."""
    given = [free_port() for _ in range(1000)]
    assert len(set(given)) == len(given)
