"""Installs what a group of tools needs: `python -m tools.install test`.

What is there already is left alone, so a second run installs nothing. A tool is built under a
temporary name and renamed when it is complete: an interrupted install is never taken for one.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tools import go_modules, pins, registries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STAMP = Path(sys.prefix, ".installed-for-tests")
PARTIAL = ".partial-"
INSTALLERS: dict[str, Callable[[pins.Tool, Path], None]] = {
    "go": registries.install_from_go,
    "go-module": go_modules.install,
    "npm": registries.install_from_npm,
}
NICENESS = 10  # a build leaves the machine to whoever works on it


def install(groups: list[str]) -> None:
    """Every tool of the groups is installed, and the Python packages that all of them need."""
    with sole_installer():
        install_python_packages()
        for name in groups:
            for tool in pins.group(name):
                install_tool(tool)


@contextmanager
def sole_installer() -> Iterator[None]:
    """No other installer works on the same tools; what a killed one left behind is gone."""
    pins.TOOLS.mkdir(exist_ok=True)
    with (pins.TOOLS / ".lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for leftover in pins.TOOLS.glob(f"{PARTIAL}*"):
            shutil.rmtree(leftover)
        yield


def install_python_packages() -> None:
    """The environment holds what pyproject.toml and the pins ask for, and its stamp says so."""
    wanted = python_packages_wanted()
    if STAMP.exists() and STAMP.read_text(encoding="utf-8") == wanted:
        return
    with progress("Python packages"):
        registries.install_python_packages()
    STAMP.write_text(wanted, encoding="utf-8")


def python_packages_wanted() -> str:
    """The digest of everything that decides what pip installs."""
    pyproject = tomllib.loads((pins.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    inputs = [pyproject["build-system"], pyproject["project"], pins.pinned_requirements()]
    return hashlib.sha256(json.dumps(inputs).encode()).hexdigest()


def install_tool(tool: pins.Tool) -> None:
    """The pinned version of the tool lies in its home, and no other version beside it."""
    if tool.path.exists():
        return
    partial = Path(tempfile.mkdtemp(prefix=PARTIAL, dir=pins.TOOLS))
    with progress(f"{tool.name} {tool.version}"):
        INSTALLERS[tool.registry](tool, partial)
    shutil.rmtree(tool.home.parent, ignore_errors=True)
    tool.home.parent.mkdir()
    partial.rename(tool.home)


@contextmanager
def progress(what: str) -> Iterator[None]:
    """Whoever waits sees what is installed and how long it took."""
    print(f"installing {what} ...", flush=True)
    start = time.perf_counter()
    yield
    print(f"installed {what} in {time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    os.nice(NICENESS)
    try:
        install(sys.argv[1:])
    except subprocess.CalledProcessError as error:
        command = " ".join(map(str, error.cmd))
        sys.exit(f"{error.output}{command}: failed with exit code {error.returncode}")
