"""The Pod Security Standards as one table: what is checked, at which level, since which version.

Source: k8s.io/pod-security-admission v0.37, policy; kubernetes.io, Pod Security Standards.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from mistersmith_k8s.pod_security import host, kernel, privileges, profiles, users, volumes
from mistersmith_k8s.pod_security.pod import Path, read
from mistersmith_k8s.pod_security.policy import Level, Version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mistersmith_k8s.pod_security.forbidden import Forbidden, Look
    from mistersmith_k8s.pod_security.pod import Pod

BASELINE, RESTRICTED = Level.BASELINE, Level.RESTRICTED


class Violation(NamedTuple):
    """A check that forbids a pod, with the fields that have to change, relative to the pod.

    A field that has to be set and is not has its path all the same.
    """

    check: str
    level: Level
    reason: str
    detail: str
    paths: tuple[Path, ...]
    remediation: str


class Check(NamedTuple):
    """A row of the standard.

    `since` has a function for each minor version that changed the check. Where it applies, the
    baseline check that it `overrides` does not.
    """

    id: str
    level: Level
    since: Mapping[int, Look]
    remediation: str
    overrides: str = ""

    def at(self, minor: int) -> Look | None:
        """The function that applies in a version; None before the first."""
        return next((self.since[m] for m in sorted(self.since, reverse=True) if m <= minor), None)


def unless_windows(look: Look) -> Look:
    """The check, but for pods that run on Windows, where what it asks for cannot be set."""

    def exempting(pod: Pod) -> Forbidden | None:
        return None if pod.runs_windows else look(pod)

    return exempting


def unless_own_users(look: Look) -> Look:
    """The check, but for pods in a user namespace, whose root is nobody on the node."""

    def exempting(pod: Pod) -> Forbidden | None:
        return None if pod.has_own_users else look(pod)

    return exempting


# In the order in which the controller reports: by level, then by id.
STANDARD = (
    Check(
        "appArmorProfile",
        BASELINE,
        {0: profiles.app_armor},
        "Set appArmorProfile.type to RuntimeDefault or Localhost, or remove the profile."
        " Remove an AppArmor annotation that names another.",
    ),
    Check(
        "capabilities_baseline",
        BASELINE,
        {0: privileges.default_capabilities},
        "Remove the capabilities from securityContext.capabilities.add.",
    ),
    Check(
        "hostNamespaces",
        BASELINE,
        {0: host.namespaces},
        "Remove hostNetwork, hostPID and hostIPC, or set them to false.",
    ),
    Check(
        "hostPathVolumes",
        BASELINE,
        {0: volumes.host_path},
        "Replace the hostPath volume, by a persistentVolumeClaim or an emptyDir for instance.",
    ),
    Check(
        "hostPorts",
        BASELINE,
        {0: host.ports},
        "Remove hostPort and reach the pod through a Service.",
    ),
    Check(
        "hostProbesAndHostLifecycle",
        BASELINE,
        {34: host.probes_and_lifecycle},
        "Remove host, so that the pod itself is called.",
    ),
    Check(
        "privileged",
        BASELINE,
        {0: privileges.privileged},
        "Set securityContext.privileged to false or remove it.",
    ),
    Check(
        "procMount",
        BASELINE,
        {0: kernel.proc_mount, 35: unless_own_users(kernel.proc_mount)},
        "Set securityContext.procMount to Default or remove it.",
    ),
    Check(
        "seLinuxOptions",
        BASELINE,
        {
            0: profiles.se_linux(profiles.SELINUX_TYPES),
            31: profiles.se_linux(profiles.SELINUX_TYPES_1_31),
        },
        "Remove user and role from seLinuxOptions, and a type other than those of containers.",
    ),
    Check(
        "seccompProfile_baseline",
        BASELINE,
        {0: profiles.seccomp_annotations, 19: profiles.seccomp},
        "Set the seccomp profile to the runtime's default or a local one, or remove it.",
    ),
    Check(
        "sysctls",
        BASELINE,
        {
            0: kernel.sysctls(kernel.SAFE_SYSCTLS_1_0),
            27: kernel.sysctls(kernel.SAFE_SYSCTLS_1_27),
            29: kernel.sysctls(kernel.SAFE_SYSCTLS_1_29),
            32: kernel.sysctls(kernel.SAFE_SYSCTLS_1_32),
            37: kernel.sysctls(kernel.SAFE_SYSCTLS_1_37),
        },
        "Remove the sysctl, or ask for a policy version that allows it.",
    ),
    Check(
        "windowsHostProcess",
        BASELINE,
        {0: host.windows_process},
        "Set windowsOptions.hostProcess to false or remove it.",
    ),
    Check(
        "allowPrivilegeEscalation",
        RESTRICTED,
        {8: privileges.escalation, 25: unless_windows(privileges.escalation)},
        "Set securityContext.allowPrivilegeEscalation to false on each of the containers.",
    ),
    Check(
        "capabilities_restricted",
        RESTRICTED,
        {22: privileges.dropped_capabilities, 25: unless_windows(privileges.dropped_capabilities)},
        'Set securityContext.capabilities to drop ["ALL"] and to add nothing but NET_BIND_SERVICE.',
        overrides="capabilities_baseline",
    ),
    Check(
        "procMount_restricted",
        RESTRICTED,
        {35: kernel.proc_mount},
        "Set securityContext.procMount to Default or remove it.",
        overrides="procMount",
    ),
    Check(
        "restrictedVolumes",
        RESTRICTED,
        {0: volumes.restricted},
        f"Replace the volume by one of {', '.join(volumes.ALLOWED)}.",
        overrides="hostPathVolumes",
    ),
    Check(
        "runAsNonRoot",
        RESTRICTED,
        {0: users.run_as_non_root, 35: unless_own_users(users.run_as_non_root)},
        "Set securityContext.runAsNonRoot to true on the pod, and to false nowhere.",
    ),
    Check(
        "runAsUser",
        RESTRICTED,
        {23: users.run_as_user, 35: unless_own_users(users.run_as_user)},
        "Set securityContext.runAsUser to another user than 0, or remove it.",
    ),
    Check(
        "seccompProfile_restricted",
        RESTRICTED,
        {19: profiles.seccomp_required, 25: unless_windows(profiles.seccomp_required)},
        "Set securityContext.seccompProfile.type to RuntimeDefault or Localhost on the pod.",
        overrides="seccompProfile_baseline",
    ),
)


def evaluate(
    pod_metadata: Mapping[str, Any],
    pod_spec: Mapping[str, Any],
    level: Level,
    version: Version,
) -> list[Violation]:
    """What the policy forbids about a pod, one violation for each check, in the standard's order.

    The metadata is that of the pod, or of the template that makes it.
    """
    pod = read(pod_metadata, pod_spec)
    return [
        Violation(check.id, check.level, *forbidden, check.remediation)
        for check, look in applying(level, version.effective)
        if (forbidden := look(pod))
    ]


@cache
def applying(level: Level, minor: int) -> tuple[tuple[Check, Look], ...]:
    """The checks of a level in a version, each with the function that applies."""
    levels = {Level.PRIVILEGED: (), BASELINE: (BASELINE,), RESTRICTED: (BASELINE, RESTRICTED)}
    rows = [(c, look) for c in STANDARD if c.level in levels[level] and (look := c.at(minor))]
    overridden = {check.overrides for check, _ in rows}
    return tuple((check, look) for check, look in rows if check.id not in overridden)
