"""What a pod says of itself: policies, names, DNS, the host's namespaces.

Source: pkg/apis/core/validation of k8s.io/kubernetes, `ValidatePodSpec`,
`validatePodDNSConfig`, `validateHostUsers`, `validatePodHostName`, `ValidatePodCreate`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields import minors
from mistersmith_k8s.checks.fields.addresses import ip
from mistersmith_k8s.checks.fields.faults import (
    duplicate,
    forbidden,
    invalid,
    later,
    required,
    too_long,
    under,
)
from mistersmith_k8s.checks.fields.formats import (
    dns_label,
    dns_subdomain,
    qualified_name,
    wrong_relaxed_subdomain,
    wrong_subdomain,
)
from mistersmith_k8s.checks.fields.pods import Pod, pod_check
from mistersmith_k8s.checks.fields.rules import (
    Rule,
    between,
    dicts,
    each,
    fields,
    gated,
    given,
    new,
    old,
    one_of,
    strings,
    struct,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.fields.faults import Fault

SECONDS = between(1, 2**31 - 1)
NAME_SERVERS, SEARCH_PATHS, SEARCH_LENGTH = 3, 32, 2048
HOST_NAME_LENGTH = 64


def _wrong_search(value: str) -> str:
    return "" if value == "." else wrong_relaxed_subdomain(value.removesuffix("."))


def _wrong_old_search(value: str) -> str:
    return wrong_subdomain(value.removesuffix("."))


_SEARCH_MEND = "Write a domain such as svc.cluster.local."
_search = old(
    minors.STRICT_SEARCHES,
    text(_wrong_old_search, _SEARCH_MEND),
    text(_wrong_search, _SEARCH_MEND),
)


_FIELDS: dict[str, Rule] = {
    "activeDeadlineSeconds": SECONDS,
    "dnsPolicy": one_of("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"),
    "hostname": given(dns_label),
    "subdomain": given(dns_label),
    "hostnameOverride": new(minors.HOSTNAME_OVERRIDE, dns_subdomain),
    "nodeName": given(dns_subdomain),
    "preemptionPolicy": one_of("PreemptLowerPriority", "Never"),
    "priorityClassName": given(dns_subdomain),
    "restartPolicy": one_of("Always", "OnFailure", "Never"),
    "runtimeClassName": dns_subdomain,
    "serviceAccountName": given(dns_subdomain),
    "readinessGates": each(fields({"conditionType": qualified_name}, needs=("conditionType",))),
    "schedulingGroup": gated(fields({"podGroupName": dns_subdomain}, needs=("podGroupName",))),
    "hostAliases": each(fields({"ip": ip, "hostnames": each(dns_subdomain)}, needs=("ip",))),
    "dnsConfig": fields(
        {
            "nameservers": each(ip),
            "searches": each(_search),
            "options": each(fields({}, needs=("name",))),
        }
    ),
}
_OF_STATEFUL_SET = {
    key: rule for key, rule in _FIELDS.items() if key not in ("hostname", "subdomain")
}
_spec = fields(_FIELDS)
_stateful_spec = fields(_OF_STATEFUL_SET)


@pod_check
def pod_spec(pod: Pod) -> Iterator[Fault]:
    """Policies exist, names have their form, seconds are in range."""
    rule = _stateful_spec if pod.kind == "StatefulSet" else _spec
    yield from under(rule(pod.spec), "spec")
    if not pod.spec.get("serviceAccountName"):
        alias = given(dns_subdomain)(pod.spec.get("serviceAccount"))
        yield from under(alias, "spec", "serviceAccount")
    if pod.spec.get("preemptionPolicy") == "":
        yield required("", "Remove it, or use Never.", ("spec", "preemptionPolicy"))
    override = pod.spec.get("hostnameOverride")
    if override is not None:
        found = under(_override(override, pod), "spec", "hostnameOverride")
        yield from later(found, minors.HOSTNAME_OVERRIDE)
    if pod.spec.get("schedulingGates"):
        yield from under(_gates(pod), "spec")


def _override(value: Any, pod: Pod) -> Iterator[Fault]:
    for switch in ("setHostnameAsFQDN", "hostNetwork"):
        if pod.spec.get(switch) is True:
            yield forbidden(f"may not be specified when {switch} is true", "Remove it.")
    if isinstance(value, str) and len(value) > HOST_NAME_LENGTH:
        yield too_long(HOST_NAME_LENGTH, "Use a shorter name.")


def _gates(pod: Pod) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, gate in dicts(pod.spec["schedulingGates"]):
        name = gate.get("name")
        if isinstance(name, str | None):
            yield from under(qualified_name(name or ""), "schedulingGates", index, "name")
            if name in seen:
                yield duplicate(name, ("schedulingGates", index, "name"))
            seen.add(name or "")
    if pod.is_pod and pod.spec.get("nodeName"):
        detail = "cannot be set until all schedulingGates have been cleared"
        yield forbidden(detail, "Remove nodeName.", ("nodeName",))


@pod_check
def dns_config(pod: Pod) -> Iterator[Fault]:
    """A pod without DNS policy names its servers; there are limits to what libc reads."""
    config = pod.spec.get("dnsConfig")
    servers = struct(config).get("nameservers")
    at = ("spec", "dnsConfig")
    if pod.spec.get("dnsPolicy") == "None" and not servers:
        where = at if config is None else (*at, "nameservers")
        detail = "must provide at least one DNS nameserver when `dnsPolicy` is None"
        yield required(detail, "Set nameservers.", where)
    if isinstance(servers, list) and len(servers) > NAME_SERVERS:
        detail = f"must not have more than {NAME_SERVERS} nameservers"
        yield invalid(servers, detail, f"Keep {NAME_SERVERS}.", (*at, "nameservers"))
    searches = [search for _, search in strings(struct(config).get("searches"))]
    if len(searches) > SEARCH_PATHS:
        detail = f"must not have more than {SEARCH_PATHS} search paths"
        yield invalid(searches, detail, f"Keep {SEARCH_PATHS}.", (*at, "searches"))
    if len(" ".join(searches)) > SEARCH_LENGTH:
        detail = f"must not have more than {SEARCH_LENGTH} characters"
        yield invalid(searches, detail, "Keep fewer.", (*at, "searches"))


@pod_check
def host_namespaces(pod: Pod) -> Iterator[Fault]:
    """A pod with users of its own shares no namespace of the host."""
    if pod.spec.get("shareProcessNamespace") is True and pod.spec.get("hostPID") is True:
        detail = "ShareProcessNamespace and HostPID cannot both be enabled"
        at = ("spec", "shareProcessNamespace")
        yield invalid(value=True, detail=detail, mend="Keep one of them.", path=at)
    if pod.spec.get("hostUsers") is False:
        yield from later(_own_users(pod), minors.USER_NAMESPACES)


def _own_users(pod: Pod) -> Iterator[Fault]:
    for switch in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.spec.get(switch) is True:
            detail = "when `hostUsers` is false"
            yield forbidden(detail, f"Remove {switch} or hostUsers.", ("spec", switch))
    for path, container in pod.containers():
        if container.get("volumeDevices"):
            at = ("spec", *path, "volumeDevices")
            yield forbidden("when `hostUsers` is false", "Mount the volume.", at)


CHECKS = (pod_spec, dns_config, host_namespaces)
