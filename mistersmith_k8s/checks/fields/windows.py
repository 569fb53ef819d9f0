"""What pods for Windows may say, and what only they may say.

Source: pkg/apis/core/validation of k8s.io/kubernetes, `validateWindows`, `validateLinux`,
`validateWindowsSecurityContextOptions`, `validateWindowsHostProcessPod`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields import minors
from mistersmith_k8s.checks.fields.faults import forbidden, invalid, since
from mistersmith_k8s.checks.fields.formats import dns_subdomain
from mistersmith_k8s.checks.fields.pods import Pod, pod_check
from mistersmith_k8s.checks.fields.rules import fields, needs_value, struct, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.fields.faults import Fault

SYSTEMS = ("linux", "windows")
CREDENTIALS_SIZE = 64 * 1024
DOMAIN_LENGTH, USER_LENGTH = 256, 104
_control = re.compile(r"[\x00-\x1f\x7f]").search
_net_bios = re.compile(r'[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}').fullmatch
_dns_part = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_dns_domain = re.compile(rf"{_dns_part}(?:\.{_dns_part})*").fullmatch
_bad_user = re.compile(r'["/\\:;|=,+*?<>@\[\]]').search
_dots_or_blanks = re.compile(r"[. ]+").fullmatch
# What means nothing on Windows, in the pod, in its security context and in its containers'.
POD = ("hostUsers", "hostPID", "hostIPC", "shareProcessNamespace")
POD_CONTEXT = (
    *("appArmorProfile", "seLinuxOptions", "seccompProfile", "fsGroup", "fsGroupChangePolicy"),
    *("sysctls", "runAsUser", "runAsGroup", "supplementalGroups", "supplementalGroupsPolicy"),
    "seLinuxChangePolicy",
)
CONTEXT = (
    *("appArmorProfile", "seLinuxOptions", "seccompProfile", "capabilities"),
    *("readOnlyRootFilesystem", "privileged", "allowPrivilegeEscalation", "procMount"),
    *("runAsUser", "runAsGroup"),
)


def _wrong_user(value: str) -> str:
    if not value:
        return "runAsUserName cannot be an empty string"
    if _control(value):
        return "runAsUserName cannot contain control characters"
    domain, slash, user = value.rpartition("\\")
    return (_wrong_domain(domain) if slash else "") or _wrong_login(user)


def _wrong_domain(domain: str) -> str:
    if "\\" in domain:
        return "runAsUserName cannot contain more than one backslash"
    if not (_net_bios(domain) or _dns_domain(domain)) or len(domain) >= DOMAIN_LENGTH:
        return "runAsUserName's Domain doesn't match the NetBios nor the DNS format"
    return ""


def _wrong_login(user: str) -> str:
    if not user:
        return "runAsUserName's User cannot be empty"
    if len(user) > USER_LENGTH:
        return f"runAsUserName's User length must not be longer than {USER_LENGTH} characters"
    if _dots_or_blanks(user):
        return "runAsUserName's User cannot contain only periods or spaces"
    return "runAsUserName's User cannot contain special characters" if _bad_user(user) else ""


def _wrong_credentials(value: str) -> str:
    if not value:
        return "gmsaCredentialSpec cannot be an empty string"
    large = len(value.encode("utf-8", "replace")) > CREDENTIALS_SIZE
    return "gmsaCredentialSpec size must be under 64 KiB" if large else ""


windows_options = fields(
    {
        "gmsaCredentialSpecName": dns_subdomain,
        "gmsaCredentialSpec": text(_wrong_credentials, "Set it to the specification's JSON."),
        "runAsUserName": text(_wrong_user, "Write user or DOMAIN\\user."),
    }
)


@pod_check
def operating_system(pod: Pod) -> Iterator[Fault]:
    """A pod that names its operating system says nothing that means nothing there."""
    if not isinstance(pod.spec.get("os"), dict):
        return
    name = pod.spec["os"].get("name")
    yield from needs_value(name, SYSTEMS, ("spec", "os", "name"))
    if name == "windows":
        yield from _windows(pod)
    elif name == "linux":
        for path, context in _contexts(pod):
            if context.get("windowsOptions") is not None:
                detail = "windows options cannot be set for a linux pod"
                yield forbidden(detail, "Remove them.", (*path, "windowsOptions"))


def _contexts(pod: Pod) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    yield ("spec", "securityContext"), struct(pod.spec.get("securityContext"))
    for path, container in pod.containers():
        context = struct(container.get("securityContext"))
        yield ("spec", *path, "securityContext"), context


def _windows(pod: Pod) -> Iterator[Fault]:
    detail = "cannot be set for a windows pod"
    switches = {"hostPID", "hostIPC"}  # their false is the same as their absence
    for name in POD:
        value = pod.spec.get(name)
        if value is not None and not (name in switches and value is False):
            fault = forbidden(detail, f"Remove {name}.", ("spec", name))
            yield since(fault, minors.USER_NAMESPACES) if name == "hostUsers" else fault
    for path, context in _contexts(pod):
        for name in POD_CONTEXT if len(path) == 2 else CONTEXT:  # noqa: PLR2004 - the pod's own
            if context.get(name) is not None and not (name == "sysctls" and not context[name]):
                yield forbidden(detail, f"Remove {name}.", (*path, name))


@pod_check
def host_process(pod: Pod) -> Iterator[Fault]:
    """Host processes on Windows are all of a pod's containers, on the host's network."""
    own = _host_process(struct(pod.spec.get("securityContext")))
    found: list[Any] = []
    for path, container in pod.containers():
        asked = _host_process(struct(container.get("securityContext")))
        if own is not None and asked is not None and own != asked:
            detail = f"pod hostProcess value must be identical if both are specified, was {own}"
            at = ("spec", *path, "securityContext", "windowsOptions", "hostProcess")
            yield invalid(asked, detail, "Set it in one place.", at)
        found.append(own if asked is None else asked)
    if True not in found:
        return
    if not all(found):
        detail = "If pod contains any hostProcess containers then all containers must be"
        yield invalid("", f"{detail} HostProcess containers", "Set it for the pod.", ("spec",))
    if pod.spec.get("hostNetwork") is not True:
        detail = "hostNetwork must be true if pod contains any hostProcess containers"
        at = ("spec", "hostNetwork")
        yield invalid(value=False, detail=detail, mend="Set hostNetwork: true.", path=at)


def _host_process(context: dict[str, Any]) -> Any:
    return struct(context.get("windowsOptions")).get("hostProcess")


CHECKS = (operating_system, host_process)
