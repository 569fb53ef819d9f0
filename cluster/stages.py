"""What kwok does with nodes, pods and volumes: its own stages, at a pace that can be watched."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import yaml

from tools import pins

if TYPE_CHECKING:
    from pathlib import Path

STAGES = ("node/fast", "node/heartbeat-with-lease", "pod/fast", "volume/fast")

# kwok serves one storage class alone; here it serves every claim that names one.
ITS_CLASS = "self.spec.storageClassName == 'kwok-volume'"
ANY_CLASS = "self.spec.storageClassName != ''"

# A pod that is ready at once would hide every gap that a rollout or a drain leaves.
PACE_MILLISECONDS = {"pod-ready": 300, "pod-delete": 200}


def stages() -> str:
    """The stages as kwok reads them."""
    documents = [document for name in STAGES for document in built(name)]
    return yaml.safe_dump_all(map(paced, documents))


def built(name: str) -> list[dict[str, Any]]:
    """The stages of one folder of kwok, by kustomize."""
    kwok = tool("cluster", "kwok").home
    text = kustomized(kwok / "kustomize" / "stage" / name).replace(ITS_CLASS, ANY_CLASS)
    return [document for document in yaml.safe_load_all(text) if document["kind"] == "Stage"]


def kustomized(folder: Path) -> str:
    """What the real kustomize builds of a folder."""
    command = [str(tool("test", "kustomize").path), "build", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def paced(stage: dict[str, Any]) -> dict[str, Any]:
    """The stage, some time after its reason."""
    milliseconds = PACE_MILLISECONDS.get(stage["metadata"]["name"])
    if milliseconds is None:
        return stage
    return {**stage, "spec": {**stage["spec"], "delay": {"durationMilliseconds": milliseconds}}}


def tool(group: str, name: str) -> pins.Tool:
    """A pinned tool of a group."""
    return next(tool for tool in pins.group(group) if tool.name == name)
