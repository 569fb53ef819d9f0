"""Containers: names, images, policies.

Source: pkg/apis/core/validation of k8s.io/kubernetes, `validateContainerCommon`,
`validateInitContainers`, `validateContainerRestartPolicy`, `validateResizePolicy`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields import minors
from mistersmith_k8s.checks.fields.faults import (
    duplicate,
    forbidden,
    invalid,
    later,
    required,
    too_many,
    under,
)
from mistersmith_k8s.checks.fields.formats import dns_label
from mistersmith_k8s.checks.fields.pods import Container, Pod, container_check, pod_check
from mistersmith_k8s.checks.fields.rules import (
    absent,
    both,
    dicts,
    each,
    fields,
    given,
    gone,
    needs_value,
    new,
    one_of,
    pick,
    struct,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.fields.faults import Fault

RESTART_RULES = 20
EXIT_CODES = 255
PULL_POLICY = one_of("Always", "IfNotPresent", "Never")
_POLICIES = ("Always", "Never", "OnFailure")
PROBES = ("livenessProbe", "readinessProbe", "startupProbe")

_exit_codes = fields({"operator": pick("In", "NotIn")}, needs=("operator",))
_restart_rule = fields(
    {"action": pick("Restart", "RestartAllContainers"), "exitCodes": _exit_codes},
    needs=("action", "exitCodes"),
)
_fields = fields(
    {
        "name": given(dns_label),
        "imagePullPolicy": PULL_POLICY,
        "terminationMessagePolicy": one_of("FallbackToLogsOnError", "File"),
        "restartPolicyRules": new(minors.RESTART_RULES, each(_restart_rule)),
    },
    needs=("name", "image"),
)

_any_policy = new(minors.RESTART_RULES, pick(*_POLICIES))
_init_policy = both(gone(minors.NO_CONTAINER_RESTARTS, pick("Always")), _any_policy)
_main_policy = both(
    gone(
        minors.NO_CONTAINER_RESTARTS, absent("may not be set for non-init containers", "Remove it.")
    ),
    _any_policy,
)


@container_check
def container_fields(container: Container, pod: Pod) -> Iterator[Fault]:
    """A container has a name, an image and policies that exist."""
    yield from _fields(container)
    image = container.get("image")
    if pod.is_pod and isinstance(image, str) and image != image.strip():
        detail = "must not have leading or trailing whitespace"
        yield invalid(image, detail, "Remove the blanks.", ("image",))
    if "restartPolicyRules" in container:
        yield from new(minors.RESTART_RULES, _restart_rules)(container)
    if "resizePolicy" in container:
        found = _resize_policy(container["resizePolicy"], pod.spec.get("restartPolicy"))
        yield from later(found, minors.RESIZE)


def _restart_rules(container: Container) -> Iterator[Fault]:
    rules = container["restartPolicyRules"]
    if rules and container.get("restartPolicy") is None:
        detail = "must specify restartPolicy when restart rules are used"
        yield required(detail, path=("restartPolicy",))
    if isinstance(rules, list) and len(rules) > RESTART_RULES:
        yield too_many(len(rules), RESTART_RULES, ("restartPolicyRules",))
    for index, rule in dicts(rules):
        codes = struct(rule.get("exitCodes")).get("values")
        if isinstance(codes, list) and len(codes) > EXIT_CODES:
            path = ("restartPolicyRules", index, "exitCodes", "values")
            yield too_many(len(codes), EXIT_CODES, path)


@pod_check
def container_restarts(pod: Pod) -> Iterator[Fault]:
    """A container restarts by a policy that exists; for older servers, only sidecars have one."""
    for path, container in pod.containers("initContainers", "containers"):
        policy = container.get("restartPolicy")
        if isinstance(policy, str):
            rule = _init_policy if path[0] == "initContainers" else _main_policy
            yield from under(rule(policy), "spec", *path, "restartPolicy")


def _resize_policy(value: Any, pod_policy: Any) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, item in dicts(value):
        name, policy = item.get("resourceName"), item.get("restartPolicy")
        at = ("resizePolicy", index)
        if isinstance(name, str) and name in seen:
            yield duplicate(name, (*at, "resourceName"))
        if isinstance(name, str | None):
            seen.add(name or "")
        if name not in ("cpu", "memory"):
            yield from needs_value(name, ("cpu", "memory"), (*at, "resourceName"))
        if policy not in ("NotRequired", "RestartContainer"):
            choices = ("NotRequired", "RestartContainer")
            yield from needs_value(policy, choices, (*at, "restartPolicy"))
        elif pod_policy == "Never" and policy != "NotRequired":
            detail = "must be 'NotRequired' when pod `restartPolicy` is 'Never'"
            yield invalid(policy, detail, "Use NotRequired.", (*at, "restartPolicy"))


@pod_check
def container_names(pod: Pod) -> Iterator[Fault]:
    """A pod has a container, and no two of its containers share a name."""
    containers = pod.spec.get("containers")
    if containers in (None, []):
        yield required(path=("spec", "containers"))
    seen: set[str] = set()
    for group in ("containers", "initContainers"):
        for path, container in pod.containers(group):
            name = container.get("name")
            if isinstance(name, str) and name:
                if name in seen:
                    yield duplicate(name, ("spec", *path, "name"))
                seen.add(name)


@pod_check
def init_containers(pod: Pod) -> Iterator[Fault]:
    """An init container that runs to its end has no probes and no lifecycle."""
    for path, container in pod.containers("initContainers"):
        if container.get("restartPolicy") == "Always":
            continue
        for name in ("lifecycle", *PROBES):
            if container.get(name) is not None and not _only_signal(container[name]):
                detail = "may not be set for init containers without restartPolicy=Always"
                mend = f"Remove {name}, or make it a sidecar by restartPolicy: Always."
                yield forbidden(detail, mend, ("spec", *path, name))
        for index, policy in dicts(container.get("resizePolicy")):
            if policy.get("restartPolicy") == "RestartContainer":
                detail = "must not be set to 'RestartContainer' for non-sidecar initContainers"
                at = ("spec", *path, "resizePolicy", index, "restartPolicy")
                yield invalid("RestartContainer", detail, "Use NotRequired.", at)


def _only_signal(value: Any) -> bool:
    """Whether a lifecycle has nothing but a stop signal, which is left out by default."""
    given = [key for key, item in struct(value).items() if item is not None]
    return given == ["stopSignal"]


@pod_check
def ephemeral_containers(pod: Pod) -> Iterator[Fault]:
    """Ephemeral containers are added to a running pod, and stand in no manifest."""
    if pod.spec.get("ephemeralContainers"):
        where = "cannot be set on create" if pod.is_pod else "not allowed in pod template"
        mend = "Remove them; `kubectl debug` adds them to a running pod."
        detail = where if pod.is_pod else f"ephemeral containers {where}"
        yield forbidden(detail, mend, ("spec", "ephemeralContainers"))


CHECKS = (
    container_fields,
    container_names,
    container_restarts,
    init_containers,
    ephemeral_containers,
)
