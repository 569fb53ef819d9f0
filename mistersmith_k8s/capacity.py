"""Arithmetic of quotas: whether what a platform may become fits what it may take."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from mistersmith_k8s.components.governance import MINIMUM, RANGES
from mistersmith_k8s.quantity import amount, cores, size
from mistersmith_k8s.spec import Path, Violation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mistersmith_k8s.components.governance import QuotasSpec
    from mistersmith_k8s.site import Plane
    from mistersmith_k8s.tiers import Resources


class Demand(NamedTuple):
    """What one component may take at most: its pods at full scale while a rollout runs."""

    path: Path
    plane: Plane
    pods: int
    resources: Resources
    services: int = 1
    claims: int = 0
    storage: Decimal = Decimal(0)

    @property
    def counted(self) -> dict[Path, Decimal]:
        """What a quota counts, by the path of the quota's field."""
        given = self.resources
        return {
            ("requests", "cpu"): given.requests.cpu.amount * self.pods,
            ("requests", "memory"): given.requests.memory.amount * self.pods,
            ("limits", "cpu"): given.limits.cpu.amount * self.pods,
            ("limits", "memory"): given.limits.memory.amount * self.pods,
            ("pods",): Decimal(self.pods),
            ("services",): Decimal(self.services),
            ("claims",): Decimal(self.claims),
            ("storage",): self.storage * self.claims,
        }


def capacity_violations(demands: Sequence[Demand], quotas: QuotasSpec) -> Iterator[Violation]:
    """What does not fit: a container its namespace's bounds, a plane its quota."""
    for demand in demands:
        yield from _out_of_range(demand)
    for plane in sorted({demand.plane for demand in demands}):
        yield from _over_quota(plane, [d for d in demands if d.plane == plane], quotas)


def _over_quota(plane: Plane, demands: list[Demand], quotas: QuotasSpec) -> Iterator[Violation]:
    quota = quotas.of(plane)
    for field in demands[0].counted if quota else ():
        hard = _field(quota, field)
        needed = sum((demand.counted[field] for demand in demands), Decimal(0))
        if hard is not None and needed > amount(str(hard)):
            largest = max(demands, key=lambda demand: demand.counted[field])
            rule = f"cannot hold {_shown(field, needed)}, the need at full scale during a rollout"
            advice = f"Raise it, or lower {'.'.join(map(str, largest.path))}, the largest part."
            yield Violation(("quotas", plane, *field), hard, rule, advice)


def _out_of_range(demand: Demand) -> Iterator[Violation]:
    most = dict(zip(("cpu", "memory"), RANGES[demand.plane].maximum, strict=True))
    least = dict(zip(("cpu", "memory"), MINIMUM, strict=True))
    for name in ("cpu", "memory"):
        limit = getattr(demand.resources.limits, name)
        request = getattr(demand.resources.requests, name)
        if limit.amount > amount(most[name]):
            rule = f"is above what the namespace lets a container have ({most[name]})"
            yield Violation((*demand.path, "resources", "limits", name), limit, rule)
        if request.amount < amount(least[name]):
            rule = f"is below what the namespace makes a container ask for ({least[name]})"
            yield Violation((*demand.path, "resources", "requests", name), request, rule)


def _field(quota: object, path: Iterable[str | int]) -> object:
    for part in path:
        quota = getattr(quota, str(part))
    return quota


def _shown(field: Path, value: Decimal) -> str:
    if "cpu" in field:
        return cores(value)
    return (
        size(value)
        if field in {("requests", "memory"), ("limits", "memory"), ("storage",)}
        else str(value)
    )
