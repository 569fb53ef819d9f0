"""What a pod asks for, as the scheduler and quotas count it."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from mistersmith_k8s.checks.shape import lookup, mapping, mappings, quantity
from mistersmith_k8s.checks.world import fact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mistersmith_k8s.checks.world import Object, World

Side = Literal["requests", "limits"]
Defaults = dict[Side, dict[str, Decimal]]
Stated = dict[Side, dict[str, Decimal]]
ZERO = Decimal(0)


@fact
def limit_ranges(world: World) -> Mapping[str, Defaults]:
    """What LimitRanges give to containers that do not say, by namespace.

    Source: k8s.io/kubernetes pkg/apis/core/v1, SetDefaults_LimitRangeItem.
    """
    found: dict[str, Defaults] = defaultdict(lambda: {"requests": {}, "limits": {}})
    for item in sorted(world.of("LimitRange"), key=str):
        for _, limit in mappings(item.spec.get("limits")):
            if limit.get("type") == "Container":
                limits = {**_amounts(limit.get("max")), **_amounts(limit.get("default"))}
                least, asked = _amounts(limit.get("min")), _amounts(limit.get("defaultRequest"))
                defaults = found[item.given_namespace]
                defaults["limits"].update(limits)
                defaults["requests"].update({**least, **limits, **asked})
    return found


def defaults_for(workload: Object, world: World) -> Defaults:
    """What the LimitRanges of its namespace give to containers of a workload."""
    found = limit_ranges(world).get(workload.given_namespace)
    return found or {"requests": {}, "limits": {}}


def stated(container: Mapping[str, Any], defaults: Defaults) -> Stated:
    """The requests and limits of a container, after the API server's and LimitRanges' defaults."""
    resources = mapping(container.get("resources"))
    limits = _amounts(resources.get("limits"))
    requests = {**limits, **_amounts(resources.get("requests"))}
    return {
        "requests": {**defaults["requests"], **requests},
        "limits": {**defaults["limits"], **limits},
    }


def pod_amounts(
    workload: Object, of: Callable[[Mapping[str, Any]], Stated]
) -> dict[Side, dict[str, Decimal]]:
    """What one pod counts for; `of` says what a container states.

    Init containers run one by one before the rest, sidecars among them stay.
    Source: k8s.io/component-helpers resource, PodRequests and PodLimits.
    """
    spec = workload.pod_spec
    own = [of(c) for _, c in mappings(spec.get("containers"))]
    inits = [(of(c), c.get("restartPolicy") == "Always") for _, c in _inits(spec)]
    return {side: _total(side, own, inits, spec) for side in ("requests", "limits")}


def _inits(spec: Mapping[str, Any]) -> Iterable[tuple[int, Mapping[str, Any]]]:
    return mappings(spec.get("initContainers"))


def _total(
    side: Side, own: list[Stated], inits: list[tuple[Stated, bool]], spec: Mapping[str, Any]
) -> dict[str, Decimal]:
    names = {name for one in (*own, *(init for init, _ in inits)) for name in one[side]}
    whole_pod = _amounts(lookup(spec, ("resources", side)))
    overhead = _amounts(spec.get("overhead"))
    return {
        name: whole_pod.get(name, _peak(side, name, own, inits)) + overhead.get(name, ZERO)
        for name in sorted({*names, *whole_pod})
    }


def _peak(side: Side, name: str, own: list[Stated], inits: list[tuple[Stated, bool]]) -> Decimal:
    """The most that containers of a pod take together at one time."""
    staying, peak = ZERO, ZERO
    for init, sidecar in inits:
        amount = init[side].get(name, ZERO)
        peak = max(peak, staying + amount)
        staying += amount if sidecar else ZERO
    return max(peak, staying + sum((one[side].get(name, ZERO) for one in own), ZERO))


def _amounts(value: Any) -> dict[str, Decimal]:
    found = {name: quantity(amount) for name, amount in mapping(value).items()}
    return {str(name): amount for name, amount in found.items() if amount is not None}
