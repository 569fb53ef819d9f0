"""Security contexts of pods and containers, for Linux and for Windows.

Source: pkg/apis/core/validation of k8s.io/kubernetes, `ValidateSecurityContext`,
`validatePodSpecSecurityContext`, `validateSeccompProfileField`, `ValidateAppArmorProfileField`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields import minors
from mistersmith_k8s.checks.fields.faults import (
    duplicate,
    invalid,
    required,
    since,
    too_long,
    under,
)
from mistersmith_k8s.checks.fields.paths import descending
from mistersmith_k8s.checks.fields.pods import Container, Pod, container_check, pod_check
from mistersmith_k8s.checks.fields.rules import (
    between,
    both,
    dicts,
    each,
    fields,
    new,
    pick,
    struct,
    text,
)
from mistersmith_k8s.checks.fields.windows import windows_options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.fields.faults import Fault
    from mistersmith_k8s.checks.fields.rules import Rule

USER_ID = between(0, 2**31 - 1)
PROFILES = ("Localhost", "RuntimeDefault", "Unconfined")
PATH_LENGTH = 4095
SYSCTL_LENGTH = 253
_segment = r"[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_is_sysctl = re.compile(rf"({_segment}[./])*{_segment}").fullmatch
# The sysctls that belong to the IPC namespace; those of the network start with net.
# Source: component-helpers/node/util/sysctl, `nameToNamespace`.
IPC = frozenset(
    (
        "kernel.sem",
        *(f"kernel.shm{name}" for name in ("", "all", "max", "mni", "_rmid_forced")),
        *(f"kernel.msg{name}" for name in ("", "max", "mnb", "mni")),
    )
)


def _profile(value: Any) -> Iterator[Fault]:
    """A profile has a type, and a file exactly when the type is Localhost."""
    profile = struct(value)
    kind, file = profile.get("type"), profile.get("localhostProfile")
    if kind == "Localhost" and file is None:
        detail = "must be set when type is Localhost"
        yield required(detail, "Name the profile's file.", ("localhostProfile",))
    elif kind != "Localhost" and file is not None:
        detail = "can only be set when type is Localhost"
        yield invalid(file, detail, "Remove it.", ("localhostProfile",))


def _app_armor_file(value: Any) -> Iterator[Fault]:
    profile = struct(value)
    file = profile.get("localhostProfile")
    if profile.get("type") == "Localhost" and isinstance(file, str):
        at = ("localhostProfile",)
        if file != file.strip():
            yield invalid(file, "must not be padded with whitespace", "Remove the blanks.", at)
        elif not file:
            yield required("must be set when AppArmor type is Localhost", path=at)
        if len(file) > PATH_LENGTH:
            yield too_long(PATH_LENGTH, "Use a shorter path.", at)


_type = fields({"type": pick(*PROFILES)}, needs=("type",))
seccomp = both(_type, _profile, fields({"localhostProfile": descending}))
app_armor = both(_type, _profile, _app_armor_file)
_CONTEXT: dict[str, Rule] = {
    "runAsUser": USER_ID,
    "runAsGroup": USER_ID,
    "seccompProfile": seccomp,
    "appArmorProfile": app_armor,
    "windowsOptions": windows_options,
}
_container = fields({**_CONTEXT, "procMount": new(minors.PROC_MOUNT, pick("Default", "Unmasked"))})
_pod = fields(
    {
        **_CONTEXT,
        "fsGroup": USER_ID,
        "supplementalGroups": each(USER_ID),
        "fsGroupChangePolicy": pick("Always", "OnRootMismatch"),
        "supplementalGroupsPolicy": new(minors.GROUPS_POLICY, pick("Merge", "Strict")),
        "seLinuxChangePolicy": pick("MountOption", "Recursive"),
    }
)


@container_check
def security_context(container: Container, pod: Pod) -> Iterator[Fault]:
    """Users, groups and profiles of a container can be, and do not contradict each other."""
    value = container.get("securityContext")
    if isinstance(value, dict):
        yield from under(_container(value), "securityContext")
        yield from under(_contradictions(value, pod), "securityContext")


def _contradictions(context: dict[str, Any], pod: Pod) -> Iterator[Fault]:
    if context.get("procMount") == "Unmasked" and pod.spec.get("hostUsers") is not False:
        detail = "`hostUsers` must be false to use `Unmasked`"
        fault = invalid("Unmasked", detail, "Set hostUsers: false of the pod.", ("procMount",))
        yield since(fault, minors.PROC_MOUNT)
    if context.get("allowPrivilegeEscalation") is not False:
        return
    at = ("allowPrivilegeEscalation",)
    if context.get("privileged") is True:
        detail = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"
        yield invalid(value=False, detail=detail, mend="Remove privileged.", path=at)
    added = struct(context.get("capabilities")).get("add")
    if isinstance(added, list) and "CAP_SYS_ADMIN" in added:
        detail = (
            "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"
        )
        yield invalid(value=False, detail=detail, mend="Remove CAP_SYS_ADMIN.", path=at)


@pod_check
def pod_security_context(pod: Pod) -> Iterator[Fault]:
    """Users, groups, profiles and sysctls of a pod can be."""
    value = pod.spec.get("securityContext")
    if not isinstance(value, dict):
        return
    yield from under(_pod(value), "spec", "securityContext")
    yield from under(_sysctls(value.get("sysctls"), pod), "spec", "securityContext", "sysctls")


def _wrong_sysctl(value: str) -> str:
    if len(value) <= SYSCTL_LENGTH and _is_sysctl(value):
        return ""
    return f"must have at most {SYSCTL_LENGTH} characters and match regex ^({_segment}[./])*"


_sysctl_name = text(_wrong_sysctl, "Write a name such as net.core.somaxconn.")


def _sysctls(value: Any, pod: Pod) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, sysctl in dicts(value):
        name = sysctl.get("name")
        if name in (None, ""):
            yield required(path=(index, "name"))
        elif isinstance(name, str):
            yield from under(_sysctl_name(name), index, "name")
            if name in seen:
                yield duplicate(name, (index, "name"))
            seen.add(name)
            yield from under(_host_sysctl(name.replace("/", "."), pod), index, "name")


def _host_sysctl(name: str, pod: Pod) -> Iterator[Fault]:
    is_ipc = name in IPC or name.startswith("fs.mqueue.")
    switch = "hostNetwork" if name.startswith("net.") else "hostIPC" if is_ipc else ""
    if switch and pod.spec.get(switch) is True:
        detail = f"may not be specified when '{switch}' is true"
        yield invalid(name, detail, "Set it on the host.")


CHECKS = (security_context, pod_security_context)
