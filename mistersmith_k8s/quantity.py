"""Kubernetes quantities: `500m`, `2Gi`, `1e3`, compared by value."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import ClassVar, Self

# Source: k8s.io/apimachinery/pkg/api/resource, "Quantity": decimal SI, binary SI and exponents.
_SUFFIXES = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "": Decimal(1),
    "k": Decimal(10) ** 3,
    "M": Decimal(10) ** 6,
    "G": Decimal(10) ** 9,
    "T": Decimal(10) ** 12,
    "P": Decimal(10) ** 15,
    "E": Decimal(10) ** 18,
    "Ki": Decimal(2) ** 10,
    "Mi": Decimal(2) ** 20,
    "Gi": Decimal(2) ** 30,
    "Ti": Decimal(2) ** 40,
    "Pi": Decimal(2) ** 50,
    "Ei": Decimal(2) ** 60,
}
_NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
_SYNTAX = re.compile(rf"({_NUMBER})(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?[0-9]{{1,3}}))?")


class Quantity(str):
    """A Kubernetes quantity that keeps its spelling and compares by value through `amount`.

    Raises:
        ValueError: the text is no quantity.
    """

    __slots__ = ()

    SYNTAX: ClassVar[str] = "a quantity such as 500m or 2Gi"
    PATTERN: ClassVar[str] = rf"^{_NUMBER}([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]{{1,3}})?$"

    def __new__(cls, text: str) -> Self:
        """Refuse what the API server would refuse."""
        amount(text)
        return super().__new__(cls, text)

    @property
    def amount(self) -> Decimal:
        """The value in base units: cores, bytes, pieces."""
        return amount(self)


def amount(text: str) -> Decimal:
    """The value of a quantity in base units.

    Raises:
        ValueError: the text is no quantity.
    """
    match = _SYNTAX.fullmatch(text)
    if match is None:
        message = f"must be {Quantity.SYNTAX}"
        raise ValueError(message)
    number, suffix, exponent = match.groups()
    scale = Decimal(10) ** int(exponent) if exponent else _SUFFIXES[suffix or ""]
    return Decimal(number) * scale


def cores(value: Decimal) -> str:
    """An amount of CPU as Kubernetes prints it: whole cores, else millicores."""
    return str(int(value)) if value == int(value) else f"{int(value * 1000)}m"


def size(value: Decimal) -> str:
    """An amount of bytes in the largest binary unit that holds it exactly."""
    for suffix in ("Ei", "Pi", "Ti", "Gi", "Mi", "Ki"):
        if value and value % _SUFFIXES[suffix] == 0:
            return f"{int(value / _SUFFIXES[suffix])}{suffix}"
    return str(int(value))
