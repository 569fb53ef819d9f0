"""Deployments, StatefulSets, DaemonSets and their like: how many, and how they roll out.

Source: pkg/apis/apps/validation of k8s.io/kubernetes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields import minors
from mistersmith_k8s.checks.fields.claims import claim_spec
from mistersmith_k8s.checks.fields.faults import (
    forbidden,
    invalid,
    required,
    since,
    under,
    unsupported,
)
from mistersmith_k8s.checks.fields.formats import (
    at_most_all,
    dns_label,
    int_or_percent,
    percent_of,
)
from mistersmith_k8s.checks.fields.rules import (
    both,
    dicts,
    field_check,
    fields,
    given,
    is_int,
    natural,
    natural64,
    new,
    one_of,
    struct,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.fields.faults import Fault
    from mistersmith_k8s.checks.fields.rules import Rule

PROGRESS_SECONDS = 600  # the default of progressDeadlineSeconds
_COUNTS: dict[str, Rule] = {
    "replicas": natural,
    "minReadySeconds": natural,
    "revisionHistoryLimit": natural,
    "progressDeadlineSeconds": natural,
}
_counts = fields(_COUNTS)


def count_of(value: Any, default: int) -> int | None:
    """A count or percentage as the API server compares it with 0; None when it is neither."""
    if value is None:
        return default
    percent = percent_of(value)
    if percent is not None:
        return percent
    return value if is_int(value) else None


@field_check("apps", "Deployment")
def deployment_fields(manifest: Any) -> Iterator[Fault]:
    """A rollout can go on: something may be unavailable or come on top, in time."""
    spec = struct(manifest.get("spec"))
    yield from under(_counts(spec), "spec")
    deadline, ready = spec.get("progressDeadlineSeconds"), spec.get("minReadySeconds")
    deadline = PROGRESS_SECONDS if deadline is None else deadline
    ready = 0 if ready is None else ready
    if is_int(deadline) and is_int(ready) and 0 <= deadline <= ready:
        at = ("spec", "progressDeadlineSeconds")
        yield invalid(deadline, "must be greater than minReadySeconds", "Raise it.", at)
    yield from under(_strategy(struct(spec.get("strategy"))), "spec", "strategy")


def _strategy(strategy: dict[str, Any]) -> Iterator[Fault]:
    kind, rolling = strategy.get("type"), strategy.get("rollingUpdate")
    if kind == "Recreate":
        if rolling is not None:
            detail = "may not be specified when strategy `type` is 'Recreate'"
            yield forbidden(detail, "Remove rollingUpdate.", ("rollingUpdate",))
    elif kind in (None, "", "RollingUpdate"):
        yield from under(_rolling_deployment(struct(rolling)), "rollingUpdate")
    elif isinstance(kind, str):
        yield unsupported(kind, ("Recreate", "RollingUpdate"), ("type",))


_rolling_counts = fields(
    {"maxUnavailable": both(int_or_percent, at_most_all), "maxSurge": int_or_percent}
)


def _rolling_deployment(rolling: dict[str, Any]) -> Iterator[Fault]:
    yield from _rolling_counts(rolling)
    fewer = count_of(rolling.get("maxUnavailable"), default=25)
    more = count_of(rolling.get("maxSurge"), default=25)
    if fewer == 0 == more:
        detail = "may not be 0 when `maxSurge` is 0"
        yield invalid(rolling.get("maxUnavailable"), detail, "Raise one.", ("maxUnavailable",))


@field_check("apps", "DaemonSet")
def daemon_set_fields(manifest: Any) -> Iterator[Fault]:
    """A rollout takes pods away or adds them on top, and does not do both."""
    spec = struct(manifest.get("spec"))
    yield from under(_counts(spec), "spec")
    strategy = struct(spec.get("updateStrategy"))
    kind, rolling = strategy.get("type"), strategy.get("rollingUpdate")
    at = ("spec", "updateStrategy")
    if kind in (None, "", "RollingUpdate"):
        yield from under(_rolling_daemons(struct(rolling)), *at, "rollingUpdate")
    elif kind != "OnDelete" and isinstance(kind, str):
        yield unsupported(kind, ("RollingUpdate", "OnDelete"), (*at, "type"))


_daemon_counts = fields(
    {
        "maxUnavailable": both(int_or_percent, at_most_all),
        "maxSurge": both(int_or_percent, at_most_all),
    }
)


def _rolling_daemons(rolling: dict[str, Any]) -> Iterator[Fault]:
    yield from _daemon_counts(rolling)
    fewer = count_of(rolling.get("maxUnavailable"), default=1)
    more = count_of(rolling.get("maxSurge"), default=0)
    if fewer is None or more is None:
        return
    if fewer and more:
        detail = "may not be set when maxUnavailable is non-zero"
        mend = "Set maxUnavailable to 0, or remove maxSurge."
        yield invalid(rolling.get("maxSurge"), detail, mend, ("maxSurge",))
    elif not fewer and not more:
        detail = "cannot be 0 when maxSurge is 0"
        yield required(detail, "Set maxUnavailable to 1.", ("maxUnavailable",))


@field_check("apps", "ReplicaSet")
def replica_set_fields(manifest: Any) -> Iterator[Fault]:
    """Counts and seconds are not negative."""
    yield from under(_counts(manifest.get("spec")), "spec")


@field_check("", "ReplicationController")
def replication_controller_fields(manifest: Any) -> Iterator[Fault]:
    """Counts and seconds are not negative."""
    yield from under(_counts(manifest.get("spec")), "spec")


RETENTION = one_of("Retain", "Delete")
_stateful = fields(
    {
        "replicas": natural,
        "minReadySeconds": natural,
        "ordinals": fields({"start": natural}),
        "podManagementPolicy": one_of("OrderedReady", "Parallel"),
        "persistentVolumeClaimRetentionPolicy": fields(
            {"whenDeleted": RETENTION, "whenScaled": RETENTION}
        ),
    }
)


@field_check("apps", "StatefulSet")
def stateful_set_fields(manifest: Any) -> Iterator[Fault]:
    """Policies exist, the rollout fits its type, claim templates have names and specs."""
    spec = struct(manifest.get("spec"))
    yield from under(_stateful(spec), "spec")
    # Older API servers take any of these, and then refuse the pods and the claims.
    yield from under(given(dns_label)(spec.get("serviceName")), "spec", "serviceName")
    yield from under(_update(struct(spec.get("updateStrategy"))), "spec", "updateStrategy")
    for index, template in dicts(spec.get("volumeClaimTemplates")):
        at = ("spec", "volumeClaimTemplates", index)
        name = struct(template.get("metadata")).get("name")
        if name in (None, ""):
            yield required(path=(*at, "metadata", "name"))
        yield from under(given(dns_label)(name), *at, "metadata", "name")
        yield from under(claim_spec(template.get("spec") or {}), *at, "spec")


def _update(strategy: dict[str, Any]) -> Iterator[Fault]:
    kind, rolling = strategy.get("type"), strategy.get("rollingUpdate")
    if kind == "OnDelete":
        if rolling is not None:
            detail = "only allowed for updateStrategy 'RollingUpdate'"
            yield invalid(rolling, detail, "Remove rollingUpdate.", ("rollingUpdate",))
    elif kind in (None, "", "RollingUpdate"):
        yield from under(_rolling_stateful(struct(rolling)), "rollingUpdate")
    elif isinstance(kind, str):
        yield invalid(kind, "must be 'RollingUpdate' or 'OnDelete'", "Use one of them.", ("type",))


_partition = fields({"partition": natural})
_most_away = new(minors.MOST_UNAVAILABLE, both(int_or_percent, at_most_all))


def _rolling_stateful(rolling: dict[str, Any]) -> Iterator[Fault]:
    yield from _partition(rolling)
    value = rolling.get("maxUnavailable")
    yield from under(_most_away(value), "maxUnavailable")
    if count_of(value, default=1) == 0:
        fault = invalid(value, "cannot be 0", "Use 1 or more.", ("maxUnavailable",))
        yield since(fault, minors.MOST_UNAVAILABLE)


@field_check("apps", "ControllerRevision")
def controller_revision_fields(manifest: Any) -> Iterator[Fault]:
    """A revision has a number that is not negative, and data."""
    yield from under(natural64(manifest.get("revision")), "revision")
    if manifest.get("data") is None:
        yield required("data is mandatory", path=("data",))


CHECKS = (
    deployment_fields,
    daemon_set_fields,
    replica_set_fields,
    replication_controller_fields,
    stateful_set_fields,
    controller_revision_fields,
)
