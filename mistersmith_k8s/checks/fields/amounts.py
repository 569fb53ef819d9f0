"""Quantities as fields use them: syntax, sign, whole numbers.

Source: k8s.io/apimachinery/pkg/api/resource; pkg/apis/core/helper and
pkg/apis/core/validation of k8s.io/kubernetes.
"""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.fields.faults import Faults, invalid, warning
from mistersmith_k8s.checks.fields.formats import wrong_key
from mistersmith_k8s.quantity import Quantity
from mistersmith_k8s.quantity import amount as parsed

if TYPE_CHECKING:
    from mistersmith_k8s.checks.fields.rules import Rule

MILLI = Decimal("0.001")
LARGEST = Decimal(2**63 - 1)
HUGE = "hugepages-"
SYNTAX = (
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
)

# Resources that are counted in whole pieces.
COUNTED = frozenset(
    (
        "pods",
        "resourcequotas",
        "services",
        "replicationcontrollers",
        "secrets",
        "configmaps",
        "persistentvolumeclaims",
        "services.nodeports",
        "services.loadbalancers",
    )
)


# A quantity without any digit, which is taken for zero.
_digitless = re.compile(
    r" *(?:[+-]\.?(?:[numk]|[KMGT]i?|[PE])?|\.?(?:[numk]|[KMGT]i?|[PE])|\.) *"
).fullmatch


@lru_cache(maxsize=4096)
def _read(value: str) -> Decimal | None:
    try:
        return min(parsed(value.strip(" ")), LARGEST)
    except (ValueError, ArithmeticError):
        return None


def amount(value: Any) -> Decimal | None:
    """The value of a quantity; None when it is none, or of another type."""
    if isinstance(value, str):
        return _read(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _read(str(value))
    return None


def amounts(value: Any) -> dict[str, Any]:
    """The quantities of a mapping by name; null is nothing, and so zero."""
    found = value if isinstance(value, dict) else {}
    if None in found.values():
        found = {name: 0 if item is None else item for name, item in found.items()}
    return found


def milli(value: Any) -> Decimal | None:
    """The value of a resource as it is kept: rounded up to a thousandth."""
    exact = amount(value)
    return (
        None if exact is None else exact.quantize(MILLI, ROUND_CEILING) if _fine(exact) else exact
    )


def _fine(value: Decimal) -> bool:
    return value != value.to_integral_value() and abs(value) < LARGEST


def quantity(value: Any) -> Faults:
    """A quantity that can be read."""
    if isinstance(value, str) and _read(value) is None:
        fault = invalid(value, SYNTAX, f"Write {Quantity.SYNTAX}.")
        return (warning(fault) if _digitless(value) else fault,)
    return ()


def no_less_than(floor: int, detail: str) -> Rule:
    """A quantity of at least `floor`; with 0, of any but a negative size."""

    def look(value: Any) -> Faults:
        exact = amount(value)
        if exact is None:
            return quantity(value)
        mend = f"Use a quantity of {floor} or more."
        return (invalid(value, detail, mend),) if exact < floor else ()

    return look


def above_zero(detail: str) -> Rule:
    """A quantity that is greater than nothing."""

    def look(value: Any) -> Faults:
        exact = amount(value)
        if exact is None and not (isinstance(value, str) and _digitless(value)):
            return quantity(value)
        return () if exact and exact > 0 else (invalid(value, detail, "Use more than zero."),)

    return look


not_negative = no_less_than(0, "must be greater than or equal to 0")


def is_native(name: str) -> bool:
    """Whether Kubernetes itself defines the resource."""
    return "/" not in name or "kubernetes.io/" in name


def is_extended(name: str) -> bool:
    """Whether the resource comes from a device plugin: integer, and never overcommitted."""
    if is_native(name) or name.startswith("requests."):
        return False
    return not wrong_key(f"requests.{name}")


def is_overcommittable(name: str) -> bool:
    """Whether requests may be below limits."""
    return is_native(name) and not name.startswith(HUGE)


def resource_amount(name: str, value: Any) -> Faults:
    """An amount that fits its resource: not negative, and whole where it counts pieces."""
    exact = amount(value)
    if exact is None or exact < 0:
        return not_negative(value)
    if (name in COUNTED or is_extended(name)) and milli(value) != exact.to_integral_value():
        return (invalid(value, "must be an integer", "Use a whole number."),)
    return ()
