"""How each registry's own client puts a pinned tool into a folder, with its caches in .tools."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from tools import pins

SCRIPTS = Path(sysconfig.get_path("scripts"))
GO = SCRIPTS / "go"
NPM = (pins.NODE, pins.NODE.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
CACHE = pins.TOOLS / "cache"

GO_SETTINGS = {
    "CGO_ENABLED": "0",
    "GOCACHE": str(CACHE / "go-build"),
    "GOFLAGS": "-mod=mod -modcacherw -trimpath -buildvcs=false",
    "GOMODCACHE": str(CACHE / "go-mod"),
    "GOPATH": str(CACHE / "go"),
    "GOTOOLCHAIN": "local",  # the pinned Go, and no other that a module asks for
    "GOWORK": "off",
}
NPM_SETTINGS = {
    "npm_config_audit": "false",
    "npm_config_cache": str(CACHE / "npm"),
    "npm_config_fund": "false",
    "npm_config_ignore_scripts": "true",
    "npm_config_omit_lockfile_registry_resolved": "true",  # a lock names no download host
    "npm_config_prefix": str(CACHE / "npm-global"),
    "npm_config_update_notifier": "false",
}
PIP_SETTINGS = {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}

# The Node that JSII_NODE names, else the one that was installed beside this tool.
LAUNCHER = """\
#!/bin/sh
exec "${{JSII_NODE:-{node}}}" "$(dirname "$0")/node_modules/.bin/{name}" "$@"
"""


def install_python_packages() -> None:
    """The package with its dev extra and every tool that pip pins are in this environment."""
    install = [sys.executable, "-m", "pip", "install", "--quiet"]
    package = ["--config-settings", "editable_mode=compat", "--editable", f"{pins.ROOT}[dev]"]
    run([*install, *package, *pins.pinned_requirements()], PIP_SETTINGS)


def install_from_go(tool: pins.Tool, folder: Path) -> None:
    """The folder holds the command that Go built from the pinned module."""
    module = f"{tool.package}@{tool.version}"
    settings = {**GO_SETTINGS, "GOBIN": str(folder)}
    run([GO, "install", "-ldflags=-s -w", module], settings)


def install_from_npm(tool: pins.Tool, folder: Path) -> None:
    """The folder holds the locked packages and a launcher that needs no Node on PATH."""
    shutil.copy(lock_of(tool), folder / "package-lock.json")
    write_package_json(tool, folder)
    npm("ci", folder)
    launcher = folder / tool.name
    launcher.write_text(LAUNCHER.format(node=pins.NODE, name=tool.name), encoding="utf-8")
    launcher.chmod(0o755)


def write_package_json(tool: pins.Tool, folder: Path) -> None:
    """The folder asks npm for exactly the pinned version."""
    package = {"name": tool.name, "private": True, "dependencies": {tool.package: tool.version}}
    (folder / "package.json").write_text(json.dumps(package), encoding="utf-8")


def npm(command: str, folder: Path, *options: str) -> None:
    """The npm command has run in the folder."""
    run([*NPM, command, *options, "--prefix", folder], NPM_SETTINGS)


def lock_of(tool: pins.Tool) -> Path:
    """The committed lock of everything that an npm tool brings."""
    return Path(__file__).with_name(f"{tool.name}.lock.json")


def run(command: list[str | Path], settings: dict[str, str], folder: Path | None = None) -> None:
    """The command ended well, in the folder if one is named, and said nothing of it.

    Raises:
        subprocess.CalledProcessError: it did not; the error has what it said.
    """
    subprocess.run(
        command,
        cwd=folder,
        env=environment(settings),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    )


def environment(settings: dict[str, str]) -> dict[str, str]:
    """The environment of this process, with the settings over it."""
    return {**os.environ, **settings}
