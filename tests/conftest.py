"""The real tools that tests run, by path; a missing one fails its tests and says why."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tools import pins

if TYPE_CHECKING:
    from pathlib import Path


def pytest_configure() -> None:
    """Jsii starts the pinned Node, before any test module imports it."""
    os.environ["JSII_NODE"] = str(pins.NODE)
    os.environ["CDK8S_CHECK_UPGRADE"] = "false"  # nothing here asks the network


@pytest.fixture(scope="session")
def kustomize() -> Path:
    """The pinned kustomize."""
    return _installed("kustomize")


@pytest.fixture(scope="session")
def kubeconform() -> Path:
    """The pinned kubeconform."""
    return _installed("kubeconform")


@pytest.fixture(scope="session")
def cdk8s_cli() -> Path:
    """The pinned cdk8s command; it needs no Node on PATH."""
    return _installed("cdk8s")


@pytest.fixture(scope="session")
def nats_server() -> Path:
    """The pinned nats-server."""
    return _present(pins.NATS_SERVER)


@pytest.fixture(scope="session")
def node() -> Path:
    """The pinned Node, which JSII_NODE names for the whole session."""
    return _present(pins.NODE)


def _installed(name: str) -> Path:
    return _present(next(tool.path for tool in pins.group("test") if tool.name == name))


def _present(path: Path) -> Path:
    if not path.exists():
        pytest.fail(f"{path} is not installed. Run `make tools`.", pytrace=False)
    return path
