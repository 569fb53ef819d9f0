"""Where each check is, so that only those are imported that run.

The index is written by `python -m mistersmith_k8s.checks.catalogue`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

INDEX_FILE = Path(__file__).with_name("index.txt")


class Place(NamedTuple):
    """The module of a check, and the kinds that it looks at; none means every object."""

    module: str
    kinds: frozenset[str]


def _read() -> dict[str, Place]:
    lines = map(str.split, INDEX_FILE.read_text(encoding="utf-8").splitlines())
    return {name: Place(module, frozenset(kinds)) for name, module, *kinds in lines}


INDEX: Mapping[str, Place] = _read()
"""The place of each check by its id, in the order of the catalogue."""
