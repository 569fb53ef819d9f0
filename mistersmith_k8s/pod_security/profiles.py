"""Checks of the profiles that confine a container: AppArmor, seccomp, SELinux."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mistersmith_k8s.pod_security.fields import present, text
from mistersmith_k8s.pod_security.forbidden import (
    Forbidden,
    Look,
    containers,
    listed,
    literal,
    plural,
    quoted,
    setters,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Any

    from mistersmith_k8s.pod_security.pod import Path, Pod, Scope

CONFINING = ("RuntimeDefault", "Localhost")

APP_ARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/"
SECCOMP_POD_ANNOTATION = "seccomp.security.alpha.kubernetes.io/pod"
SECCOMP_ANNOTATION = "container.seccomp.security.alpha.kubernetes.io/"

SELINUX_TYPES = frozenset({"", "container_t", "container_init_t", "container_kvm_t"})
SELINUX_TYPES_1_31 = SELINUX_TYPES | {"container_engine_t"}


def app_armor(pod: Pod) -> Forbidden | None:
    """No profile is looser than the runtime's, by field or by annotation."""
    bad = _loose("appArmorProfile", pod)
    notes = sorted(key for key, value in pod.annotations.items() if _is_loose_note(key, value))
    if not bad and not notes:
        return None
    blamed = [setters(bad)] * bool(bad) + [plural("annotation", notes)] * bool(notes)
    values = _types("appArmorProfile", bad)
    values += sorted(f"{key}={literal(pod.annotations[key])}" for key in notes)
    return Forbidden(
        plural("forbidden AppArmor profile", values),
        f"{' and '.join(blamed)} must not set AppArmor profile type to {quoted(values)}",
        (*_type_paths("appArmorProfile", bad), *map(_annotation, notes)),
    )


def _is_loose_note(key: str, value: str) -> bool:
    confined = value in {"", "runtime/default"} or value.startswith("localhost/")
    return key.startswith(APP_ARMOR_ANNOTATION) and not confined


def seccomp_annotations(pod: Pod) -> Forbidden | None:
    """No annotation asks for a profile looser than the runtime's; before 1.19 there is no field."""
    keys = {SECCOMP_POD_ANNOTATION, *(f"{SECCOMP_ANNOTATION}{c.name}" for c in pod.containers)}
    bad = sorted(
        key
        for key in keys & pod.annotations.keys()
        if pod.annotations[key] not in {"runtime/default", "docker/default"}
        and not pod.annotations[key].startswith("localhost/")
    )
    if not bad:
        return None
    values = sorted(f"{key}={literal(pod.annotations[key])}" for key in bad)
    return Forbidden(
        "seccompProfile",
        f"forbidden {plural('annotation', values)} {', '.join(values)}",
        tuple(map(_annotation, bad)),
    )


def seccomp(pod: Pod) -> Forbidden | None:
    """No profile is looser than the runtime's."""
    bad = _loose("seccompProfile", pod)
    if not bad:
        return None
    values = quoted(_types("seccompProfile", bad))
    return Forbidden(
        "seccompProfile",
        f"{setters(bad)} must not set securityContext.seccompProfile.type to {values}",
        _type_paths("seccompProfile", bad),
    )


def seccomp_required(pod: Pod) -> Forbidden | None:
    """Every container has a profile, its own or the pod's, and none is looser than the runtime's.

    A profile without a type is a loose one.
    """
    loose = seccomp(pod)
    if loose or present(pod.itself.security.get("seccompProfile")) is not None:
        return loose
    bare = [c for c in pod.containers if present(c.security.get("seccompProfile")) is None]
    if not bare:
        return None
    return Forbidden(
        "seccompProfile",
        f"pod or {containers(bare)} must set securityContext.seccompProfile.type to"
        ' "RuntimeDefault" or "Localhost"',
        _type_paths("seccompProfile", bare),
    )


def se_linux(types: Collection[str]) -> Look:
    """A check that SELinux options have one of the types, and neither user nor role."""

    def look(pod: Pod) -> Forbidden | None:
        bad = {scope.path: wrong for scope in pod.scopes if (wrong := _wrong(scope, types))}
        if not bad:
            return None
        bad_types = sorted({value for wrong in bad.values() for value in wrong.get("type", ())})
        faults = [listed("type", bad_types)] * bool(bad_types)
        faults += [
            f"{key} may not be set"
            for key in ("user", "role")
            if any(key in wrong for wrong in bad.values())
        ]
        setting = setters([scope for scope in pod.scopes if scope.path in bad])
        return Forbidden(
            "seLinuxOptions",
            f"{setting} set forbidden securityContext.seLinuxOptions: {'; '.join(faults)}",
            tuple(s.at("seLinuxOptions", key) for s in pod.scopes for key in bad.get(s.path, ())),
        )

    return look


def _wrong(scope: Scope, types: Collection[str]) -> Mapping[str, tuple[str, ...]]:
    """What a scope sets wrongly, by field; the type with its value."""
    options: Mapping[str, Any] = present(scope.security.get("seLinuxOptions")) or {}
    kind = text(options.get("type"))
    wrong = {"type": (kind,)} if kind not in types else {}
    return wrong | {key: () for key in ("user", "role") if text(options.get(key))}


def _loose(field: str, pod: Pod) -> list[Scope]:
    """The scopes whose profile is not a confining one; no profile at all is not theirs."""
    return [
        scope
        for scope in pod.scopes
        if (profile := present(scope.security.get(field))) is not None
        and text(profile.get("type")) not in CONFINING
    ]


def _types(field: str, scopes: list[Scope]) -> list[str]:
    return sorted({text(scope.security[field].get("type")) for scope in scopes})


def _type_paths(field: str, scopes: list[Scope]) -> tuple[Path, ...]:
    return tuple(scope.at(field, "type") for scope in scopes)


def _annotation(key: str) -> Path:
    return ("metadata", "annotations", key)
