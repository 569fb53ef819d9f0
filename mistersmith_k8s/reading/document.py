"""A document of a file: its value, and the lines of its keys for whoever asks."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import yaml

HALF_CHARACTER = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
"""JSON writes some characters as two escapes, which YAML does not know."""


@dataclasses.dataclass(frozen=True, eq=False)
class Document:
    """One document: `value` is JSON-shaped, `index` counts the documents of the file from 0."""

    value: Any
    file: str
    index: int
    text: str = dataclasses.field(repr=False)
    first_line: int = 1
    """The line in the file of the first line of the text."""
    position: int = 0
    """Which document of the text it is."""

    def line_of(self, path: tuple[str | int, ...]) -> int:
        """The line in the file, from 1, of a key or item; if it is not there, of the nearest above.

        The first call reads the document again, for lines alone.
        """
        node, line = self._nodes, None
        for part in path:
            node, line = _below(node, part) or (None, line)
        start = self._nodes.start_mark.line if self._nodes else 0
        return max(1, self.first_line + int(start if line is None else line))

    @functools.cached_property
    def _nodes(self) -> yaml.Node | None:
        import yaml  # noqa: PLC0415 - costs time that only findings need

        text = HALF_CHARACTER.sub("______", self.text)
        try:
            nodes = yaml.compose_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
            return next(itertools.islice(nodes, self.position, None), None)
        except yaml.YAMLError:
            return None


def _below(node: yaml.Node | None, part: str | int) -> tuple[yaml.Node, int] | None:
    """The node under a key or index, with the line that it is named in."""
    if node is None or isinstance(node.value, str):
        return None
    if isinstance(part, int):
        items = [item for item in node.value if not isinstance(item, tuple)]
        return (items[part], items[part].start_mark.line) if part < len(items) else None
    entries = [item for item in node.value if isinstance(item, tuple)]
    for key, value in entries:
        if key.value == part:
            return value, key.start_mark.line
    merged = (value for key, value in entries if key.value == "<<")
    sources = (item for value in merged for item in _mappings(value))
    return next((found for source in sources if (found := _below(source, part))), None)


def _mappings(node: yaml.Node) -> list[yaml.Node]:
    """What a merge key names: a mapping, or a list of them."""
    items = node.value if isinstance(node.value, list) else []
    return [node] if items and isinstance(items[0], tuple) else items
