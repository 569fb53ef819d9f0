"""Cluster addresses of Services, of one or two IP families.

Source: pkg/apis/core/validation of k8s.io/kubernetes, `ValidateServiceClusterIPsRelatedFields`;
pkg/registry/core/service/storage/alloc.go, `initIPFamilyFields`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields.addresses import address, ip
from mistersmith_k8s.checks.fields.faults import invalid, under
from mistersmith_k8s.checks.fields.rules import both, distinct, each, fields, pick, strings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.fields.faults import Fault

FAMILIES = {"IPv4": 4, "IPv6": 6}
BOTH = 2  # there are two families

_families = fields(
    {
        "ipFamilies": both(each(pick(*FAMILIES)), distinct),
        "ipFamilyPolicy": pick("PreferDualStack", "RequireDualStack", "SingleStack"),
    }
)


def is_headless(spec: dict[str, Any]) -> bool:
    """Whether a Service has no address of its own."""
    return spec.get("clusterIP") == "None" and spec.get("clusterIPs") in (None, [], ["None"])


def cluster_addresses(spec: dict[str, Any], kind: str) -> Iterator[Fault]:
    """Addresses can be read, agree with each other and with the families."""
    yield from _families(spec)
    first, listed = spec.get("clusterIP"), spec.get("clusterIPs")
    if is_headless(spec) and kind in ("LoadBalancer", "NodePort"):
        detail = f"may not be set to 'None' for {kind} services"
        yield invalid("None", detail, "Remove clusterIP.", ("clusterIP",))
    if not isinstance(listed, list) or not listed:
        listed = [first] if isinstance(first, str) and first else []
    elif first in (None, ""):
        detail = "must be empty when `clusterIP` is not specified"
        yield invalid(listed, detail, "Set clusterIP to the first.", ("clusterIPs",))
    elif listed[0] != first:
        detail = "first value must match `clusterIP`"
        yield invalid(listed, detail, "Set clusterIP to the first.", ("clusterIPs",))
    yield from _addresses([value for _, value in strings(listed)], spec)
    yield from _policy(spec, listed)


def _addresses(listed: list[str], spec: dict[str, Any]) -> Iterator[Fault]:
    at = ("clusterIPs",) if spec.get("clusterIPs") else ("clusterIP",)
    if listed[:1] == ["None"]:
        if len(listed) > 1:
            detail = "'None' must be the first and only value"
            yield invalid(listed, detail, "Keep None alone.", at)
        return
    for index, value in enumerate(listed):
        yield from under(ip(value), *(at if at == ("clusterIP",) else (*at, index)))
    if len(listed) > BOTH:
        yield invalid(listed, "may only hold up to 2 values", "Keep two.", at)
    versions = [found.version for found in map(address, listed) if found is not None]
    if len(versions) != len(listed):
        return
    if len(listed) > 1 and len(set(versions)) != BOTH:
        detail = "may specify no more than one IP for each IP family"
        yield invalid(listed, detail, "Keep one of each family.", at)
    for index, (_, family) in enumerate(strings(spec.get("ipFamilies"))):
        if index < len(versions) and FAMILIES.get(family, versions[index]) != versions[index]:
            detail = f"expected an {family} value as indicated by `ipFamilies[{index}]`"
            yield invalid(listed[index], detail, "Make the families agree.", at)


def _policy(spec: dict[str, Any], listed: list[Any]) -> Iterator[Fault]:
    """Two of something need a policy that is not for one."""
    policy = spec.get("ipFamilyPolicy")
    if policy is None and spec.get("clusterIP") == "None" and not spec.get("selector"):
        return
    families = spec.get("ipFamilies")
    for values, what in ((listed, "cluster IPs"), (families, "IP families")):
        two = isinstance(values, list) and len(values) == BOTH
        if two and policy in (None, "SingleStack"):
            detail = (
                f"must be 'RequireDualStack' or 'PreferDualStack' when multiple {what} "
                "are specified"
            )
            yield invalid(policy or "SingleStack", detail, "Set it.", ("ipFamilyPolicy",))
