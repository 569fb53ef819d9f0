"""What the schemas refuse and the API server takes: absent fields, and unknown ones.

Source of the absent ones: k8s.io/api marks them as required; pkg/apis/*/validation of
k8s.io/kubernetes asks for no value. Each was left out of an object that an API server then took.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mistersmith_k8s.checks.finding import Path

# The last parts of the path, wherever they stand.
TAILS = frozenset(
    (
        ("forZones", "name"),
        ("httpHeaders", "value"),
        ("iscsi", "lun"),
        ("podFailurePolicy", "rules"),
        ("preferredDuringSchedulingIgnoredDuringExecution", "preference"),
        ("scaleIO", "secretRef"),
        ("sleep", "seconds"),
        ("sysctls", "value"),
    )
)
# The whole path, without indexes, of the kinds that have such fields.
WHOLE: dict[str, set[Path]] = {
    "CSIDriver": {("spec",), ("spec", "tokenRequests", "audience")},
    "CSINode": {("spec",), ("spec", "drivers")},
    "CustomResourceDefinition": {("spec", "versions", "served"), ("spec", "versions", "storage")},
    "Event": {("involvedObject",)},
    "LimitRange": {("spec", "limits")},
    "ResourceSlice": {("spec", "pool", "generation")},
}
# Keywords of a schema under which the API server's decoder sees no unknown field.
# Source: k8s.io/apiextensions-apiserver, `JSONSchemaPropsOrArray`, `JSONSchemaPropsOrBool` and
# `JSONSchemaPropsOrStringArray` decode what they hold on their own.
UNREAD = frozenset(("items", "additionalProperties", "additionalItems", "dependencies"))
NAMED = frozenset(("properties", "patternProperties", "definitions"))
SCHEMA = "openAPIV3Schema"
OWNERS = "ownerReferences"
CAPACITY = ("spec", "devices", "capacity")  # by name


def is_lenient(kind: str, path: Path) -> bool:
    """Whether an API server takes an object of the kind without the field."""
    words = tuple(part for part in path if isinstance(part, str))
    if words[:3] == CAPACITY and kind == "ResourceSlice":
        return words[4:] == ("value",)
    if "template" in words and OWNERS in words:
        return True  # who owns a template is left unread
    return words[-2:] in TAILS or words in WHOLE.get(kind, ())


def is_unread(kind: str, path: Path) -> bool:
    """Whether an API server drops an unknown field there without a word."""
    if kind != "CustomResourceDefinition" or SCHEMA not in path:
        return False
    inside = iter(path[path.index(SCHEMA) + 1 : -1])
    for part in inside:
        if part in UNREAD:
            return True
        if part in NAMED:
            next(inside, None)  # a name, whatever it says
    return False
