"""Resource tiers: one source of resources, priority, AGENT_TIER and the tiers ConfigMap."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from mistersmith_k8s.quantity import Quantity
from mistersmith_k8s.spec import Spec, Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s import k8s


class Amounts(Spec):
    """An amount of CPU and of memory."""

    cpu: Quantity
    memory: Quantity

    def rules(self) -> Iterator[Violation]:
        """Nothing runs on nothing."""
        for name, value in (("cpu", self.cpu), ("memory", self.memory)):
            if value.amount <= 0:
                yield Violation(name, value, "must be above zero")

    @property
    def literal(self) -> dict[str, str]:
        """As a container's `requests` or `limits`."""
        return {"cpu": self.cpu, "memory": self.memory}


class Resources(Spec):
    """What a container is promised and what it may take."""

    requests: Amounts
    limits: Amounts

    def rules(self) -> Iterator[Violation]:
        """A request never exceeds its limit."""
        for name in ("cpu", "memory"):
            wanted: Quantity = getattr(self.requests, name)
            most: Quantity = getattr(self.limits, name)
            if wanted.amount > most.amount:
                rule = f"is above limits.{name} ({most})"
                advice = f"Set it to {most} or less, or raise limits.{name}."
                yield Violation(("requests", name), wanted, rule, advice)

    @property
    def requirements(self) -> k8s.ResourceRequirements:
        """As a container's `resources`."""
        return {"requests": self.requests.literal, "limits": self.limits.literal}

    @property
    def guaranteed(self) -> Resources:
        """Limits lowered to the requests, which gives a pod the QoS class Guaranteed."""
        return Resources(requests=self.requests, limits=self.requests)


def resources(cpu: str, memory: str, cpu_limit: str, memory_limit: str) -> Resources:
    """Resources from four quantities."""
    return Resources(
        requests=Amounts(cpu=Quantity(cpu), memory=Quantity(memory)),
        limits=Amounts(cpu=Quantity(cpu_limit), memory=Quantity(memory_limit)),
    )


class ResourceTier(StrEnum):
    """How much an agent gets and how much it matters."""

    MINIMAL = "minimal"
    STANDARD = "standard"
    PREMIUM = "premium"

    @property
    def resources(self) -> Resources:
        """What a container of this tier gets."""
        return _RESOURCES[self]

    @property
    def priority(self) -> str:
        """The priority that goes with the tier: a key of `PRIORITIES`."""
        return _PRIORITY[self]


_RESOURCES = {
    ResourceTier.MINIMAL: resources("100m", "128Mi", "250m", "256Mi"),
    ResourceTier.STANDARD: resources("500m", "512Mi", "1000m", "1Gi"),
    ResourceTier.PREMIUM: resources("2000m", "2Gi", "4000m", "4Gi"),
}
_PRIORITY = {
    ResourceTier.MINIMAL: "best-effort",
    ResourceTier.STANDARD: "normal",
    ResourceTier.PREMIUM: "high",
}
PRIORITIES = {"best-effort": 100, "normal": 500, "high": 1000}
