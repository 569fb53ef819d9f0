"""Values of any shape, read as what they should be: anybody writes manifests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.quantity import amount

if TYPE_CHECKING:
    from decimal import Decimal


MAPPINGS = (dict, Mapping)  # the first is what readers give, and quicker to tell


def lookup(value: Any, path: Sequence[str | int]) -> Any:
    """The value at a path, or None where the path leads nowhere."""
    for part in path:
        if isinstance(value, MAPPINGS) and isinstance(part, str):
            value = value.get(part)
        elif isinstance(value, list | tuple) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value


def mapping(value: Any) -> Mapping[str, Any]:
    """The value when it is a mapping, else an empty one."""
    return value if isinstance(value, MAPPINGS) else {}


def items(value: Any) -> Sequence[Any]:
    """The value when it is a list, else an empty one."""
    return value if isinstance(value, list | tuple) else ()


def text(value: Any) -> str:
    """The value when it is a text, else an empty one."""
    return value if isinstance(value, str) else ""


def texts(value: Any) -> Iterator[tuple[int, str]]:
    """The texts of a list with their indexes."""
    for index, item in enumerate(items(value)):
        if isinstance(item, str):
            yield index, item


def mappings(value: Any) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The mappings of a list with their indexes."""
    for index, item in enumerate(items(value)):
        if isinstance(item, MAPPINGS):
            yield index, item


def pairs(value: Any) -> dict[str, str]:
    """The entries of a mapping that are texts for texts, such as labels."""
    entries = mapping(value).items()
    return {key: item for key, item in entries if isinstance(key, str) and isinstance(item, str)}


def integer(value: Any) -> int | None:
    """The value when it is a whole number, else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def quantity(value: Any) -> Decimal | None:
    """The amount that a quantity stands for; None when it is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        return amount(str(value))
    except (ValueError, ArithmeticError):
        return None
