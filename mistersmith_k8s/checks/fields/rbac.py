"""Roles and bindings.

Source: pkg/apis/rbac/validation of k8s.io/kubernetes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields.faults import invalid, required, under, unsupported
from mistersmith_k8s.checks.fields.formats import dns_subdomain, path_segment
from mistersmith_k8s.checks.fields.rules import (
    Rule,
    dicts,
    each,
    field_check,
    fields,
    given,
    needs_value,
    one_of,
    struct,
)
from mistersmith_k8s.checks.fields.selectors import selector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.fields.faults import Fault

GROUP = "rbac.authorization.k8s.io"
SUBJECTS = ("ServiceAccount", "User", "Group")


def _rule(rule: dict[str, Any], *, namespaced: bool) -> Iterator[Fault]:
    if not rule.get("verbs"):
        yield required("verbs must contain at least one value", path=("verbs",))
    urls = rule.get("nonResourceURLs")
    if urls:
        at = ("nonResourceURLs",)
        if namespaced:
            detail = "namespaced rules cannot apply to non-resource URLs"
            yield invalid(urls, detail, "Use a ClusterRole.", at)
        if any(rule.get(name) for name in ("apiGroups", "resources", "resourceNames")):
            detail = "rules cannot apply to both regular resources and non-resource URLs"
            yield invalid(urls, detail, "Write two rules.", at)
        return
    for name, what in (("apiGroups", "api group"), ("resources", "resource")):
        if not rule.get(name):
            yield required(f"resource rules must supply at least one {what}", path=(name,))


@field_check(GROUP, "Role", "ClusterRole")
def role_fields(manifest: Any) -> Iterator[Fault]:
    """A rule allows verbs on resources of groups, or in a ClusterRole on URLs."""
    namespaced = manifest.get("kind") == "Role"
    for index, rule in dicts(manifest.get("rules")):
        yield from under(_rule(rule, namespaced=namespaced), "rules", index)
    aggregation = manifest.get("aggregationRule")
    if not namespaced and isinstance(aggregation, dict):
        chosen, at = aggregation.get("clusterRoleSelectors"), "clusterRoleSelectors"
        if not chosen:
            detail = "at least one clusterRoleSelector required if aggregationRule is non-nil"
            yield required(detail, path=("aggregationRule", at))
        yield from under(each(selector)(chosen), "aggregationRule", at)


_REF: dict[str, Rule] = {"apiGroup": one_of(GROUP), "name": given(path_segment)}
_ref = fields(_REF, needs=("name",))


@field_check(GROUP, "RoleBinding", "ClusterRoleBinding")
def binding_fields(manifest: Any) -> Iterator[Fault]:
    """A binding names one role, and subjects of known kinds."""
    namespaced = manifest.get("kind") == "RoleBinding"
    ref = struct(manifest.get("roleRef"))
    kinds = ("Role", "ClusterRole") if namespaced else ("ClusterRole",)
    yield from under(_ref(ref), "roleRef")
    yield from needs_value(ref.get("kind"), kinds, ("roleRef", "kind"))
    for index, subject in dicts(manifest.get("subjects")):
        yield from under(_subject(subject, namespaced=namespaced), "subjects", index)


def _subject(subject: dict[str, Any], *, namespaced: bool) -> Iterator[Fault]:
    kind, name, group = (subject.get(key) for key in ("kind", "name", "apiGroup"))
    if name in (None, ""):
        yield required(path=("name",))
    yield from needs_value(kind, SUBJECTS, ("kind",))
    if kind == "ServiceAccount":
        yield from under(given(dns_subdomain)(name), "name")
        if group:
            yield unsupported(group, ("",), ("apiGroup",))
        if not namespaced and not subject.get("namespace"):
            yield required(path=("namespace",))
    elif kind in SUBJECTS and group and group != GROUP:
        yield unsupported(group, (GROUP,), ("apiGroup",))


CHECKS = (role_fields, binding_fields)
