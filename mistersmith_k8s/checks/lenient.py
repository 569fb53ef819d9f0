"""Fields that the schemas demand, and whose absence the API server takes for an empty value.

Source: k8s.io/api marks them as required; pkg/apis/*/validation of k8s.io/kubernetes asks for no
value. Each was left out of an object that was sent to an API server.
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
CAPACITY = ("spec", "devices", "capacity")  # by name


def is_lenient(kind: str, path: Path) -> bool:
    """Whether an API server takes an object of the kind without the field."""
    words = tuple(part for part in path if isinstance(part, str))
    if words[:3] == CAPACITY and kind == "ResourceSlice":
        return words[4:] == ("value",)
    return words[-2:] in TAILS or words in WHOLE.get(kind, ())
