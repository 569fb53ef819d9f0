"""Priorities and quality of service: what classes are called, and what pods get."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.check import Flaw, check
from mistersmith_k8s.checks.finding import Severity
from mistersmith_k8s.checks.objects.amounts import defaults_for, stated
from mistersmith_k8s.checks.shape import mapping, text
from mistersmith_k8s.checks.world import WORKLOADS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from mistersmith_k8s.checks.objects.amounts import Stated
    from mistersmith_k8s.checks.world import Object, World

# Names that promise a quality of service, in small letters without dashes.
# Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/
QUALITIES: Mapping[str, str] = {
    "besteffort": "BestEffort",
    "burstable": "Burstable",
    "guaranteed": "Guaranteed",
}
_PROMISE = re.compile(
    r"""^[\s{"']*priorityClass(?:Name)?["']?\s*:\s*["']?(?:best-?effort|burstable|guaranteed)\b""",
    re.IGNORECASE | re.MULTILINE,
)
RESOURCES = ("cpu", "memory")
NOTHING: Stated = {"requests": {}, "limits": {}}


@check(Severity.WARNING, "PriorityClass")
def priority_class_default(item: Object, world: World) -> Iterator[Flaw]:
    """No PriorityClass is the default of the whole cluster, and never two of them.

    A default changes every pod that names no class, in every namespace and of everybody.
    """
    if item.at("globalDefault") is not True:
        return
    others = [
        str(other)
        for other in world.of("PriorityClass")
        if other.at("globalDefault") is True and other.ref != item.ref
    ]
    mend = "Set globalDefault to false, and name the class in the pods that are to have it."
    if others:
        message = f"is true, as in {min(others)}: the API server takes only one"
        yield Flaw(("globalDefault",), message, mend, Severity.ERROR)
    else:
        message = "is true: it sets the priority of every pod in the cluster that names no class"
        yield Flaw(("globalDefault",), message, mend)


@check(Severity.WARNING, *WORKLOADS, "ConfigMap")
def quality_promised(item: Object, world: World) -> Iterator[Flaw]:
    """What is called like a quality of service gets it: it follows from requests and limits alone.

    Looks at the priority class of pods, and at resources with a priority class in a ConfigMap.
    """
    if item.kind == "ConfigMap":
        yield from _in_config_map(item)
        return
    named = text(item.pod_spec.get("priorityClassName"))
    promised = QUALITIES.get(_plain(named))
    if promised:
        defaults = defaults_for(item, world)
        given = quality(stated(c, defaults) for _, c in item.all_containers)
        path = item.in_pod("priorityClassName")
        yield from _unlike(path, "", named, promised, given)


def _in_config_map(item: Object) -> Iterator[Flaw]:
    for key, value in mapping(item.at("data")).items():
        if isinstance(value, str) and _PROMISE.search(value):
            content = _loaded(value)
            named = text(content.get("priorityClass") or content.get("priorityClassName"))
            promised = QUALITIES.get(_plain(named))
            if promised and mapping(content.get("resources")):
                given = quality([stated(content, NOTHING)])
                yield from _unlike(("data", str(key)), "has ", named, promised, given)


def _unlike(
    path: tuple[str | int, ...], verb: str, named: str, promised: str, given: str
) -> Iterator[Flaw]:
    if promised != given:
        message = f"{verb or 'is '}{'priority class ' if verb else ''}{named}, and its resources"
        message = f"{message} make pods {given}, not {promised}"
        mend = "Call the class by its priority, or change requests and limits to what it promises."
        yield Flaw(path, message, mend)


def quality(containers: Iterable[Stated]) -> str:
    """The quality of service of a pod with containers that state this."""
    known = list(containers)
    if not any(one[side] for one in known for side in ("requests", "limits")):
        return "BestEffort"
    exact = all(
        one["limits"].get(name) is not None and one["limits"][name] == one["requests"].get(name)
        for one in known
        for name in RESOURCES
    )
    return "Guaranteed" if exact else "Burstable"


def _plain(name: str) -> str:
    return name.lower().replace("-", "")


def _loaded(value: str) -> Mapping[str, Any]:
    """The mapping that a text holds as YAML; empty where it holds none."""
    import yaml  # noqa: PLC0415 - only few texts are read

    try:
        return mapping(yaml.safe_load(value))
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}


CHECKS = (priority_class_default, quality_promised)
