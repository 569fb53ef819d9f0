"""JSON patches: the operations that make one manifest of another, and nothing else.

Source: RFC 6902.
"""

from __future__ import annotations

from difflib import SequenceMatcher
from itertools import zip_longest
from textwrap import indent
from typing import TYPE_CHECKING, Any, NamedTuple

from mistersmith_k8s.emit import emit
from mistersmith_k8s.layouts.values import LISTS, Path, pointer, same, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ABSENT = object()


class Operation(NamedTuple):
    """One step of a patch.

    `test` changes nothing: it tells the reader which element follows, and fails the build when
    the base no longer has it there.
    """

    op: str
    path: Path
    value: Any = None

    @property
    def document(self) -> dict[str, Any]:
        """The step as JSON."""
        step = {"op": self.op, "path": pointer(self.path)}
        return step if self.op == "remove" else {**step, "value": self.value}


class Difference(NamedTuple):
    """The steps from one value to another, and whether anything of the first one stays."""

    steps: list[Operation]
    stays: bool


def operations(base: Any, target: Any) -> list[Operation]:
    """The steps from base to target; of what nothing stays is replaced whole."""
    return _difference(base, target, ()).steps


def written(steps: Sequence[Operation]) -> str:
    """The steps as the text of a patch: one YAML list."""
    return "".join("- " + indent(emit((step.document,)), "  ")[2:] for step in steps)


def _difference(base: Any, target: Any, path: Path) -> Difference:
    if same(base, target):
        return Difference([], stays=True)
    if isinstance(base, dict) and isinstance(target, dict):
        parts = list(_of_mapping(base, target, path))
    elif isinstance(base, LISTS) and isinstance(target, LISTS):
        parts = list(_of_list(base, target, path))
    else:
        return Difference([Operation("replace", path, target)], stays=False)
    steps = [step for part in parts for step in part.steps]
    stays = any(part.stays for part in parts)
    if stays or len(steps) == 1:
        return Difference(steps, stays)
    return Difference([Operation("replace", path, target)], stays=False)


def _of_mapping(base: dict[str, Any], target: dict[str, Any], path: Path) -> Iterator[Difference]:
    for key, value in base.items():
        if key in target:
            yield _difference(value, target[key], (*path, key))
        else:
            yield Difference([Operation("remove", (*path, key))], stays=False)
    for key, value in target.items():
        if key not in base:
            yield Difference([Operation("add", (*path, key), value)], stays=False)


def _of_list(base: Sequence[Any], target: Sequence[Any], path: Path) -> Iterator[Difference]:
    """The steps in the order of the list: each index counts what the earlier steps did."""
    at = 0
    for old, new in _aligned(base, target):
        yield _of_element(old, new, (*path, at))
        at += new is not ABSENT


def _of_element(old: Any, new: Any, path: Path) -> Difference:
    """The steps on one element, after a test of its name if it has one."""
    if old is ABSENT:
        return Difference([Operation("add", path, new)], stays=False)
    if new is ABSENT:
        made = Difference([Operation("remove", path)], stays=False)
    elif _name(old) == _name(new):
        made = _difference(old, new, path)
    else:
        made = Difference([Operation("replace", path, new)], stays=False)
    name = _name(old)
    if name and made.steps:
        return made._replace(steps=[Operation("test", (*path, "name"), name), *made.steps])
    return made


def _aligned(base: Sequence[Any], target: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    """The elements of both lists in pairs; one that has no partner is paired with ABSENT.

    Elements with a name are partners by name, others when they are the same. What stands between
    partners is paired in order.
    """
    old, new = ([_name(item) or text(item) for item in items] for items in (base, target))
    for _, start, end, at, until in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        yield from zip_longest(base[start:end], target[at:until], fillvalue=ABSENT)


def _name(item: Any) -> str:
    name = item.get("name") if isinstance(item, dict) else None
    return name if isinstance(name, str) else ""
