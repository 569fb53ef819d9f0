"""Scheduling: every replica has a place where it may run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.check import Flaw, check
from mistersmith_k8s.checks.finding import Severity
from mistersmith_k8s.checks.objects.scaling import SCALABLE, replicas
from mistersmith_k8s.checks.selection import label_selector, selects
from mistersmith_k8s.checks.shape import integer, items, lookup, mapping, mappings, text
from mistersmith_k8s.checks.world import WORKLOADS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mistersmith_k8s.checks.finding import Path
    from mistersmith_k8s.checks.world import Object, World

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
HARD = "DoNotSchedule"


@check(Severity.ERROR, *SCALABLE)
def pods_cannot_spread(item: Object, world: World) -> Iterator[Flaw]:
    """Pods that must be apart have enough places, where the pod names the places itself."""
    pods = replicas(item, world).now
    for path, topology, each in _limits(item):
        places = _places(item, topology)
        if places is not None and pods > places * each:
            message = f"lets {places * each} of {pods} pods run: they may use {places} {topology}"
            mend = "Allow more places, ask for fewer replicas, or make the rule a preference."
            yield Flaw(path, message, mend)


def _limits(item: Object) -> Iterator[tuple[Path, str, int]]:
    """Each hard rule that parts the pods of a workload: its key, and the pods in one place."""
    where: Path = ("affinity", "podAntiAffinity", REQUIRED)
    for index, term in mappings(lookup(item.pod_spec, where)):
        if _selects_itself(item, term):
            yield item.in_pod(*where, index), text(term.get("topologyKey")), 1
    for index, rule in mappings(item.pod_spec.get("topologySpreadConstraints")):
        domains, skew = integer(rule.get("minDomains")), integer(rule.get("maxSkew")) or 1
        places = _places(item, text(rule.get("topologyKey")))
        short = domains is not None and places is not None and domains > places
        if short and rule.get("whenUnsatisfiable") == HARD and _selects_itself(item, rule):
            path = item.in_pod("topologySpreadConstraints", index, "minDomains")
            yield path, text(rule.get("topologyKey")), skew


def _selects_itself(item: Object, term: Mapping[str, Any]) -> bool:
    selector = label_selector(term.get("labelSelector"))
    narrowed = term.get("namespaces") or term.get("matchLabelKeys") or term.get("namespaceSelector")
    given = term.get("labelSelector") is not None and selector is not None
    return bool(given and selector and not narrowed and selects(selector, item))


def _places(item: Object, topology: str) -> int | None:
    """In how many domains pods may run; None where any node of the cluster may do."""
    selected = mapping(item.pod_spec.get("nodeSelector")).get(topology)
    if selected is not None:
        return 1
    where = ("affinity", "nodeAffinity", REQUIRED, "nodeSelectorTerms")
    found: set[str] = set()
    for _, term in mappings(lookup(item.pod_spec, where)):
        named = [
            items(expression.get("values"))
            for _, expression in mappings(term.get("matchExpressions"))
            if expression.get("key") == topology and expression.get("operator") == "In"
        ]
        if not named:
            return None
        found.update(value for value in named[0] if isinstance(value, str))
    return len(found) or None


@check(Severity.WARNING, *WORKLOADS)
def spread_misses_itself(item: Object, _: World) -> Iterator[Flaw]:
    """A spread constraint selects the pods that have it; else it does not spread them."""
    for index, rule in mappings(item.pod_spec.get("topologySpreadConstraints")):
        selector = label_selector(rule.get("labelSelector"))
        written = mapping(rule.get("labelSelector"))
        if written and selector and selects(selector, item) is False:
            message = "selects other pods than those that have this constraint"
            mend = "Select labels of the pod template."
            path = item.in_pod("topologySpreadConstraints", index, "labelSelector")
            yield Flaw(path, message, mend)


@check(Severity.ERROR, *WORKLOADS)
def affinity_contradicts(item: Object, _: World) -> Iterator[Flaw]:
    """A pod is not required to be with pods and apart from them in the same place."""
    near, far = (
        {
            _key(term): item.in_pod("affinity", kind, REQUIRED, index)
            for index, term in mappings(lookup(item.pod_spec, ("affinity", kind, REQUIRED)))
        }
        for kind in ("podAffinity", "podAntiAffinity")
    )
    for key, path in far.items():
        if key in near:
            message = "keeps the pod apart from pods that podAffinity requires it to be with"
            yield Flaw(path, message, "Remove one of the two terms.")


def _key(term: Mapping[str, Any]) -> str:
    """The term as text, whatever the order of its keys."""
    return repr(sorted((str(key), repr(value)) for key, value in term.items()))


CHECKS = (pods_cannot_spread, spread_misses_itself, affinity_contradicts)
