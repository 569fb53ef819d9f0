"""docs/reference/cluster.md, from rendered manifests: Secrets, variables, labels, names."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.layouts import required_secrets
from mistersmith_k8s.layouts.values import NESTED
from mistersmith_k8s.manifest import ref
from mistersmith_k8s.platform import Environment, render
from mistersmith_k8s.platform_file import load_platforms
from tests.docs.markdown import ROOT, code, table
from tests.docs.meanings import ANNOTATIONS, LABELS, VARIABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mistersmith_k8s.manifest import Manifests

SHOWN = Environment.VALIDATION
"""The environment that has everything in the cluster."""

AGENTS = ("mister-smith-orchestrator", "mister-smith-worker")

TOP = f"""# In the cluster

What the reference platform is called in a cluster. Everything here is read off the manifests of
the {SHOWN} environment. `mister-smith` stands for the field `name` of the platform file and
`worker` for the name of a pool.
"""

SECRETS = """
## Secrets

The manifests hold no secret value. The cluster must hold these Secrets before the pods start. A
Secret that is read in several namespaces is needed in each. `dist/SECRETS.md` has this list for
your own platform, by environment. What a value may contain is on the page about
[passwords](../explanation/passwords.md).

"""

VARIABLES_OF_AGENTS = """
## Environment variables of the agents

In this order, so that a `$(NAME)` finds what it refers to. A value `key …` comes from the agent's
ConfigMap, `field …` from the pod, `Secret …` from a Secret. A dash says that the agent has no such
variable. `variables` and `secret_variables` of the platform file come last.

"""

LABELS_OF_OBJECTS = """
## Labels

"""

ANNOTATIONS_OF_OBJECTS = """
## Annotations

"""

PORTS = """
## Ports

Every Service port has the number and the name of the container port behind it.

"""

NAMES = """
## Names

"""


def page() -> str:
    """The page, without its first line."""
    parts = (
        (SECRETS, _secrets()),
        (VARIABLES_OF_AGENTS, _variables()),
        (LABELS_OF_OBJECTS, _keys("labels", LABELS)),
        (ANNOTATIONS_OF_OBJECTS, _keys("annotations", ANNOTATIONS)),
        (PORTS, _ports()),
        (NAMES, _names()),
    )
    return TOP + "".join(text + body for text, body in parts)


@cache
def manifests() -> Manifests:
    """The manifests of the environment that is shown."""
    return render(load_platforms(ROOT / "charts" / "platform.yaml")[SHOWN])


def _secrets() -> str:
    rows = (
        (code(needed.namespace), code(needed.name), code(needed.key), ", ".join(needed.readers))
        for needed in required_secrets(manifests())
    )
    return table(("Namespace", "Secret", "Key", "Read by"), rows)


def _variables() -> str:
    agents = [variables(name) for name in AGENTS]
    rows = (
        (code(name), VARIABLES[name], *(_value(agent.get(name)) for agent in agents))
        for name in VARIABLES
    )
    return table(("Variable", "Meaning", "Orchestrator", "Worker"), rows)


def variables(deployment: str) -> dict[str, Any]:
    """The variables of the container of a Deployment, by name, in order."""
    found = next(m for m in manifests() if m["kind"] == "Deployment" and ref(m).name == deployment)
    container = found["spec"]["template"]["spec"]["containers"][0]
    return {variable["name"]: variable for variable in container["env"]}


def _value(variable: Mapping[str, Any] | None) -> str:
    if variable is None:
        return "-"
    source = variable.get("valueFrom", {})
    match source:
        case {"configMapKeyRef": reference}:
            return f"key {code(reference['key'])}"
        case {"secretKeyRef": reference}:
            return f"Secret {code(reference['name'])}"
        case {"fieldRef": reference}:
            return f"field {code(reference['fieldPath'])}"
    return code(variable["value"])


def _keys(field: str, meanings: Mapping[str, str]) -> str:
    used = uses(field)
    rows = ((code(key), meaning, ", ".join(sorted(used[key]))) for key, meaning in meanings.items())
    return table(("Key", "Meaning", "On"), rows)


def uses(field: str) -> dict[str, set[str]]:
    """The kinds that carry each label or annotation; that of a pod is Pod."""
    found: dict[str, set[str]] = {}
    for manifest in manifests():
        for kind, metadata in _metadata(manifest["kind"], manifest):
            for key in metadata.get(field, {}):
                found.setdefault(key, set()).add(kind)
    return found


def _metadata(kind: str, value: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, item in value.items() if isinstance(value, dict) else enumerate(value):
        if name == "metadata":
            yield kind, item
        elif isinstance(item, NESTED):
            yield from _metadata(INSIDE.get(str(name), kind), item)


INSIDE = {"template": "Pod", "volumeClaimTemplates": "PersistentVolumeClaim"}
"""Whose metadata it is that stands inside another object."""


def _ports() -> str:
    rows = (
        (code(ref(m).name), str(port["port"]), code(port["name"]), port.get("appProtocol", "-"))
        for m in manifests()
        if m["kind"] == "Service"
        for port in m["spec"]["ports"]
    )
    return table(("Service", "Port", "Name", "Protocol"), rows)


def _names() -> str:
    rows = (
        (ref(m).kind, code(ref(m).namespace) if ref(m).namespace else "-", code(ref(m).name))
        for m in manifests()
    )
    return table(("Kind", "Namespace", "Name"), rows)
