"""Commands that `go install` refuses: their modules replace others by folders of their own tree.

Such a command is built from a module of ours that requires the pinned one, and gives each
replaced module its published version.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools import registries

if TYPE_CHECKING:
    from tools import pins

KUBERNETES = "k8s.io/component-base/version"


def install(tool: pins.Tool, folder: Path) -> None:
    """The folder holds the command, the module that it was built from, and the files asked for."""
    origin = downloaded(tool)
    (folder / "go.mod").write_text(go_mod(tool, origin), encoding="utf-8")
    package = str(Path(tool.package, tool.command))
    flags = f"-ldflags=-s -w {version_flags(tool.version)}"
    registries.run(
        [registries.GO, "build", "-p=2", flags, "-o", folder / tool.name, package],
        registries.GO_SETTINGS,
        folder,
    )
    for name in tool.files:
        shutil.copytree(Path(origin["Dir"], name), folder / name)


def go_mod(tool: pins.Tool, origin: dict[str, Any]) -> str:
    """A module that requires the pinned one and what that one takes from its own tree."""
    theirs = json.loads(go("mod", "edit", "-json", origin["GoMod"]))
    required = {entry["Path"] for entry in theirs["Require"]}
    replaced = {entry["Old"]["Path"] for entry in theirs.get("Replace") or ()} & required
    siblings = tool.siblings or tool.version
    return "\n".join(
        [
            f"module {tool.name}",
            f"go {theirs['Go']}",
            f"require {tool.package} {tool.version}",
            *(f"replace {path} => {path} {siblings}" for path in sorted(replaced)),
            "",
        ]
    )


def version_flags(version: str) -> str:
    """What Kubernetes is told of its own version; to other commands it says nothing."""
    major, minor = version.removeprefix("v").split(".")[:2]
    told = {"gitVersion": version, "gitMajor": major, "gitMinor": minor}
    return " ".join(f"-X {KUBERNETES}.{name}={value}" for name, value in told.items())


def downloaded(tool: pins.Tool) -> dict[str, Any]:
    """Where the module cache holds the pinned module."""
    found: dict[str, Any] = json.loads(
        go("mod", "download", "-json", f"{tool.package}@{tool.version}")
    )
    return found


def go(*arguments: str) -> str:
    """What the Go command prints.

    Raises:
        subprocess.CalledProcessError: it failed; the error has what it said.
    """
    return subprocess.run(
        [registries.GO, *arguments],
        env=registries.environment(registries.GO_SETTINGS),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
