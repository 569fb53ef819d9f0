"""Runs every check of the project and fails if one fails: `python -m tools.check`."""

from __future__ import annotations

import subprocess
import sys
import time

from tools import pins, registries

# What takes longest comes last, so that its summary closes the output.
CHECKS = {
    "lint": ("ruff", "check", "."),
    "format": ("ruff", "format", "--check", "."),
    "types": ("mypy",),
    "layers": ("lint-imports", "--no-logo", "--no-cache"),
    "tests": ("pytest",),
}


def check() -> bool:
    """Whether every check passes; each runner's own words are on the terminal."""
    results = {name: passes(name, command) for name, command in CHECKS.items()}
    failed = [name for name, passed in results.items() if not passed]
    print(f"\nfailed: {', '.join(failed)}" if failed else f"\nchecked: {', '.join(results)}")
    return not failed


def passes(name: str, command: tuple[str, ...]) -> bool:
    """Whether one check passes."""
    print(f"\n== {name}: {' '.join(command)}", flush=True)
    start = time.perf_counter()
    argv = [str(registries.SCRIPTS / command[0]), *command[1:]]
    run = subprocess.run(argv, cwd=pins.ROOT, stdin=subprocess.DEVNULL, check=False)
    print(f"== {name}: {time.perf_counter() - start:.1f} s", flush=True)
    return run.returncode == 0


if __name__ == "__main__":
    sys.exit(not check())
