"""Runs network-config-analyzer: JSON universes on stdin, its connections of each as JSON lines.

A process of its own, because the analyzer keeps global state and writes to the terminal.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import tempfile
from importlib import import_module
from pathlib import Path

nca_main = import_module("nca.nca_cli").nca_main  # it has no types


def connections(objects: object, folder: Path) -> str:
    """The lines `A => B : CONN` of one universe."""
    path = folder / "universe.json"
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        command = ["--connectivity", str(path), "-r", str(path), "-o", "txt_no_fw_rules"]
        if nca_main(command):
            raise SystemExit(output.getvalue() + errors.getvalue())
    return "".join(f"{line}\n" for line in output.getvalue().splitlines() if " => " in line)


def main() -> None:
    """Analyze every universe on stdin."""
    with tempfile.TemporaryDirectory() as folder:
        for objects in json.load(sys.stdin):
            sys.stdout.write(json.dumps(connections(objects, Path(folder))) + "\n")


if __name__ == "__main__":
    main()
