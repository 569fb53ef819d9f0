"""Writes the locks of the npm tools anew, from their pins: `python -m tools.lock`."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from tools import pins, registries


def lock(tool: pins.Tool) -> None:
    """The committed lock of the tool fits its pin, and names no download host."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        registries.write_package_json(tool, folder)
        registries.npm("install", folder, "--package-lock-only")
        shutil.copy(folder / "package-lock.json", registries.lock_of(tool))


if __name__ == "__main__":
    for group in pins.groups():
        for tool in pins.group(group):
            if tool.registry == "npm":
                lock(tool)
