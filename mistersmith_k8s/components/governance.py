"""Governance: the four namespaces and what holds in each before anything runs there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mistersmith_k8s.connections import default_deny
from mistersmith_k8s.manifest import Manifests, manifests
from mistersmith_k8s.quantity import Quantity
from mistersmith_k8s.site import DOMAIN, Plane, Site
from mistersmith_k8s.spec import Spec
from mistersmith_k8s.tiers import PRIORITIES, Amounts, ResourceTier

if TYPE_CHECKING:
    from mistersmith_k8s import k8s

POD_SECURITY_VERSION = "v1.37"
"""The newest policy known here; an older API server applies the newest that it knows."""


class QuotaSpec(Spec):
    """What all objects of one namespace may take together; None leaves a kind uncounted."""

    requests: Amounts
    limits: Amounts
    pods: int | None = None
    services: int | None = None
    claims: int | None = None
    storage: Quantity | None = None

    @property
    def hard(self) -> dict[str, str | None]:
        """As the `hard` of a ResourceQuota."""
        return {
            "requests.cpu": self.requests.cpu,
            "requests.memory": self.requests.memory,
            "limits.cpu": self.limits.cpu,
            "limits.memory": self.limits.memory,
            "persistentvolumeclaims": None if self.claims is None else str(self.claims),
            "requests.storage": self.storage,
            "services": None if self.services is None else str(self.services),
            "pods": None if self.pods is None else str(self.pods),
        }


def _quota(  # noqa: PLR0913 - the columns of the table below
    cpu: str,
    memory: str,
    cpu_limit: str,
    memory_limit: str,
    *,
    claims: int | None = None,
    pods: int | None = None,
    services: int | None = None,
    storage: Quantity | None = None,
) -> QuotaSpec:
    return QuotaSpec(
        requests=Amounts(cpu=Quantity(cpu), memory=Quantity(memory)),
        limits=Amounts(cpu=Quantity(cpu_limit), memory=Quantity(memory_limit)),
        claims=claims,
        pods=pods,
        services=services,
        storage=storage,
    )


class QuotasSpec(Spec):
    """A quota for each plane; monitoring has none unless one is given."""

    system: QuotaSpec = _quota("10", "20Gi", "20", "40Gi", claims=10, services=20, pods=50)
    workload: QuotaSpec = _quota("100", "200Gi", "200", "400Gi", claims=50, services=50, pods=500)
    data: QuotaSpec = _quota("20", "100Gi", "40", "200Gi", claims=100, storage=Quantity("1Ti"))
    monitoring: QuotaSpec | None = None

    def of(self, plane: Plane) -> QuotaSpec | None:
        """The quota of a plane."""
        quota: QuotaSpec | None = getattr(self, plane)
        return quota


class Isolation(NamedTuple):
    """Pod Security levels of a namespace."""

    enforce: str
    audit: str
    warn: str


STRICT = Isolation("restricted", "restricted", "restricted")
MODERATE = Isolation("baseline", "restricted", "restricted")
ISOLATION = {
    Plane.SYSTEM: STRICT,
    Plane.DATA: STRICT,
    Plane.WORKLOAD: MODERATE,
    Plane.MONITORING: MODERATE,
}


class Ranges(NamedTuple):
    """What a container gets that says nothing, and the bounds for those that do."""

    default_request: tuple[str, str]
    default: tuple[str, str]
    maximum: tuple[str, str]


MINIMUM = ("50m", "64Mi")
RANGES = {
    Plane.SYSTEM: Ranges(("500m", "512Mi"), ("1", "1Gi"), ("4", "8Gi")),
    Plane.WORKLOAD: Ranges(("250m", "256Mi"), ("500m", "512Mi"), ("4", "4Gi")),
    Plane.DATA: Ranges(("500m", "512Mi"), ("1", "1Gi"), ("8", "32Gi")),
    Plane.MONITORING: Ranges(("100m", "128Mi"), ("500m", "512Mi"), ("4", "8Gi")),
}


def governance(site: Site, quotas: QuotasSpec, environment_tier: int) -> Manifests:
    """Namespaces, priority classes, quotas with their limit ranges, default deny, tiers."""
    governed = [(plane, quotas.of(plane)) for plane in Plane]
    return manifests(
        (namespace(site, plane, environment_tier) for plane in Plane),
        (priority_class(site, name) for name in PRIORITIES),
        (default_deny(site.namespace(plane), site) for plane in Plane),
        (resource_quota(site, plane, quota) for plane, quota in governed if quota),
        (limit_range(site, plane) for plane, quota in governed if quota),
        tiers_config_map(site),
    )


def namespace(site: Site, plane: Plane, environment_tier: int) -> k8s.Namespace:
    """The namespace of a plane, with its Pod Security levels at a pinned version."""
    name = site.namespace(plane)
    levels = ISOLATION[plane]._asdict()
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": name,
            "labels": {
                "name": name,
                "tier": plane,
                f"{DOMAIN}/environment-tier": str(environment_tier),
                **site.labels(),
                **{f"pod-security.kubernetes.io/{mode}": level for mode, level in levels.items()},
                **{
                    f"pod-security.kubernetes.io/{mode}-version": POD_SECURITY_VERSION
                    for mode in levels
                },
            },
        },
    }


def priority_class(site: Site, name: str) -> k8s.PriorityClass:
    """A priority that pods ask for by name; never the default of a whole cluster."""
    return {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": site.priority_class(name), "labels": site.labels()},
        "value": PRIORITIES[name],
        "globalDefault": False,
        "description": f"Mister Smith agents and services of priority {name}",
    }


def resource_quota(site: Site, plane: Plane, quota: QuotaSpec) -> k8s.ResourceQuota:
    """What a plane may take."""
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {
            "name": f"{site.namespace(plane)}-quota",
            "namespace": site.namespace(plane),
            "labels": site.labels(),
        },
        "spec": {"hard": {key: value for key, value in quota.hard.items() if value}},
    }


def limit_range(site: Site, plane: Plane) -> k8s.LimitRange:
    """Values for containers that say nothing: a quota refuses pods without them."""
    ranges = RANGES[plane]
    return {
        "apiVersion": "v1",
        "kind": "LimitRange",
        "metadata": {
            "name": f"{site.namespace(plane)}-limits",
            "namespace": site.namespace(plane),
            "labels": site.labels(),
        },
        "spec": {
            "limits": [
                {
                    "type": "Container",
                    "default": _amounts(ranges.default),
                    "defaultRequest": _amounts(ranges.default_request),
                    "min": _amounts(MINIMUM),
                    "max": _amounts(ranges.maximum),
                }
            ]
        },
    }


def tiers_config_map(site: Site) -> k8s.ConfigMap:
    """The resource tiers as data, for tools that read them from the cluster."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": f"{site.platform}-resource-tiers",
            "namespace": site.namespace(Plane.SYSTEM),
            "labels": site.labels(),
        },
        "data": {f"{tier}.yaml": _tier_page(site, tier) for tier in ResourceTier},
    }


def _tier_page(site: Site, tier: ResourceTier) -> str:
    given = tier.resources
    return (
        "resources:\n"
        "  requests:\n"
        f'    memory: "{given.requests.memory}"\n'
        f'    cpu: "{given.requests.cpu}"\n'
        "  limits:\n"
        f'    memory: "{given.limits.memory}"\n'
        f'    cpu: "{given.limits.cpu}"\n'
        f'priorityClass: "{site.priority_class(tier.priority)}"\n'
    )


def _amounts(pair: tuple[str, str]) -> dict[str, str]:
    return {"cpu": pair[0], "memory": pair[1]}
