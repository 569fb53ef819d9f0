"""The pins: each tool once, and the locks fit them."""

from __future__ import annotations

import json

import pytest

from tools import pins, registries

NPM_TOOLS = [tool for name in pins.groups() for tool in pins.group(name) if tool.registry == "npm"]


@pytest.mark.parametrize("tool", NPM_TOOLS, ids=lambda tool: tool.name)
def test_a_lock_holds_the_pinned_version(tool: pins.Tool) -> None:
    """A changed pin comes with a new lock: `python -m tools.lock`."""
    packages = json.loads(registries.lock_of(tool).read_text(encoding="utf-8"))["packages"]
    assert packages[f"node_modules/{tool.package}"]["version"] == tool.version


@pytest.mark.parametrize("tool", NPM_TOOLS, ids=lambda tool: tool.name)
def test_a_lock_names_no_place_to_download_from(tool: pins.Tool) -> None:
    """Whoever installs from a mirror keeps it; what arrives is held by its digest."""
    packages = json.loads(registries.lock_of(tool).read_text(encoding="utf-8"))["packages"]
    fetched = {path: it for path, it in packages.items() if path and not it.get("inBundle")}
    assert [path for path, package in packages.items() if "resolved" in package] == []
    assert [path for path, package in fetched.items() if "integrity" not in package] == []


def test_a_tool_is_pinned_once() -> None:
    """No tool is in two groups with two versions."""
    names = [tool.name for group in pins.groups() for tool in pins.group(group)]
    assert sorted(set(names)) == sorted(names)
