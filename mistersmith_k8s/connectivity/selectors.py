"""Label selectors: which labels they match, one by one or all at once."""

from __future__ import annotations

from collections import defaultdict
from functools import reduce
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from mistersmith_k8s.connectivity.fields import Field

_JOB_LABELS = frozenset(
    {
        "batch.kubernetes.io/controller-uid",
        "batch.kubernetes.io/job-completion-index",
        "batch.kubernetes.io/job-name",
        "controller-uid",
        "job-name",
    }
)

# Labels that controllers add to their pods; no manifest shows them.
# Source: k8s.io/api/apps/v1 and k8s.io/api/batch/v1.
RUNTIME_LABELS: Mapping[str, frozenset[str]] = {
    "CronJob": _JOB_LABELS,
    "DaemonSet": frozenset({"controller-revision-hash", "pod-template-generation"}),
    "Deployment": frozenset({"pod-template-hash"}),
    "Job": _JOB_LABELS,
    "StatefulSet": frozenset(
        {
            "apps.kubernetes.io/pod-index",
            "controller-revision-hash",
            "statefulset.kubernetes.io/pod-name",
        }
    ),
}

OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")


class Requirement(NamedTuple):
    """One condition on one label."""

    key: str
    operator: str
    values: frozenset[str] = frozenset()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether the labels meet it; a label that is absent meets the two negations."""
        if self.operator == "Exists":
            return self.key in labels
        if self.operator == "DoesNotExist":
            return self.key not in labels
        return (labels.get(self.key) in self.values) == (self.operator == "In")


class Selector(NamedTuple):
    """Conditions that must all be met; without any, it matches everything."""

    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether it selects what has these labels."""
        return all(requirement.matches(labels) for requirement in self.requirements)

    def decides(self, labels: Mapping[str, str], runtime: Collection[str]) -> bool | None:
        """Whether it selects them; None where that depends on labels that come at run time."""
        open_keys = {key for key in runtime if key not in labels}
        known = [item for item in self.requirements if item.key not in open_keys]
        if not all(requirement.matches(labels) for requirement in known):
            return False
        return True if len(known) == len(self.requirements) else None


EVERYTHING = Selector()
NOTHING = Selector((Requirement("", "In"),))


class LabelIndex:
    """Many sets of labels; a selection among them is a bit mask, bit i for the i-th set."""

    def __init__(self, labels: Sequence[Mapping[str, str]]) -> None:
        """Index the sets by each of their labels."""
        self.all = (1 << len(labels)) - 1
        self._keys: dict[str, int] = defaultdict(int)
        self._pairs: dict[tuple[str, str], int] = defaultdict(int)
        for index, one in enumerate(labels):
            for key, value in one.items():
                self._keys[key] |= 1 << index
                self._pairs[key, value] |= 1 << index

    def select(self, selector: Selector) -> int:
        """The sets that the selector matches."""
        return reduce(int.__and__, map(self._meeting, selector.requirements), self.all)

    def _meeting(self, requirement: Requirement) -> int:
        key, operator, values = requirement
        if operator == "Exists":
            return self._keys.get(key, 0)
        if operator == "DoesNotExist":
            return self.all & ~self._keys.get(key, 0)
        found = reduce(int.__or__, (self._pairs.get((key, value), 0) for value in values), 0)
        return found if operator == "In" else self.all & ~found


def selector(field: Field) -> Selector:
    """The selector that a field holds; one that the API server would refuse selects nothing."""
    before = len(field.problems)
    pairs = field["matchLabels"].texts()
    requirements = [Requirement(k, "In", frozenset({v})) for k, v in sorted(pairs.items())]
    requirements += [_requirement(item) for item in field["matchExpressions"].items()]
    return Selector(tuple(requirements)) if len(field.problems) == before else NOTHING


def _requirement(field: Field) -> Requirement:
    key, operator = field["key"].text(), field["operator"].text()
    values = frozenset(item.text() for item in field["values"].items())
    if not key:
        field["key"].problem("is required")
    if operator not in OPERATORS:
        field["operator"].problem(f"must be one of {', '.join(OPERATORS)}, not {operator!r}")
    elif operator in {"In", "NotIn"} and not values:
        field["values"].problem(f"must be given for operator {operator}")
    elif operator not in {"In", "NotIn"} and values:
        field["values"].problem(f"must not be given for operator {operator}")
    return Requirement(key, operator, values)
