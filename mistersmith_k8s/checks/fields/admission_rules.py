"""Rules that say which requests an admission webhook or policy sees.

Source: pkg/apis/admissionregistration/validation of k8s.io/kubernetes,
`validateRuleWithOperations`, `validateResources`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields.faults import invalid, required, under, unsupported
from mistersmith_k8s.checks.fields.rules import pick, strings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.fields.faults import Fault

OPERATIONS = ("*", "CONNECT", "CREATE", "DELETE", "UPDATE")
_WHAT = {"operations": "operations", "apiGroups": "API groups", "apiVersions": "API versions"}


def rule_with_operations(value: Any) -> Iterator[Fault]:
    """A rule names operations, groups, versions and resources; a star stands alone."""
    if not isinstance(value, dict):
        return
    for name, what in _WHAT.items():
        items = [item for _, item in strings(value.get(name))]
        if not items:
            yield required(path=(name,))
        if len(items) > 1 and "*" in items:
            detail = f"if '*' is present, must not specify other {what}"
            yield invalid(items, detail, "Keep the star alone.", (name,))
    for index, item in strings(value.get("operations")):
        if item not in OPERATIONS:
            yield unsupported(item, OPERATIONS, ("operations", index))
    for index, item in strings(value.get("apiVersions")):
        if not item:
            yield required("", "Name the version.", ("apiVersions", index))
    yield from under(_resources(value.get("resources")), "resources")
    scope = value.get("scope")
    yield from under(pick("*", "Cluster", "Namespaced")(scope), "scope")


def _resources(value: Any) -> Iterator[Fault]:
    items = [item for _, item in strings(value)]
    if not items:
        yield required("", "Name the resources.")
        return
    whole: set[str] = set()  # resources of which all subresources are named
    every: set[str] = set()  # subresources that are named of all resources
    for index, item in enumerate(items):
        resource, slash, sub = item.partition("/")
        if not item:
            yield required("", "Name the resource.", (index,))
        elif slash and (resource in whole or sub in every):
            star = f"{resource}/*" if resource in whole else f"*/{sub}"
            detail = f"if '{star}' is present, must not specify {item}"
            yield invalid(item, detail, "Remove it.", (index,))
        if slash and sub == "*":
            whole.add(resource)
        if slash and resource == "*":
            every.add(sub)
    if len(items) > 1 and "*/*" in items:
        detail = "if '*/*' is present, must not specify other resources"
        yield invalid(items, detail, "Keep the star alone.")
    # The last resource without a subresource decides, as it does in the API server.
    plain = [item for item in items if item and "/" not in item]
    if "*" in plain and plain[-1] != "*":
        detail = "if '*' is present, must not specify other resources without subresources"
        yield invalid(items, detail, "Keep the star alone.")
