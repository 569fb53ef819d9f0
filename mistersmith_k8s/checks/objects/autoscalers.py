"""Autoscalers: one owner per workload, with what it needs to decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mistersmith_k8s.checks.check import Flaw, check
from mistersmith_k8s.checks.finding import Severity
from mistersmith_k8s.checks.objects.scaling import HPA, SCALED, scaler_of, scalers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.world import Object, World


@check(Severity.ERROR, HPA, SCALED)
def autoscaler_owners(item: Object, world: World) -> Iterator[Flaw]:
    """A workload has one autoscaler: two of them stop each other, and nothing scales.

    Source: kubernetes/kubernetes pull 112011, condition AmbiguousSelector.
    """
    scaler = scaler_of(item)
    if scaler is None:
        return
    owners = scalers(world).get((item.given_namespace, scaler.target), ())
    others = sorted({str(o.item) for o in owners if o.item.ref != item.ref})
    if others and any(o.item is item for o in owners):
        message = f"is {scaler.target.kind} {scaler.target.name}, which {others[0]} scales too"
        yield Flaw((*scaler.path, "name"), message, "Keep one autoscaler for each workload.")


CHECKS = (autoscaler_owners,)
