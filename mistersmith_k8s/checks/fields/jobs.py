"""Jobs and CronJobs.

Source: pkg/apis/batch/validation of k8s.io/kubernetes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields import minors
from mistersmith_k8s.checks.fields.cron import wrong_schedule
from mistersmith_k8s.checks.fields.faults import (
    forbidden,
    invalid,
    later,
    required,
    since,
    under,
    unsupported,
)
from mistersmith_k8s.checks.fields.formats import wrong_label, wrong_prefixed_path
from mistersmith_k8s.checks.fields.job_policies import failure_policy, success_policy
from mistersmith_k8s.checks.fields.rules import (
    Rule,
    field_check,
    fields,
    is_int,
    natural,
    natural64,
    new,
    one_of,
    pick,
    struct,
    text,
)
from mistersmith_k8s.checks.fields.selectors import matches, selector
from mistersmith_k8s.checks.fields.time_zones import wrong_time_zone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.fields.faults import Fault

LABEL_LENGTH = 63
CRON_JOB_NAME_LENGTH = 52  # eleven characters are left for the time stamp of the job
MOST_PARALLEL = MOST_FAILED = MANY = 100_000
MOST_PARALLEL_OF_MANY = MOST_FAILED_OF_MANY = 10_000
UID_LABELS = ("controller-uid", "batch.kubernetes.io/controller-uid")
NAME_LABELS = ("job-name", "batch.kubernetes.io/job-name")


def _managed_by(value: str) -> str:
    long = len(value) > LABEL_LENGTH
    return f"may not be more than {LABEL_LENGTH} bytes" if long else wrong_prefixed_path(value)


_JOB: dict[str, Rule] = {
    **dict.fromkeys(
        ("parallelism", "completions", "backoffLimit", "ttlSecondsAfterFinished"), natural
    ),
    **dict.fromkeys(
        ("backoffLimitPerIndex", "maxFailedIndexes"), new(minors.INDEX_BACKOFF, natural)
    ),
    "activeDeadlineSeconds": natural64,
    "managedBy": new(minors.MANAGED_BY, text(_managed_by, "Write a domain, '/' and a name.")),
    "completionMode": pick("NonIndexed", "Indexed"),
    "podReplacementPolicy": new(minors.POD_REPLACEMENT, pick("Failed", "TerminatingOrFailed")),
    "selector": selector,
}
_job = fields(_JOB)


def job_spec(value: Any) -> Iterator[Fault]:
    """What a job says, alone or as a CronJob's template."""
    spec = struct(value)
    yield from _job(spec)
    if spec.get("maxFailedIndexes") is not None and spec.get("backoffLimitPerIndex") is None:
        yield required("when maxFailedIndexes is specified", path=("backoffLimitPerIndex",))
    if spec.get("completionMode") == "Indexed":
        yield from _indexed(spec)
    else:
        for name in ("backoffLimitPerIndex", "maxFailedIndexes", "successPolicy"):
            if spec.get(name) is not None:
                mend = "Set completionMode: Indexed."
                yield invalid(spec[name], "requires indexed completion mode", mend, (name,))
    failure = spec.get("podFailurePolicy")
    if failure is not None:
        yield from under(failure_policy(failure, spec), "podFailurePolicy")
        if spec.get("podReplacementPolicy") == "TerminatingOrFailed":
            yield unsupported("TerminatingOrFailed", ("Failed",), ("podReplacementPolicy",))


def _indexed(spec: dict[str, Any]) -> Iterator[Fault]:
    completions, parallel = spec.get("completions"), spec.get("parallelism")
    failed = spec.get("maxFailedIndexes")
    if completions is None:
        yield required("when completion mode is Indexed", path=("completions",))
    many = is_int(completions) and completions > MANY
    many = many and spec.get("backoffLimitPerIndex") is not None
    yield from _at_most(parallel, MOST_PARALLEL_OF_MANY if many else MOST_PARALLEL, "parallelism")
    yield from _at_most(failed, MOST_FAILED_OF_MANY if many else MOST_FAILED, "maxFailedIndexes")
    if is_int(failed) and is_int(completions) and failed > completions:
        detail = "must be less than or equal to completions"
        yield invalid(failed, detail, f"Use {completions} or less.", ("maxFailedIndexes",))
    if many and failed is None:
        detail = f"must be specified when completions is above {MANY}"
        yield required(detail, path=("maxFailedIndexes",))
    if spec.get("successPolicy") is not None:
        found = under(success_policy(spec["successPolicy"], completions), "successPolicy")
        yield from later(found, minors.SUCCESS_POLICY)


