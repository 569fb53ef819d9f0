"""How deep a document may nest: deeper ones would break who walks them."""

from __future__ import annotations

from typing import Any

DEEPEST = 200
"""Levels of the deepest document; a Kubernetes object has a quarter of them."""

TOO_DEEP = f"nests more than {DEEPEST} levels"


def is_too_deep(value: Any) -> bool:
    """Whether a value nests deeper than that."""
    level = [value]
    for _ in range(DEEPEST + 1):
        level = [
            item
            for node in level
            if isinstance(node, dict | list)
            for item in (node.values() if isinstance(node, dict) else node)
        ]
        if not level:
            return False
    return True
