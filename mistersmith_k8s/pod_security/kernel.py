"""Checks of what a pod changes about its kernel: sysctls and the mask of /proc."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mistersmith_k8s.pod_security.fields import items, mapping, text
from mistersmith_k8s.pod_security.forbidden import Forbidden, Look, containers, quoted

if TYPE_CHECKING:
    from collections.abc import Collection

    from mistersmith_k8s.pod_security.pod import Pod

# The sysctls that a namespace of the kernel isolates, by the version that allowed them first.
SAFE_SYSCTLS_1_0 = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ping_group_range",
        "net.ipv4.tcp_syncookies",
    }
)
SAFE_SYSCTLS_1_27 = SAFE_SYSCTLS_1_0 | {"net.ipv4.ip_local_reserved_ports"}
SAFE_SYSCTLS_1_29 = SAFE_SYSCTLS_1_27 | {
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
}
SAFE_SYSCTLS_1_32 = SAFE_SYSCTLS_1_29 | {"net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"}
SAFE_SYSCTLS_1_37 = SAFE_SYSCTLS_1_32 | {
    "net.ipv4.tcp_notsent_lowat",
    "net.ipv4.tcp_slow_start_after_idle",
}


def sysctls(safe: Collection[str]) -> Look:
    """A check that a pod sets safe sysctls only."""

    def look(pod: Pod) -> Forbidden | None:
        settings = enumerate(items(pod.itself.security.get("sysctls")))
        names = [(index, text(mapping(setting).get("name"))) for index, setting in settings]
        bad = [(index, name) for index, name in names if name not in safe]
        if not bad:
            return None
        return Forbidden(
            "forbidden sysctls",
            ", ".join(name for _, name in bad),
            tuple(pod.itself.at("sysctls", index, "name") for index, _ in bad),
        )

    return look


def proc_mount(pod: Pod) -> Forbidden | None:
    """No container unmasks /proc."""
    bad = [
        scope
        for scope in pod.containers
        if isinstance(mount := scope.security.get("procMount"), str) and mount != "Default"
    ]
    if not bad:
        return None
    mounts = sorted({scope.security["procMount"] for scope in bad})
    return Forbidden(
        "procMount",
        f"{containers(bad)} must not set securityContext.procMount to {quoted(mounts)}",
        tuple(scope.at("procMount") for scope in bad),
    )
