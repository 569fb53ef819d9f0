"""Wall time of commands, and comparisons of two of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Work:
    """Processes that run one after the other; what they write to an output is new each time."""

    commands: tuple[Sequence[str | Path], ...]
    cwd: Path
    environment: dict[str, str]
    output: Path | None = None

    def seconds(self) -> float:
        """The wall time of all processes, from the start of the first to the end of the last."""
        if self.output:
            shutil.rmtree(self.output, ignore_errors=True)
        start = time.perf_counter()
        for command in self.commands:
            self._run(command)
        return time.perf_counter() - start

    def _run(self, command: Sequence[str | Path]) -> None:
        done = subprocess.run(
            command, cwd=self.cwd, env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Our work beside a peer's, and how much time the aim gives us for what the peer took."""

    name: str
    peer: str
    our_work: Work
    peer_work: Work
    times: float
    extra_seconds: float = 0.0

    def line(self, runs: int) -> str:
        """Both medians, their ratio and the aim; runs alternate, so both see the same machine."""
        samples = [(self.our_work.seconds(), self.peer_work.seconds()) for _ in range(runs + 1)]
        ours, peer = (median(column) for column in zip(*samples[1:], strict=True))
        allowed = peer * self.times + self.extra_seconds
        verdict = "met" if ours <= allowed else "missed"
        figures = f"{shown(ours)} {shown(peer)} {ours / peer:7.2f} {shown(allowed)}"
        return f"{self.name:40} {self.peer:32} {figures} {verdict}"


class Cost(NamedTuple):
    """The wall time of a process, and the most memory that it had."""

    seconds: float
    gibibytes: float


def peak(command: Sequence[str | Path]) -> Cost:
    """What a command takes that succeeds."""
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(map(str, command))}: exit code {process.returncode}")
    return Cost(time.perf_counter() - start, usage.ru_maxrss / KIBIBYTES)


KIBIBYTES = 1024 * 1024  # in a gibibyte; Linux counts memory in kibibytes
HEADER = f"{'ours':40} {'peer':32} {'ours':>10} {'peer':>10} {'ratio':>7} {'aim':>10}"


def shown(seconds: float) -> str:
    """A time in milliseconds, in a column."""
    return f"{seconds * 1000:7.0f} ms"
