"""VerticalPodAutoscalers: what they may make of the resources of a workload's containers."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.objects.scaling import VPA, Target, target_of
from mistersmith_k8s.checks.shape import items, lookup, mapping, mappings, quantity, text
from mistersmith_k8s.checks.world import fact

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    from mistersmith_k8s.checks.objects.amounts import Stated
    from mistersmith_k8s.checks.world import Object, World

# Modes in which it changes pods that run, by eviction or in place.
# Source: kubernetes/autoscaler vertical-pod-autoscaler, apis autoscaling.k8s.io/v1 UpdateMode.
EVICTING = frozenset({"Auto", "Recreate", "InPlaceOrRecreate"})
DEFAULT_MODE = "Auto"
RESOURCES = ("cpu", "memory")

Maxima = dict[str, dict[str, "Decimal"]]
"""The largest request by container (`*` for every other) and resource."""


@fact
def by_target(world: World) -> Mapping[tuple[str, Target], Sequence[Object]]:
    """The VerticalPodAutoscalers by namespace and target."""
    found: dict[tuple[str, Target], list[Object]] = defaultdict(list)
    for item in world.of(VPA):
        found[item.given_namespace, target_of(item.spec.get("targetRef"))].append(item)
    return found


def of(workload: Object, world: World) -> Sequence[Object]:
    """The VerticalPodAutoscalers of a workload."""
    target = Target(workload.kind, workload.ref.name)
    return by_target(world).get((workload.given_namespace, target), ())


def mode(item: Object) -> str:
    """When it changes pods."""
    return text(lookup(item.spec, ("updatePolicy", "updateMode"))) or DEFAULT_MODE


def acts(item: Object) -> bool:
    """Whether it changes any pods at all."""
    return mode(item) != "Off"


def policies(item: Object) -> Sequence[tuple[int, Mapping[str, Any]]]:
    """Its policies for single containers, with their places."""
    return tuple(mappings(lookup(item.spec, ("resourcePolicy", "containerPolicies"))))


def controlled(policy: Mapping[str, Any]) -> Sequence[str]:
    """The resources that a policy lets it change."""
    if policy.get("mode") == "Off":
        return ()
    given = policy.get("controlledResources")
    return RESOURCES if given is None else [r for r in items(given) if r in RESOURCES]


def maxima(workload: Object, world: World) -> Maxima:
    """What the requests of the containers of a workload may become."""
    found: Maxima = {}
    for item in of(workload, world):
        for _, policy in policies(item) if acts(item) else ():
            allowed = mapping(policy.get("maxAllowed"))
            amounts = {name: quantity(allowed.get(name)) for name in controlled(policy)}
            given = {name: amount for name, amount in amounts.items() if amount is not None}
            if given and policy.get("controlledValues") != "RequestsOnly":
                found[text(policy.get("containerName"))] = given
    return found


def raised(said: Stated, most: Maxima, container: str) -> Stated:
    """What a container states when it is raised: limits keep their ratio to requests."""
    requests, limits = dict(said["requests"]), dict(said["limits"])
    for name, amount in most.get(container, most.get("*", {})).items():
        before = requests.get(name)
        if before is not None and amount > before > 0:
            requests[name] = amount
            if name in limits:
                limits[name] = limits[name] * amount / before
    return {"requests": requests, "limits": limits}
