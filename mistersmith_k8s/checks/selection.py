"""Selectors as manifests write them, and the pods that they select."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.shape import items, lookup, mapping, pairs
from mistersmith_k8s.checks.world import fact
from mistersmith_k8s.connectivity.selectors import (
    OPERATORS,
    RUNTIME_LABELS,
    Requirement,
    Selector,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mistersmith_k8s.checks.world import Object, World

OUTSIDE = "mister-smith.io/pods-from"
"""Marks a policy whose pods somebody else brings: what they are is declared by its selector."""

_AT_RUN_TIME = frozenset(key for keys in RUNTIME_LABELS.values() for key in keys)
_OF_CUSTOM_RESOURCES = frozenset({"rollouts-pod-template-hash", "controller-revision-hash"})


def label_selector(value: Any) -> Selector | None:
    """The selector that `matchLabels` and `matchExpressions` make; None when it is malformed."""
    written = mapping(value)
    labels = pairs(written.get("matchLabels"))
    if len(labels) != len(mapping(written.get("matchLabels"))):
        return None
    expressions = [_requirement(mapping(item)) for item in items(written.get("matchExpressions"))]
    known = tuple(item for item in expressions if item)
    return Selector((*_equal(labels), *known)) if len(known) == len(expressions) else None


def equality(value: Any) -> Selector | None:
    """The selector of a Service: labels that must all be there; None without any."""
    labels = pairs(value)
    return Selector(tuple(_equal(labels))) if labels else None


def _equal(labels: Mapping[str, str]) -> Iterator[Requirement]:
    for key, value in sorted(labels.items()):
        yield Requirement(key, "In", frozenset({value}))


def _requirement(expression: Mapping[str, Any]) -> Requirement | None:
    key, operator = expression.get("key"), expression.get("operator")
    values = items(expression.get("values"))
    if not isinstance(key, str) or operator not in OPERATORS:
        return None
    if not all(isinstance(value, str) for value in values):
        return None
    return Requirement(key, str(operator), frozenset(values))


def fixed_label(selector: Selector) -> tuple[str, str] | None:
    """A label that every selected pod has, and has from its template; None when there is none."""
    for key, operator, values in selector.requirements:
        if operator == "In" and len(values) == 1 and key not in _AT_RUN_TIME | _OF_CUSTOM_RESOURCES:
            return key, min(values)
    return None


def alike(workloads: Iterable[Object]) -> list[Object]:
    """One workload of each set that differ in nothing that a NetworkPolicy sees."""
    return list({_seen_by_policies(item): item for item in workloads}.values())


@fact
def _seen_by_policies(item: Object) -> tuple[str, ...]:
    labels = (f"{key}={value}" for key, value in sorted(item.pod_labels.items()))
    ports = (repr(container.get("ports")) for _, container in item.all_containers)
    return (item.kind, item.given_namespace, *labels, *ports)


def selects(selector: Selector, item: Object) -> bool | None:
    """Whether pods of a workload are selected; None where labels of run time decide."""
    runtime = RUNTIME_LABELS.get(item.kind, _OF_CUSTOM_RESOURCES)
    return selector.decides(item.pod_labels, runtime)


def shown(selector: Selector) -> str:
    """The selector as `kubectl -l` takes it."""
    return ",".join(map(_shown, selector.requirements)) or "all pods"


def _shown(requirement: Requirement) -> str:
    key, operator, values = requirement
    if operator in {"Exists", "DoesNotExist"}:
        return key if operator == "Exists" else f"!{key}"
    if operator == "In" and len(values) == 1:
        return f"{key}={min(values)}"
    return f"{key} {'in' if operator == 'In' else 'notin'} ({','.join(sorted(values))})"


class Running:
    """The workloads by namespace and by the labels of their pods."""

    def __init__(self, world: World) -> None:
        """Index the workloads, and what policies declare of pods from outside."""
        self._all: dict[str, list[Object]] = defaultdict(list)
        self._labelled: dict[tuple[str, str, str], list[Object]] = defaultdict(list)
        self._outside: dict[str, list[Mapping[str, str]]] = defaultdict(list)
        self._selected: dict[tuple[str, Selector], Sequence[Object]] = {}
        self._maybe_selected: dict[tuple[str, Selector], Sequence[Object]] = {}
        for item in world.workloads:
            self._all[item.given_namespace].append(item)
            for key, value in item.pod_labels.items():
                self._labelled[item.given_namespace, key, value].append(item)
        for policy in world.of("NetworkPolicy"):
            if policy.annotations.get(OUTSIDE) == "outside":
                labels = pairs(lookup(policy.spec, ("podSelector", "matchLabels")))
                self._outside[policy.given_namespace].append(labels)

    def inside(self, namespace: str) -> Sequence[Object]:
        """The workloads of a namespace."""
        return self._all.get(namespace, ())

    def perhaps_inside(self, namespace: str) -> Iterator[Object]:
        """The workloads that are in a namespace, or may be, as one of the two is not given."""
        for place in self._near(namespace):
            yield from self._all.get(place, ())

    def selected(self, namespace: str, selector: Selector) -> Sequence[Object]:
        """The workloads of a namespace whose pods are certainly selected."""
        found = self._selected.get((namespace, selector))
        if found is None:
            near = self._candidates(namespace, selector)
            found = tuple(item for item in near if selects(selector, item))
            self._selected[namespace, selector] = found
        return found

    def maybe_selected(self, namespace: str, selector: Selector) -> Sequence[Object]:
        """The workloads whose pods are perhaps selected: no other can be."""
        found = self._maybe_selected.get((namespace, selector))
        if found is None:
            near = (o for place in self._near(namespace) for o in self._candidates(place, selector))
            found = tuple(item for item in near if selects(selector, item) is not False)
            self._maybe_selected[namespace, selector] = found
        return found

    def outside(self, namespace: str) -> Sequence[Mapping[str, str]]:
        """The labels of pods that somebody else brings into a namespace."""
        return self._outside.get(namespace, ())

    def selects_outside(self, namespace: str, selector: Selector) -> bool:
        """Whether pods that somebody else brings are perhaps selected."""
        return any(
            all(r.key not in labels or r.matches(labels) for r in selector.requirements)
            for labels in self.outside(namespace)
        )

    def _near(self, namespace: str) -> Sequence[str]:
        return (namespace, "") if namespace else tuple(self._all)

    def _candidates(self, namespace: str, selector: Selector) -> Sequence[Object]:
        """Few workloads among which all selected ones are."""
        smallest = self._all.get(namespace, ())
        for key, operator, values in selector.requirements:
            if operator == "In" and len(values) == 1 and key not in _AT_RUN_TIME:
                found = self._labelled.get((namespace, key, min(values)), ())
                smallest = min(smallest, found, key=len)
        return smallest


@fact
def running(world: World) -> Running:
    """The workloads of a world, found by namespace and labels."""
    return Running(world)
