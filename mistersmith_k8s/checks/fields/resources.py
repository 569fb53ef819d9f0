"""Requests and limits of containers and pods.

Source: pkg/apis/core/validation of k8s.io/kubernetes, `validateResourceRequirements`,
`validatePodResources`, `validateResourceClaimNames`; component-helpers/resource,
`AggregateContainerRequests`.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields import minors
from mistersmith_k8s.checks.fields.amounts import (
    HUGE,
    amount,
    amounts,
    is_extended,
    is_native,
    is_overcommittable,
    milli,
    resource_amount,
)
from mistersmith_k8s.checks.fields.faults import (
    duplicate,
    forbidden,
    invalid,
    later,
    missing,
    required,
    shown,
    under,
    unsupported,
)
from mistersmith_k8s.checks.fields.formats import (
    dns_label,
    dns_subdomain,
    qualified_name,
    wrong_key,
)
from mistersmith_k8s.checks.fields.pods import Container, Pod, container_check, pod_check
from mistersmith_k8s.checks.fields.rules import dicts, fields, given, struct, unique

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mistersmith_k8s.checks.fields.faults import Fault

CONTAINER_RESOURCES = frozenset(("cpu", "memory", "ephemeral-storage"))
SIDES = ("requests", "limits")


def container_resource(name: str) -> Iterable[Fault]:
    """What is wrong with the name of a resource that a container can ask for."""
    if name in CONTAINER_RESOURCES:
        return ()
    if wrong_key(name):
        return qualified_name(name)
    mend = "Use cpu, memory, ephemeral-storage, hugepages-… or a device plugin's domain/name."
    if "/" not in name and not name.startswith(HUGE):
        return (invalid(name, "must be a standard resource for containers", mend),)
    if "/" in name and not is_native(name) and not is_extended(name):
        return (invalid(name, "doesn't follow extended resource name standard", mend),)
    return ()


def pod_resource(name: str) -> Iterable[Fault]:
    """What is wrong with the name of a resource that a pod as a whole can ask for."""
    if name in ("cpu", "memory") or name.startswith(HUGE):
        return ()
    return (unsupported(name, ("cpu", "hugepages-", "memory")),)


def _amounts(value: Any, of_pod: bool) -> Iterator[Fault]:  # noqa: FBT001 - a fact, not a mode
    names = pod_resource if of_pod else container_resource
    for side in SIDES:
        for name, item in amounts(value.get(side)).items():
            if not isinstance(name, str):
                continue
            for fault in (*names(name), *resource_amount(name, item)):
                yield fault._replace(path=(side, name, *fault.path))
            if name.startswith(HUGE):
                yield from under(_huge_pages(name, item), side, name)


def _huge_pages(name: str, value: Any) -> Iterator[Fault]:
    page, size = amount(name.removeprefix(HUGE)), amount(value)
    if page is None or page <= 0 or page % 1 or (size is not None and size % page):
        detail = f"{value} is not positive integer multiple of {name}"
        yield invalid(value, detail, "Use a multiple of the page size.")


def requirements(value: Any, *, of_pod: bool = False) -> Iterator[Fault]:
    """Amounts that can be, and requests that are no more than the limits."""
    if not isinstance(value, dict):
        return
    yield from _amounts(value, of_pod)
    requests, limits = amounts(value.get("requests")), amounts(value.get("limits"))
    for name, item in requests.items():
        if isinstance(name, str):
            yield from under(_within(name, item, limits), "requests", name)
    asked = {name for name in (*requests, *limits) if isinstance(name, str)}
    if any(name.startswith(HUGE) for name in asked) and not asked & {"cpu", "memory"}:
        yield forbidden("HugePages require cpu or memory", "Ask for cpu or memory too.")


def _within(name: str, request: Any, limits: dict[str, Any]) -> Iterator[Fault]:
    if name not in limits:
        if not is_overcommittable(name):
            detail = "Limit must be set for non overcommitable resources"
            yield required(detail, f"Set a limit of {request} too.")
        return
    asked, limit = milli(request), milli(limits[name])
    if asked is None or limit is None:
        return
    if asked != limit and not is_overcommittable(name):
        detail = f"must be equal to {name} limit of {limits[name]}"
        yield invalid(request, detail, f"Use {limits[name]}.")
    elif asked > limit:
        detail = f"must be less than or equal to {name} limit of {limits[name]}"
        yield invalid(request, detail, f"Lower it to {limits[name]} or raise the limit.")


@container_check
def resources(container: Container, pod: Pod) -> Iterator[Fault]:
    """Requests and limits are quantities of known resources, no request above its limit."""
    value = container.get("resources")
    if isinstance(value, dict):
        yield from under(requirements(value), "resources")
        if value.get("claims"):
            found = under(_claims(value["claims"], pod), "resources", "claims")
            yield from later(found, minors.RESOURCE_CLAIMS)


def _claims(value: Any, pod: Pod) -> Iterator[Fault]:
    known = [claim.get("name") for _, claim in dicts(pod.spec.get("resourceClaims"))]
    seen: set[str] = set()
    for index, claim in dicts(value):
        name, request = claim.get("name"), claim.get("request")
        if name in (None, ""):
            yield required(path=(index, "name"))
        elif isinstance(name, str):
            if name not in known:
                detail = f"must be one of the names in pod.spec.resourceClaims: {shown(known)}"
                yield missing(name, "Add it to resourceClaims.", (index, "name"), detail)
            whole = not isinstance(request, str) or not request
            key = name if whole else f"{name}/{request}"
            parts = any(other.startswith(f"{name}/") for other in seen)
            if key in seen or name in seen or (whole and parts):
                yield duplicate(key, (index, "name"))
            seen.add(key)
            if not whole:
                yield from under(dns_label(request), index, "request")


@pod_check
def pod_resources(pod: Pod) -> Iterator[Fault]:
    """Resources of the pod as a whole cover those of its containers."""
    value = pod.spec.get("resources")
    if isinstance(value, dict):
        found = under(_of_pod(value, pod), "spec", "resources")
        yield from later(found, minors.POD_RESOURCES)
    if isinstance(pod.spec.get("overhead"), dict):
        overhead = {"limits": pod.spec["overhead"]}
        for fault in requirements(overhead):
            yield fault._replace(path=("spec", "overhead", *fault.path[1:]))


def _of_pod(value: dict[str, Any], pod: Pod) -> Iterator[Fault]:
    if struct(pod.spec.get("os")).get("name") == "windows":
        yield forbidden("may not be set for a windows pod", "Remove it.")
        return
    if value.get("claims") is not None:
        detail = "claims may not be set for Resources at pod-level"
        yield forbidden(detail, "Set claims in containers.", ("claims",))
    yield from requirements(value, of_pod=True)
    yield from _covers(value, pod)


def _covers(value: dict[str, Any], pod: Pod) -> Iterator[Fault]:
    wanted = _together(pod)
    for name, item in amounts(value.get("requests")).items():
        own = milli(item)
        if own is not None and wanted[name] > own:
            detail = (
                f"must be greater than or equal to aggregate container requests of {wanted[name]}"
            )
            yield invalid(item, detail, f"Use {wanted[name]} or more.", ("requests", name))
    limits = amounts(value.get("limits"))
    for path, container in pod.containers("containers"):
        own_limits = amounts(struct(container.get("resources")).get("limits"))
        for name, item in own_limits.items():
            own, most = milli(item), milli(limits.get(name))
            if own is not None and most is not None and own > most:
                which = f"{path[0]}[{path[1]}]"
                detail = f"{which} must be less than or equal to pod limits of {limits[name]}"
                yield invalid(item, detail, "Raise the limit of the pod.", ("limits", name))


def _together(pod: Pod) -> defaultdict[str, Decimal]:
    """The requests of all containers that run at once, or of the largest init container."""
    total: defaultdict[str, Decimal] = defaultdict(Decimal)
    sidecars: defaultdict[str, Decimal] = defaultdict(Decimal)
    peak: defaultdict[str, Decimal] = defaultdict(Decimal)
    for _, container in pod.containers("containers"):
        _add(total, container, pod)
    for _, container in pod.containers("initContainers"):
        if container.get("restartPolicy") == "Always":
            _add(total, container, pod)
            _add(sidecars, container, pod)
            now = sidecars
        else:
            now = defaultdict(Decimal, sidecars)
            _add(now, container, pod)
        for name, item in now.items():
            peak[name] = max(peak[name], item)
    for name, item in peak.items():
        total[name] = max(total[name], item)
    return total


def _add(total: defaultdict[str, Decimal], container: Container, pod: Pod) -> None:
    value = struct(container.get("resources"))
    defaults = amounts(value.get("limits")) if pod.is_pod else {}
    for name, item in {**defaults, **struct(value.get("requests"))}.items():
        total[name] += milli(item) or Decimal()


@pod_check
def resource_claims(pod: Pod) -> Iterator[Fault]:
    """A claim for devices has a name of its own and one source."""
    claims = pod.spec.get("resourceClaims")
    if claims:
        found = under(_named_claims(claims), "spec", "resourceClaims")
        yield from later(found, minors.RESOURCE_CLAIMS)


def _named_claims(claims: Any) -> Iterator[Fault]:
    yield from unique("name")(claims)
    for index, claim in dicts(claims):
        yield from under(_claim(claim), index)
        sources = [claim.get("resourceClaimName"), claim.get("resourceClaimTemplateName")]
        if sources.count(None) != 1:
            few = sources.count(None) > 1
            detail = (
                "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"
                if few
                else "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be "
                "specified"
            )
            yield invalid(claim.get("name"), detail, "Set exactly one of the two.", (index,))


_claim = fields(
    {
        "name": given(dns_label),
        "resourceClaimName": dns_subdomain,
        "resourceClaimTemplateName": dns_subdomain,
    },
    needs=("name",),
)
CHECKS = (resources, pod_resources, resource_claims)