def _at_most(value: Any, most: int, name: str) -> Iterator[Fault]:
    if is_int(value) and value > most:
        detail = f"must be less than or equal to {most} when completion mode is Indexed"
        yield invalid(value, detail, f"Use {most} or less.", (name,))


@field_check("batch", "Job")
def job_fields(manifest: Any) -> Iterator[Fault]:
    """Counts are in range and fit the completion mode; the selector is made by the server."""
    spec, metadata = struct(manifest.get("spec")), struct(manifest.get("metadata"))
    if spec.get("completions") is None is spec.get("parallelism"):
        spec = {**spec, "completions": 1}  # what the API server sets
    yield from under(job_spec(spec), "spec")
    name = metadata.get("name")
    if isinstance(name, str):
        yield from under(_job_name(name, spec), "metadata", "name")
    labels = struct(struct(struct(spec.get("template")).get("metadata")).get("labels"))
    if spec.get("manualSelector") is not True:
        yield from _generated(str(name), spec, labels)
    elif spec.get("selector") is None:
        yield required(path=("spec", "selector"))
    elif not matches(spec["selector"], labels):
        at = ("spec", "template", "metadata", "labels")
        mend = "Give the template the labels that the selector asks for."
        yield invalid(labels, "`selector` does not match template `labels`", mend, at)


def _job_name(name: str, spec: dict[str, Any]) -> Iterator[Fault]:
    """The name becomes a label of the pods, and with an index their host name."""
    if len(name) > LABEL_LENGTH and spec.get("manualSelector") is not True:
        detail = f"must be no more than {LABEL_LENGTH} characters"
        yield invalid(name, detail, "Use a shorter name.")
    completions = spec.get("completions")
    if spec.get("completionMode") == "Indexed":
        last = completions - 1 if is_int(completions) and completions else 0
        if wrong_label(f"{name}-{last}"):
            detail = f"will not able to create pod with invalid DNS label: {name}-{last}"
            yield invalid(name, detail, "Use a shorter name without dots.")


def _generated(name: str, spec: dict[str, Any], labels: dict[str, Any]) -> Iterator[Fault]:
    """The API server selects by a unique label of its own; what was there by hand must agree."""
    own = {**dict.fromkeys(NAME_LABELS, name)}
    chosen = spec.get("selector")
    if isinstance(chosen, dict) and not matches(chosen, own):
        mend = "Remove selector, or set manualSelector: true."
        yield invalid(chosen, "`selector` not auto-generated", mend, ("spec", "selector"))
    for key in (*NAME_LABELS, *UID_LABELS):
        if key in labels and labels[key] != own.get(key):
            at = ("spec", "template", "metadata", "labels", key)
            mend = "Remove the label: the API server sets it."
            yield invalid(labels[key], f"must be '{own.get(key, 'the uid')}'", mend, at)


@field_check("batch", "CronJob")
def cron_job_fields(manifest: Any) -> Iterator[Fault]:
    """A schedule that can be read, a time zone that exists, a name with room for a time stamp."""
    spec, metadata = struct(manifest.get("spec")), struct(manifest.get("metadata"))
    name, schedule = metadata.get("name"), spec.get("schedule")
    if isinstance(name, str) and len(name) > CRON_JOB_NAME_LENGTH:
        detail = f"must be no more than {CRON_JOB_NAME_LENGTH} characters"
        yield invalid(name, detail, "Use a shorter name.", ("metadata", "name"))
    yield from under(_cron(spec), "spec")
    if isinstance(schedule, str) and "TZ" in schedule:
        detail = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
        yield since(
            invalid(schedule, detail, "Set timeZone.", ("spec", "schedule")), minors.CRON_TIME_ZONE
        )
    job = struct(struct(spec.get("jobTemplate")).get("spec"))
    at = ("spec", "jobTemplate", "spec")
    yield from under(job_spec(job), *at)
    if job.get("selector") is not None:
        detail = "`selector` will be auto-generated"
        yield invalid(job["selector"], detail, "Remove it.", (*at, "selector"))
    if job.get("manualSelector") is True:
        mend = "Remove it."
        yield forbidden('supported values: "nil", "false"', mend, (*at, "manualSelector"))


_cron = fields(
    {
        "schedule": text(wrong_schedule, "Write five fields: minute hour day month weekday."),
        "timeZone": text(wrong_time_zone, "Write a name such as Europe/Berlin or Etc/UTC."),
        "startingDeadlineSeconds": natural64,
        "successfulJobsHistoryLimit": natural,
        "failedJobsHistoryLimit": natural,
        "concurrencyPolicy": one_of("Allow", "Forbid", "Replace"),
    },
    needs=("schedule",),
)
CHECKS = (job_fields, cron_job_fields)
