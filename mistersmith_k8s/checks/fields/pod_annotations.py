"""Annotations of pods that the API server reads.

Source: pkg/apis/core/validation of k8s.io/kubernetes, `ValidatePodSpecificAnnotations`,
`validateSeccompAnnotationsAndFields`, `validateAppArmorAnnotationsAndFieldsMatchOnCreate`.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields.faults import forbidden, invalid, under
from mistersmith_k8s.checks.fields.paths import descending
from mistersmith_k8s.checks.fields.pods import Pod, pod_check
from mistersmith_k8s.checks.fields.rules import each, struct
from mistersmith_k8s.checks.fields.scheduling import tolerates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.fields.faults import Fault
    from mistersmith_k8s.checks.finding import Path

SECCOMP = "seccomp.security.alpha.kubernetes.io/pod"
SECCOMP_OF = "container.seccomp.security.alpha.kubernetes.io/"
APP_ARMOR_OF = "container.apparmor.security.beta.kubernetes.io/"
DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
MIRROR = "kubernetes.io/config.mirror"
TOLERATIONS = "scheduler.alpha.kubernetes.io/tolerations"
LOCAL = "localhost/"
DEFAULTS = ("runtime/default", "docker/default")
_is_cost = re.compile(r"0|[1-9][0-9]{0,9}|-[0-9]{1,10}", re.ASCII).fullmatch
# The annotation that says what a profile type says.
WORDS = {"Unconfined": ("unconfined",), "RuntimeDefault": DEFAULTS}


@pod_check
def pod_annotations(pod: Pod) -> Iterator[Fault]:
    """Annotations with a meaning to the API server have values that it can read."""
    notes = struct(pod.metadata.get("annotations"))
    for key, value in notes.items():
        if isinstance(key, str) and isinstance(value, str | None) and "kubernetes.io/" in key:
            yield from under(_note(key, value or "", pod), "metadata", "annotations", key)
    if any(
        isinstance(key, str) and (key == SECCOMP or key.startswith("container.")) for key in notes
    ):
        yield from _profiles(pod, notes)


def _note(key: str, value: str, pod: Pod) -> Iterator[Fault]:
    if key == MIRROR and not pod.spec.get("nodeName"):
        detail = "must set spec.nodeName if mirror pod annotation is set"
        yield invalid(value, detail, "Remove the annotation.")
    elif key == DELETION_COST and not (_is_cost(value) and -(2**31) <= int(value) < 2**31):
        yield invalid(value, "must be a 32bit integer", "Write a whole number.")
    elif key == TOLERATIONS and value:
        yield from _tolerations(value)
    elif key == SECCOMP or key.startswith(SECCOMP_OF):
        if value.startswith(LOCAL):
            yield from descending(value.removeprefix(LOCAL))
        elif value not in (*DEFAULTS, "unconfined"):
            yield invalid(value, "must be a valid seccomp profile", "Use seccompProfile instead.")
    elif key.startswith(APP_ARMOR_OF):
        yield from _app_armor(key.removeprefix(APP_ARMOR_OF), value, pod)


def _tolerations(value: str) -> Iterator[Fault]:
    try:
        found = json.loads(value)
    except ValueError:
        yield invalid(value, "must be a list of tolerations in JSON", "Use spec.tolerations.")
    else:
        yield from each(tolerates)(found)


def _app_armor(container: str, value: str, pod: Pod) -> Iterator[Fault]:
    if container not in [item.get("name") for _, item in pod.containers()]:
        yield invalid(container, "container not found", "Name a container of the pod.")
    if value not in ("", "runtime/default", "unconfined") and not value.startswith(LOCAL):
        detail = f'invalid AppArmor profile name: "{value}"'
        yield invalid(value, detail, "Use appArmorProfile instead.")


def _profiles(pod: Pod, notes: dict[str, Any]) -> Iterator[Fault]:
    """Where an annotation and a field speak of one profile, they agree."""
    own = struct(pod.spec.get("securityContext"))
    at: Path = ("spec", "securityContext", "seccompProfile")
    yield from under(_agree(notes.get(SECCOMP), own.get("seccompProfile"), "seccomp"), *at)
    windows = struct(pod.spec.get("os")).get("name") == "windows"
    for path, container in pod.containers():
        name = container.get("name")
        context = struct(container.get("securityContext"))
        at = ("spec", *path, "securityContext")
        note, field = notes.get(f"{SECCOMP_OF}{name}"), context.get("seccompProfile")
        yield from under(_agree(note, field, "seccomp"), *at, "seccompProfile")
        if not windows:
            note = notes.get(f"{APP_ARMOR_OF}{name}")
            field = context.get("appArmorProfile") or own.get("appArmorProfile")
            yield from under(_agree(note, field, "apparmor"), *at, "appArmorProfile")


def _agree(note: Any, field: Any, what: str) -> Iterator[Fault]:
    if not isinstance(note, str) or not isinstance(field, dict):
        return
    kind, file = field.get("type"), field.get("localhostProfile")
    mend = "Remove the annotation."
    if kind == "Localhost" and note.startswith(LOCAL):
        if note.removeprefix(LOCAL) != file:
            detail = f"{what} profile in annotation and field must match"
            yield forbidden(detail, mend, ("localhostProfile",))
    elif kind == "Localhost" or note not in WORDS.get(str(kind), (note,)):
        yield forbidden(f"{what} type in annotation and field must match", mend, ("type",))


CHECKS = (pod_annotations,)
