"""Probes and endings: a pod can become ready, and has the time to stop."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.check import Flaw, check
from mistersmith_k8s.checks.finding import Severity
from mistersmith_k8s.checks.shape import integer, lookup, mapping, mappings, text, texts
from mistersmith_k8s.checks.world import WORKLOADS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mistersmith_k8s.checks.finding import Path
    from mistersmith_k8s.checks.world import Object, World

PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
HANDLERS = ("httpGet", "tcpSocket")

# Source: k8s.io/api/core/v1 and apps/v1, the defaults of these fields.
DEFAULT_GRACE = 30
DEFAULT_DEADLINE = 600

_SLEEP = re.compile(r"(?:^|[\s;&|/])sleep\s+([0-9]{1,6})(s?)(?=$|[\s;&|])")


@check(Severity.ERROR, *WORKLOADS)
def probe_ports(item: Object, _: World) -> Iterator[Flaw]:
    """A probe or hook that names a port names one of its own container; else it always fails."""
    for path, container in item.all_containers:
        names = {text(port.get("name")) for _, port in mappings(container.get("ports"))}
        for where, handler in _handlers(container):
            port = text(handler.get("port"))
            if port and not port.isdigit() and port not in names:
                message = f"is {port}, and the container has no port of this name"
                mend = f"Give a port of the container the name {port}, or use its number."
                yield Flaw((*path, *where, "port"), message, mend)


def _handlers(container: Mapping[str, Any]) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    places: list[Path] = [(probe,) for probe in PROBES]
    places += [("lifecycle", "postStart"), ("lifecycle", "preStop")]
    for place in places:
        for kind in HANDLERS:
            handler = lookup(container, (*place, kind))
            if handler is not None:
                yield (*place, kind), mapping(handler)


@check(Severity.ERROR, "Deployment")
def probe_too_late(item: Object, _: World) -> Iterator[Flaw]:
    """Pods can be ready before the rollout counts as failed."""
    given = integer(item.spec.get("progressDeadlineSeconds"))
    deadline = DEFAULT_DEADLINE if given is None else given
    for path, container in item.all_containers:
        for probe in ("startupProbe", "readinessProbe") if "containers" in path else ():
            delay = integer(lookup(container, (probe, "initialDelaySeconds")))
            if delay is not None and delay >= deadline:
                message = f"is {delay}, and the rollout fails after {deadline} seconds"
                mend = "Lower the delay, or raise progressDeadlineSeconds."
                yield Flaw((*path, probe, "initialDelaySeconds"), message, mend)


@check(Severity.WARNING, *WORKLOADS)
def grace_below_pre_stop(item: Object, _: World) -> Iterator[Flaw]:
    """The grace period is longer than the wait before the stop: the program needs the rest."""
    given = integer(item.pod_spec.get("terminationGracePeriodSeconds"))
    grace = DEFAULT_GRACE if given is None else given
    for path, container in item.all_containers:
        hook = mapping(lookup(container, ("lifecycle", "preStop")))
        seconds = _waits(hook)
        if seconds >= grace > 0:
            key = "sleep" if hook.get("sleep") else "exec"
            message = f"waits {seconds} seconds, and the pod is killed after {grace}"
            mend = f"Set terminationGracePeriodSeconds well above {seconds}."
            yield Flaw((*path, "lifecycle", "preStop", key), message, mend)


def _waits(hook: Mapping[str, Any]) -> int:
    """The seconds that a hook evidently sleeps."""
    slept = integer(lookup(hook, ("sleep", "seconds")))
    if slept is not None:
        return slept
    words = [word for _, word in texts(lookup(hook, ("exec", "command")))]
    return sum(int(seconds) for seconds, _ in _SLEEP.findall(" ".join(words)))


CHECKS = (probe_ports, probe_too_late, grace_below_pre_stop)
