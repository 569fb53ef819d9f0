"""Pod templates: they match their selector, and restart as their owner needs.

Source: pkg/apis/apps/validation, pkg/apis/batch/validation and pkg/apis/core/validation of
k8s.io/kubernetes, `ValidatePodTemplateSpecForReplicaSet`, `validateJobSpec` and their like.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mistersmith_k8s.checks.fields.faults import (
    Fault,
    forbidden,
    invalid,
    required,
    under,
    unsupported,
)
from mistersmith_k8s.checks.fields.pods import Pod, pod_check, pod_of
from mistersmith_k8s.checks.fields.rules import object_check, struct
from mistersmith_k8s.checks.fields.selectors import is_empty, is_sound, matches, selector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.world import Object

APPS = ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet")
ALWAYS = (*APPS, "ReplicationController")
MISMATCH = "`selector` does not match template `labels`"
MISMATCH_MEND = "Give the template the labels that the selector asks for."
LABELS = ("spec", "template", "metadata", "labels")


@object_check(*ALWAYS)
def selector_template(item: Object) -> Iterator[Fault]:
    """A controller selects the pods that its template makes."""
    pod = pod_of(item)
    if pod is None:
        return
    if pod.kind == "ReplicationController":
        yield from _plain(pod)
    else:
        yield from _selector(pod)


def _selector(pod: Pod) -> Iterator[Fault]:
    chosen = pod.owner.get("selector")
    labels = struct(pod.metadata.get("labels"))
    if chosen is None:
        yield required(mend="Select the labels of the template.", path=("spec", "selector"))
    elif isinstance(chosen, dict):
        yield from under(selector(chosen), "spec", "selector")
        if is_empty(chosen):
            detail = f"empty selector is invalid for {pod.kind.lower()}"
            mend = "Select the labels of the template."
            yield invalid(chosen, detail, mend, ("spec", "selector"))
        elif is_sound(chosen) and not matches(chosen, labels):
            yield invalid(labels, MISMATCH, MISMATCH_MEND, LABELS)


def _plain(pod: Pod) -> Iterator[Fault]:
    """A ReplicationController without a selector takes the labels of its template."""
    chosen, labels = pod.owner.get("selector"), struct(pod.metadata.get("labels"))
    if not chosen and not labels:
        mend = "Give the template labels, and select them."
        yield required(mend=mend, path=("spec", "selector"))
    elif isinstance(chosen, dict) and any(labels.get(key) != chosen[key] for key in chosen):
        yield invalid(labels, MISMATCH, MISMATCH_MEND, LABELS)


@pod_check
def restart_policy(pod: Pod) -> Iterator[Fault]:
    """Pods of a controller are always restarted, pods of a job are not."""
    policy = pod.spec.get("restartPolicy")
    at = ("spec", "restartPolicy")
    if pod.kind in ALWAYS:
        if policy in ("OnFailure", "Never"):
            yield unsupported(policy, ("Always",), at)
        if pod.spec.get("activeDeadlineSeconds") is not None:
            detail = f"activeDeadlineSeconds in {pod.kind} is not Supported"
            yield forbidden(detail, "Remove it.", ("spec", "activeDeadlineSeconds"))
    elif pod.kind in ("Job", "CronJob"):
        if policy in (None, "", "Always"):
            yield required('valid values: "OnFailure", "Never"', "Set OnFailure or Never.", at)
        elif policy == "OnFailure" and pod.owner.get("podFailurePolicy") is not None:
            detail = 'only "Never" is supported when podFailurePolicy is specified'
            yield invalid(policy, detail, "Use Never.", at)


CHECKS = (selector_template, restart_policy)
