"""When a Job has failed, and when it has succeeded.

Source: pkg/apis/batch/validation of k8s.io/kubernetes, `validatePodFailurePolicy`,
`validateSuccessPolicy`, `validateIndexesFormat`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields.faults import (
    duplicate,
    invalid,
    required,
    too_long,
    too_many,
    under,
)
from mistersmith_k8s.checks.fields.formats import qualified_name
from mistersmith_k8s.checks.fields.rules import (
    dicts,
    fields,
    is_int,
    natural,
    needs_value,
    one_of,
    struct,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.fields.faults import Fault

RULES, PATTERNS, EXIT_CODES = 20, 20, 255
INDEXES_LENGTH = 64 * 1024
ACTIONS = ("Count", "FailIndex", "FailJob", "Ignore")
_is_index = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII).fullmatch
_pattern = fields(
    {"type": qualified_name, "status": one_of("False", "True", "Unknown")}, needs=("type",)
)


def failure_policy(value: Any, spec: dict[str, Any]) -> Iterator[Fault]:
    """Each rule has an action, and looks at exit codes or at conditions."""
    rules = struct(value).get("rules")
    if isinstance(rules, list) and len(rules) > RULES:
        yield too_many(len(rules), RULES, ("rules",))
    for index, rule in dicts(rules):
        yield from under(_failure_rule(rule, spec), "rules", index)


def _failure_rule(rule: dict[str, Any], spec: dict[str, Any]) -> Iterator[Fault]:
    action, codes, conditions = (
        rule.get(name) for name in ("action", "onExitCodes", "onPodConditions")
    )
    yield from needs_value(action, ACTIONS, ("action",))
    if action == "FailIndex" and spec.get("backoffLimitPerIndex") is None:
        detail = "requires the backoffLimitPerIndex to be set"
        yield invalid(action, detail, "Set backoffLimitPerIndex.", ("action",))
    if (codes is not None) == bool(conditions):
        both = codes is not None
        detail = "both OnExitCodes and OnPodConditions is not supported"
        detail = detail if both else "one of OnExitCodes and OnPodConditions is required"
        yield invalid(action, f"specifying {detail}", "Keep exactly one of the two.")
    if isinstance(codes, dict):
        yield from under(_exit_codes(codes, spec), "onExitCodes")
    if isinstance(conditions, list) and len(conditions) > PATTERNS:
        yield too_many(len(conditions), PATTERNS, ("onPodConditions",))
    for index, pattern in dicts(conditions):
        yield from under(_pattern(pattern), "onPodConditions", index)


def _exit_codes(codes: dict[str, Any], spec: dict[str, Any]) -> Iterator[Fault]:
    operator, name, values = (codes.get(key) for key in ("operator", "containerName", "values"))
    yield from needs_value(operator, ("In", "NotIn"), ("operator",))
    pod = struct(struct(spec.get("template")).get("spec"))
    groups = (pod.get("containers"), pod.get("initContainers"))
    known = [container.get("name") for group in groups for _, container in dicts(group)]
    if isinstance(name, str) and name not in known:
        detail = "must be one of the container or initContainer names in the pod template"
        yield invalid(name, detail, "Name a container.", ("containerName",))
    if values in (None, []):
        yield invalid([], "at least one value is required", "List exit codes.", ("values",))
    elif isinstance(values, list):
        yield from under(_code_values(values, operator), "values")


def _code_values(values: list[Any], operator: Any) -> Iterator[Fault]:
    values = [0 if value is None else value for value in values]
    if len(values) > EXIT_CODES:
        yield too_many(len(values), EXIT_CODES)
    numbers = [value for value in values if is_int(value)]
    for index, value in enumerate(values):
        if operator == "In" and is_int(value) and value == 0:
            yield invalid(0, "must not be 0 for the In operator", "Remove 0.", (index,))
        if is_int(value) and value in values[:index]:
            yield duplicate(value, (index,))
    if numbers != sorted(numbers):
        yield invalid(values, "must be ordered", "Sort the codes.")


def success_policy(value: Any, completions: Any) -> Iterator[Fault]:
    """Each rule counts successes, or names the indexes that matter."""
    rules = struct(value).get("rules")
    if rules in (None, []):
        detail = "at least one rules must be specified when the successPolicy is specified"
        yield required(detail, path=("rules",))
    if isinstance(rules, list) and len(rules) > RULES:
        yield too_many(len(rules), RULES, ("rules",))
    for index, rule in dicts(rules):
        yield from under(_success_rule(rule, completions), "rules", index)


def _success_rule(rule: dict[str, Any], completions: Any) -> Iterator[Fault]:
    count, indexes = rule.get("succeededCount"), rule.get("succeededIndexes")
    if count is None and indexes is None:
        detail = "at least one of succeededCount or succeededIndexes must be specified"
        yield required(detail, "Set succeededCount.")
    total: int | None = None
    if isinstance(indexes, str) and is_int(completions):
        if len(indexes) > INDEXES_LENGTH:
            yield too_long(INDEXES_LENGTH, "Name fewer indexes.", ("succeededIndexes",))
        wrong, total = read_indexes(indexes, completions)
        if wrong:
            detail = f"error parsing succeededIndexes: {wrong}"
            yield invalid(indexes, detail, "Write 0,2-4.", ("succeededIndexes",))
    yield from under(natural(count), "succeededCount")
    for most, what in ((completions, "completions"), (total, "succeededIndexes")):
        if is_int(count) and is_int(most) and count > most:
            detail = f"must be less than or equal to {most} (the number of {what})"
            yield invalid(count, detail, f"Use {most} or less.", ("succeededCount",))


def read_indexes(value: str, completions: int) -> tuple[str, int]:
    """What is wrong with a list of intervals such as `0,2-4`, and how many indexes it has."""
    total, last = 0, -(2**31)
    for interval in value.split(",") if value else ():
        ends = interval.split("-")
        if len(ends) > 2:  # noqa: PLR2004 - an interval has two ends
            return f'the fragment "{interval}" has more than two parts', 0
        bad = next((end for end in ends if _is_index(end) is None), None)
        if bad is not None:
            return f'cannot convert string to integer for index: "{bad}"', 0
        low, high = int(ends[0]), int(ends[-1])
        if max(low, high) >= completions:
            return f'too large index: "{max(low, high)}"', 0
        if last >= low or (len(ends) > 1 and low >= high):
            return f"non-increasing order, previous: {last}, current: {low}", 0
        total, last = total + high - low + 1, high
    return "", total
