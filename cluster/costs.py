"""What steps cost: seconds, and the memory of processes."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cluster.processes import POLL_SECONDS, end, started

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KIBIBYTES = 1024  # in a mebibyte
NOW, PEAK = "VmRSS", "VmHWM"


class Clock:
    """Seconds since the last lap, by the name of what took them."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.monotonic()

    def lap(self, name: str) -> None:
        """This took the time since the last lap."""
        now = time.monotonic()
        self.laps[name] = now - self._last
        self._last = now


class Ran(NamedTuple):
    """How a command ended, what it printed, and the most memory that it was seen to hold."""

    status: int
    printed: str
    mebibytes: int


def ran(command: Sequence[object], log: Path, environment: Mapping[str, str] | None = None) -> Ran:
    """A command that has ended."""
    server, most = started(log.stem, command, log, environment), 0
    try:
        while server.process.poll() is None:
            most = max(most, mebibytes(server.process.pid, PEAK))
            time.sleep(POLL_SECONDS)
    finally:
        end(server)
    return Ran(server.process.returncode, log.read_text(encoding="utf-8"), most)


def mebibytes(process: int, what: str = NOW) -> int:
    """The memory that a process holds or held at most; 0 of one that has just ended."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    sizes = [int(line.split()[1]) for line in lines if line.startswith(what)]
    return sizes[0] // KIBIBYTES if sizes else 0
