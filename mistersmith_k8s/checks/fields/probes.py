"""Probes and lifecycle handlers.

Source: pkg/apis/core/validation of k8s.io/kubernetes, `validateProbe`, `validateHandler`,
`validateLifecycle`, `validateStopSignal`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields import minors
from mistersmith_k8s.checks.fields.faults import (
    forbidden,
    invalid,
    later,
    under,
    unsupported,
    until,
    warning,
)
from mistersmith_k8s.checks.fields.formats import header_name, port_number, port_reference
from mistersmith_k8s.checks.fields.pods import Container, Pod, container_check
from mistersmith_k8s.checks.fields.rules import (
    at_least,
    both,
    each,
    exactly_one,
    fields,
    is_int,
    natural,
    one_of,
    struct,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.fields.faults import Fault
    from mistersmith_k8s.checks.fields.rules import Rule

DEFAULT_GRACE_SECONDS = 30
_LOW, _HIGH = 15, 14  # SIGRTMIN+15 and SIGRTMAX-14 meet in the middle
SIGNALS = (
    *("SIGABRT", "SIGALRM", "SIGBUS", "SIGCHLD", "SIGCLD", "SIGCONT", "SIGFPE", "SIGHUP"),
    *("SIGILL", "SIGINT", "SIGIO", "SIGIOT", "SIGKILL", "SIGPIPE", "SIGPOLL", "SIGPROF"),
    *("SIGPWR", "SIGQUIT", "SIGSEGV", "SIGSTKFLT", "SIGSTOP", "SIGSYS", "SIGTERM"),
    *("SIGTRAP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGUSR1", "SIGUSR2"),
    *("SIGVTALRM", "SIGWINCH", "SIGXCPU", "SIGXFSZ", "SIGRTMIN", "SIGRTMAX"),
    *(f"SIGRTMIN+{n}" for n in range(1, _LOW + 1)),
    *(f"SIGRTMAX-{n}" for n in range(1, _HIGH + 1)),
)
OS_SIGNALS = {"linux": SIGNALS, "windows": ("SIGKILL", "SIGTERM")}

_exec = fields({}, needs=("command",))
_port = fields({"port": port_reference}, needs=("port",))
_http = both(
    _port,
    fields(
        {
            "scheme": one_of("HTTP", "HTTPS"),
            "httpHeaders": each(fields({"name": header_name}, needs=("name",))),
        }
    ),
)
_grpc = fields({"port": port_number}, needs=("port",))
_probe_handler = exactly_one(
    {"exec": _exec, "httpGet": _http, "tcpSocket": _port, "grpc": _grpc}, "handler type"
)
_lifecycle_handler = exactly_one(
    {"exec": _exec, "httpGet": _http, "tcpSocket": _port, "sleep": fields({})}, "handler type"
)
_SECONDS: dict[str, Rule] = {
    "initialDelaySeconds": natural,
    "timeoutSeconds": natural,
    "periodSeconds": natural,
    "successThreshold": natural,
    "failureThreshold": natural,
    "terminationGracePeriodSeconds": at_least(1, "must be greater than 0", most=2**63 - 1),
}
_probe = both(_probe_handler, fields(_SECONDS))


def _once(value: Any) -> Iterator[Fault]:
    """One success is enough to live and to have started; 0 stands for the default of 1."""
    count = struct(value).get("successThreshold")
    if is_int(count) and count > 1:
        yield invalid(count, "must be 1", "Use 1, or remove it.", ("successThreshold",))


def _never_kills(value: Any) -> Iterator[Fault]:
    """A readiness probe ends no container, so it has no grace period."""
    seconds = struct(value).get("terminationGracePeriodSeconds")
    if seconds is not None:
        detail = "must not be set for readinessProbes"
        yield invalid(seconds, detail, "Remove it.", ("terminationGracePeriodSeconds",))


_probes = fields(
    {
        "livenessProbe": both(_probe, _once),
        "readinessProbe": both(_probe, _never_kills),
        "startupProbe": both(_probe, _once),
    }
)
_lifecycle = fields({"postStart": _lifecycle_handler, "preStop": _lifecycle_handler})


@container_check
def probes(container: Container, _: Pod) -> Iterator[Fault]:
    """A probe has exactly one handler with a port that can be, and counts that make sense."""
    yield from _probes(container)


@container_check
def lifecycle(container: Container, pod: Pod) -> Iterator[Fault]:
    """A lifecycle hook has exactly one handler; sleep ends within the grace period."""
    value = container.get("lifecycle")
    if not isinstance(value, dict):
        return
    yield from under(_lifecycle(value), "lifecycle")
    grace = pod.spec.get("terminationGracePeriodSeconds")
    grace = DEFAULT_GRACE_SECONDS if grace is None else grace
    for hook in ("postStart", "preStop"):
        sleep = struct(value.get(hook)).get("sleep")
        if isinstance(sleep, dict):
            found = under(_sleep(sleep.get("seconds", 0), grace), "lifecycle", hook, "sleep")
            yield from later(found, minors.SLEEP)
    if value.get("stopSignal") is not None:
        stop = map(warning, _stop_signal(value["stopSignal"], pod))  # an alpha field
        yield from under(stop, "lifecycle", "stopSignal")


def _sleep(seconds: Any, grace: Any) -> Iterator[Fault]:
    if is_int(seconds) and is_int(grace) and not 0 <= seconds <= grace:
        detail = f"must be non-negative and less than terminationGracePeriodSeconds ({grace})"
        yield invalid(seconds, detail, f"Use {grace} or less.", ("seconds",))
    elif seconds == 0:
        detail = f"must be greater than 0 and less than terminationGracePeriodSeconds ({grace})"
        yield until(invalid(0, detail, "Use 1 or more.", ("seconds",)), minors.SOME_SLEEP)


def _stop_signal(signal: Any, pod: Pod) -> Iterator[Fault]:
    os = struct(pod.spec.get("os")).get("name")
    if pod.spec.get("os") is None:
        detail = "may not be set for containers with empty `spec.os.name`"
        yield forbidden(detail, "Set os.name of the pod.")
    elif os in OS_SIGNALS and isinstance(signal, str) and signal not in OS_SIGNALS[os]:
        yield unsupported(signal, OS_SIGNALS[os])


CHECKS = (probes, lifecycle)
