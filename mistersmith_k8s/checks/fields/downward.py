"""Fields of the pod and resources of containers that a container can read.

Source: pkg/apis/core/validation of k8s.io/kubernetes, `validateObjectFieldSelector`,
`validateContainerResourceFieldSelector`; pkg/apis/core/pods, `ConvertDownwardAPIFieldLabel`.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields.amounts import amount, quantity
from mistersmith_k8s.checks.fields.faults import invalid, required, unsupported
from mistersmith_k8s.checks.fields.formats import qualified_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mistersmith_k8s.checks.fields.faults import Fault
    from mistersmith_k8s.checks.fields.rules import Rule

RESOURCES = tuple(
    f"{side}.{name}"
    for side in ("limits", "requests")
    for name in ("cpu", "ephemeral-storage", "memory")
)
HUGE_PAGES = ("limits.hugepages-", "requests.hugepages-")
CPU_UNITS = frozenset((Decimal(1), Decimal("0.001")))
BYTE_UNITS = frozenset(
    (*(Decimal(10) ** (3 * n) for n in range(7)), *(Decimal(2) ** (10 * n) for n in range(7)))
)
# What the conversion of field labels knows, beyond what a single place supports.
CONVERTIBLE = frozenset(
    (
        "metadata.annotations",
        "metadata.labels",
        "metadata.name",
        "metadata.namespace",
        "metadata.uid",
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.serviceAccountName",
        "spec.schedulerName",
        "status.phase",
        "status.hostIP",
        "status.hostIPs",
        "status.podIP",
        "status.podIPs",
    )
)
_subscripted = re.compile(r"(.+?)\['(.*)'\]", re.DOTALL).fullmatch


def field_ref(known: Sequence[str]) -> Rule:
    """A reference to one of the known fields of the pod, or to one label or annotation."""

    def look(value: Any) -> Iterator[Fault]:
        path = value.get("fieldPath") if isinstance(value, dict) else 0
        version = value.get("apiVersion") if isinstance(value, dict) else None
        if path in (None, ""):
            yield required(path=("fieldPath",))
        elif isinstance(path, str) and version in (None, "", "v1"):
            yield from (fault._replace(path=("fieldPath",)) for fault in _field(path, known))
        elif isinstance(path, str) and isinstance(version, str):
            detail = f"error converting fieldPath: unsupported pod version: {version}"
            yield invalid(version, detail, "Set apiVersion to v1, or remove it.", ("apiVersion",))

    return look


def _field(path: str, known: Sequence[str]) -> Iterator[Fault]:
    parts = _subscripted(path)
    if parts is None and path != "spec.host":  # the old name of spec.nodeName
        if path not in known and path not in CONVERTIBLE:
            detail = f"error converting fieldPath: field label not supported: {path}"
            yield invalid(path, detail, f"Use one of {', '.join(known)}.")
        elif path not in known:
            yield unsupported(path, known)
    if parts is None:
        return
    field, key = parts.groups()
    if field == "metadata.annotations":
        yield from qualified_name(key.lower())
    elif field == "metadata.labels":
        yield from qualified_name(key)
    else:
        mend = "Take a key of metadata.labels or metadata.annotations."
        yield invalid(path, "error converting fieldPath: does not support subscript", mend)


def resource_ref(*, needs_container: bool) -> Rule:
    """A reference to a request or limit of a container; volumes have to name the container."""

    def look(value: Any) -> Iterator[Fault]:
        if not isinstance(value, dict):
            return
        resource = value.get("resource")
        if needs_container and value.get("containerName") in (None, ""):
            yield required(path=("containerName",))
        elif resource in (None, ""):
            yield required(path=("resource",))
        elif isinstance(resource, str) and not _known(resource):
            yield unsupported(resource, RESOURCES, ("resource",))
        if value.get("divisor") is not None:
            yield from _divisor(resource, value["divisor"])

    return look


def _known(resource: str) -> bool:
    return resource in RESOURCES or resource.startswith(HUGE_PAGES)


def _divisor(resource: Any, value: Any) -> Iterator[Fault]:
    exact = amount(value)
    if exact is None:
        yield from (fault._replace(path=("divisor",)) for fault in quantity(value))
    elif exact and isinstance(resource, str) and _known(resource):
        is_cpu = resource.endswith(".cpu")
        if exact not in (CPU_UNITS if is_cpu else BYTE_UNITS):
            units = "1m and 1" if is_cpu else "1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, ..."
            name = resource.partition(".")[2]
            detail = f"only divisor's values {units} are supported with the {name} resource"
            yield invalid(value, detail, f"Use one of {units}.", ("divisor",))
