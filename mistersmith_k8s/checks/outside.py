"""What exists outside the objects: so that nothing is called missing that is only elsewhere.

A reference that leads nowhere is an error where the input is evidently all there is of its sort,
and none of its programs may make such a thing; else a warning; and nothing at all where the thing
is made by somebody else.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from enum import IntEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.finding import Severity
from mistersmith_k8s.checks.grants import grants
from mistersmith_k8s.checks.shape import texts
from mistersmith_k8s.checks.world import fact

if TYPE_CHECKING:
    from mistersmith_k8s.checks.world import Object, World

# What every cluster has, or its system brings.
WELL_KNOWN = (
    "*/kube-system/*",
    "*/kube-public/*",
    "*/kube-node-lease/*",
    "*/openshift-*/*",
    "ClusterRole/admin",
    "ClusterRole/cluster-admin",
    "ClusterRole/edit",
    "ClusterRole/system:*",
    "ClusterRole/view",
    "ConfigMap/*/istio-ca-root-cert",
    "ConfigMap/*/kube-root-ca.crt",
    "ConfigMap/*/openshift-service-ca.crt",
    "PriorityClass/system-*",
    "Role/*/system:*",
    "Service/default/kubernetes",
    "ServiceAccount/*/default",
)

CLUSTER_SCOPED = frozenset({"ClusterRole", "IngressClass", "PriorityClass", "StorageClass"})

# The group and the resource of kinds that programs make for others to use.
RESOURCES: Mapping[str, tuple[str, str]] = {
    "ConfigMap": ("", "configmaps"),
    "DaemonSet": ("apps", "daemonsets"),
    "Deployment": ("apps", "deployments"),
    "PersistentVolumeClaim": ("", "persistentvolumeclaims"),
    "Role": ("rbac.authorization.k8s.io", "roles"),
    "Service": ("", "services"),
    "ServiceAccount": ("", "serviceaccounts"),
    "StatefulSet": ("apps", "statefulsets"),
}


class Makes(IntEnum):
    """What a controller makes of a custom resource."""

    NOTHING = 0
    SECRETS = 1
    ANYTHING = 2  # pods too, in its namespace
    ANYTHING_ANYWHERE = 3


# By kind with its group, then by group; a custom resource that is not listed makes anything.
MAKERS: Mapping[str, Makes] = {
    "AppProject.argoproj.io": Makes.NOTHING,
    "Application.argoproj.io": Makes.ANYTHING_ANYWHERE,
    "ApplicationSet.argoproj.io": Makes.ANYTHING_ANYWHERE,
    "Rollout.argoproj.io": Makes.NOTHING,  # its pods are those of its template
    "HelmChart.helm.cattle.io": Makes.ANYTHING_ANYWHERE,
    "HelmRelease.helm.toolkit.fluxcd.io": Makes.ANYTHING_ANYWHERE,
    "Kustomization.kustomize.toolkit.fluxcd.io": Makes.ANYTHING_ANYWHERE,
    "Alertmanager.monitoring.coreos.com": Makes.ANYTHING,
    "Prometheus.monitoring.coreos.com": Makes.ANYTHING,
    "PrometheusAgent.monitoring.coreos.com": Makes.ANYTHING,
    "ThanosRuler.monitoring.coreos.com": Makes.ANYTHING,
    "ScaledJob.keda.sh": Makes.ANYTHING,
    "Gateway.gateway.networking.k8s.io": Makes.ANYTHING,
    "SealedSecret.bitnami.com": Makes.SECRETS,
    "autoscaling.k8s.io": Makes.NOTHING,
    "cert-manager.io": Makes.SECRETS,
    "cilium.io": Makes.NOTHING,
    "crd.projectcalico.org": Makes.NOTHING,
    "external-secrets.io": Makes.SECRETS,
    "gateway.networking.k8s.io": Makes.NOTHING,
    "install.istio.io": Makes.NOTHING,
    "jetstream.nats.io": Makes.NOTHING,
    "karpenter.sh": Makes.NOTHING,
    "keda.sh": Makes.NOTHING,
    "kustomize.config.k8s.io": Makes.NOTHING,
    "monitoring.coreos.com": Makes.NOTHING,
    "networking.istio.io": Makes.NOTHING,
    "policy.networking.k8s.io": Makes.NOTHING,
    "projectcalico.org": Makes.NOTHING,
    "secrets.hashicorp.com": Makes.SECRETS,
    "security.istio.io": Makes.NOTHING,
    "snapshot.storage.k8s.io": Makes.NOTHING,
    "source.toolkit.fluxcd.io": Makes.NOTHING,
    "telemetry.istio.io": Makes.NOTHING,
    "traefik.io": Makes.NOTHING,
}

_WORD = re.compile(r"[A-Za-z0-9](?:[-.A-Za-z0-9]*[A-Za-z0-9])?")
_PLACEHOLDER = re.compile(r"[${}<>%]")


def makes(item: Object) -> Makes:
    """What comes of an object beside its own pods."""
    if "." not in item.kind:
        return Makes.NOTHING
    by_group = MAKERS.get(item.ref.group, Makes.ANYTHING)
    return MAKERS.get(item.kind, by_group)


class Outside:
    """What a world says of things that are not in it."""

    def __init__(self, world: World) -> None:
        """Note who makes what, and which namespaces and kinds there are."""
        self._world = world
        self._declared: dict[str, bool] = {}
        self._makers = tuple(item for item in world.objects if makes(item) > Makes.NOTHING)
        self._makers_in: dict[str, list[Object]] = defaultdict(list)
        for item in self._makers:
            self._makers_in[item.given_namespace].append(item)
        self.anywhere = any(makes(item) is Makes.ANYTHING_ANYWHERE for item in self._makers)
        self._crowded = {
            item.given_namespace for item in self._makers if makes(item) is Makes.ANYTHING
        }
        self.namespaces = frozenset(item.ref.name for item in world.of("Namespace"))
        self._present = frozenset((o.kind, o.given_namespace) for o in world.objects)

    def declares(self, kind: str, namespace: str, name: str) -> bool:
        """Whether something is said, or known, to exist outside."""
        scoped = kind in CLUSTER_SCOPED or kind == "Namespace"
        place = f"{kind}/{name}" if scoped else f"{kind}/{namespace}/{name}"
        if place not in self._declared:
            patterns = (*WELL_KNOWN, *self._world.setting.external)
            self._declared[place] = any(fnmatchcase(place, pattern) for pattern in patterns)
        return self._declared[place]

    def brings_pods(self, namespace: str) -> bool:
        """Whether pods may run in a namespace that no object shows."""
        crowded = namespace in self._crowded or "" in self._crowded
        return (
            crowded
            or self.anywhere
            or not self._world.setting.complete
            or self.declares("Pod", namespace, "some")
        )

    def absence(self, kind: str, namespace: str, name: str) -> Severity | None:
        """How bad it is that this object is not in the input; None where it is not bad."""
        if not name or _PLACEHOLDER.search(name + namespace) or not self._world.setting.complete:
            return None
        if self._world.named(kind, "" if kind in CLUSTER_SCOPED else namespace, name):
            return None
        if self.declares(kind, namespace, name) or self._made(kind, namespace, name):
            return None
        return self._badness(kind, namespace)

    def _badness(self, kind: str, namespace: str) -> Severity | None:
        if kind in CLUSTER_SCOPED:
            known = any(True for _ in self._world.of(kind))
            refused = kind == "PriorityClass"
            return (Severity.ERROR if refused else Severity.WARNING) if known else None
        if kind == "Secret":
            return Severity.WARNING if self._keeps_secrets(namespace) else None
        evident = self.whole(kind, namespace) and not self.brings_pods(namespace)
        made = evident and self._may_be_made(kind, namespace)
        return Severity.ERROR if evident and not made else Severity.WARNING

    def _may_be_made(self, kind: str, namespace: str) -> bool:
        """Whether a program of the input, such as an operator, may make objects of a kind."""
        resource = RESOURCES.get(kind)
        return resource is not None and grants(self._world).any_may("create", *resource, namespace)

    def whole(self, kind: str, namespace: str) -> bool:
        """Whether the input evidently holds all objects of a kind in a namespace."""
        return namespace in self.namespaces or (kind, namespace) in self._present

    def _keeps_secrets(self, namespace: str) -> bool:
        """Whether the input is where the secrets of a namespace come from."""
        makers = (m for m in self._makers if makes(m) is Makes.SECRETS)
        filled = (s for s in self._world.of("Secret") if s.at("data") or s.at("stringData"))
        return any(item.given_namespace == namespace for item in (*makers, *filled))

    def _made(self, kind: str, namespace: str, name: str) -> bool:
        """Whether somebody seems to make it at run time: who is told its name, or bears it."""
        least = Makes.SECRETS if kind == "Secret" else Makes.ANYTHING
        parts = name.split("-")
        stems = {"-".join(parts[:end]) for end in range(1, len(parts) + 1)}
        bearers = (b for place in (namespace, "") for b in self._makers_in.get(place, ()))
        if any(makes(item) >= least and item.ref.name in stems for item in bearers):
            return True
        told = _told_secrets(self._world) if kind == "Secret" else _told(self._world)
        return name in told


@fact
def outside(world: World) -> Outside:
    """What a world says of things that are not in it."""
    return Outside(world)


@fact
def _told(world: World) -> frozenset[str]:
    """The words that are given to those who make anything."""
    return _words(item for item in world.objects if makes(item) >= Makes.ANYTHING)


@fact
def _told_secrets(world: World) -> frozenset[str]:
    """The words that are given to those who make Secrets, and to commands: a job may make some."""
    found = set(_words(item for item in world.objects if makes(item) >= Makes.SECRETS))
    for item in world.workloads:
        for _, container in item.all_containers:
            for key in ("command", "args"):
                for _, argument in texts(container.get(key)):
                    found.update(_WORD.findall(argument))
    return frozenset(found)


def _words(items: Iterable[Object]) -> frozenset[str]:
    specs = (item.manifest.get("spec") for item in items)
    return frozenset(w for spec in specs for leaf in _leaves(spec) for w in _WORD.findall(leaf))


def _leaves(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, Mapping):
            waiting.extend(item.values())
        elif isinstance(item, list | tuple):
            waiting.extend(item)
