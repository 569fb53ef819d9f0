"""YAML as Kubernetes reads it, event by event: slow, exact, and sure of every line.

A value is built once; an alias is a fresh copy of it, within the limit that go-yaml sets to
aliases, so that a small file cannot become a large object.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from mistersmith_k8s.reading import scalars
from mistersmith_k8s.reading.depth import DEEPEST, TOO_DEEP
from mistersmith_k8s.reading.error import TWINS, ReadError
from mistersmith_k8s.reading.syntax import explained

if TYPE_CHECKING:
    from collections.abc import Iterator

SLASH = re.compile(r"(?<!\\)(?:\\\\)*\\/")
COLLECTION = ("a key is a collection", "Make it a string")
TEMPLATE = ("a template stands here", "Render the file first, with helm template for instance")

FEW_COPIES, FEW_STEPS = 100, 1_000
SMALL, LARGE = 400_000, 4_000_000
"""Nodes of a document, for the limit to aliases."""

Event = Any
"""An event of PyYAML; its stubs doubt the marks that each one has."""

MERGE = "tag:yaml.org,2002:merge"


def documents(text: str, file: str, first_line: int = 1) -> Iterator[Any]:
    """The values of the documents in a text; None for an empty one.

    Raises:
        ReadError: the text is no YAML, or none that Kubernetes takes.
    """
    reader = _Reader(text, file, first_line)
    try:
        yield from reader.documents()
    except yaml.YAMLError as error:
        line, message, remediation = explained(error, text)
        raise ReadError(file, first_line + line, message, remediation) from None


class Anchor(NamedTuple):
    """A value that aliases repeat; `text` is what a scalar is spelled like."""

    value: Any
    steps: int
    text: str | None


class _Reader:
    """The events of a text, and what they have made so far."""

    def __init__(self, text: str, file: str, first_line: int) -> None:
        self.events = yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        self.text, self.file, self.first_line = text, file, first_line
        self.anchors: dict[str, Anchor | None] = {}  # None while the value is being made
        self.steps = self.copied = self.depth = 0
        self.has_slashes = r"\/" in text

    def documents(self) -> Iterator[Any]:
        """The values, one for each document."""
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                self.anchors, self.steps, self.copied = {}, 0, 0
                yield self.node(next(self.events))

    def node(self, event: Event) -> Any:
        """The value that begins with an event."""
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event).value
        before = self.steps
        self.steps += 1
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        if isinstance(event, yaml.ScalarEvent):
            value, text = self.scalar(event), event.value
        else:
            value, text = self.collection(event), None
        if event.anchor is not None:
            self.anchors[event.anchor] = Anchor(value, self.steps - before, text)
        return value

    def scalar(self, event: Event) -> scalars.Value:
        """The value of a scalar, by its tag or its looks."""
        try:
            if event.tag is not None:
                return scalars.finite(scalars.tagged(event.tag, event.value))
            if event.implicit[0] and not self.is_marked(event):
                return scalars.finite(scalars.plain(event.value))
        except scalars.ScalarError as error:
            raise self.error(event, error.message, error.remediation) from None
        if self.has_slashes and event.style == '"':
            self.refuse_slash(event)
        return str(event.value)

    def refuse_slash(self, event: Event) -> None:
        """A text in double quotes has no escaped slash: YAML 1.2 and JSON know it, Go does not."""
        if SLASH.search(self.text, event.start_mark.index, event.end_mark.index):
            raise self.error(event, r"\/ is an escape that Kubernetes does not know", "Write /")

    def is_marked(self, event: Event) -> bool:
        """Whether the scalar stands behind a lone `!`, which makes a string of it."""
        return self.text.startswith("!", event.start_mark.index)

    def collection(self, event: Event) -> Any:
        """The list or mapping that begins with an event."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.error(event, TOO_DEEP, "Flatten it")
        is_list = isinstance(event, yaml.SequenceStartEvent)
        value = self.sequence() if is_list else self.mapping()
        self.depth -= 1
        return value

    def sequence(self) -> list[Any]:
        """The items up to the end of a list."""
        items = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self.node(event))
        return items

    def mapping(self) -> dict[str, Any]:
        """The entries up to the end of a mapping; what is merged in stands as if written there."""
        entries: dict[str, Any] = {}
        lines: dict[str, int] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            if _is_merge(event):
                entries.update(self.merged(next(self.events)))
                continue
            key = self.key(event)
            if key in lines:
                message = f"the key {key!r} is set twice, first in line {lines[key]}"
                raise self.error(event, message, TWINS)
            lines[key] = self.line(event)
            entries[key] = self.node(next(self.events))
        return entries

    def key(self, event: Event) -> str:
        """The key that begins with an event."""
        if isinstance(event, yaml.AliasEvent):
            value, _, text = self.alias(event)
        else:
            value, text = self.node(event), getattr(event, "value", None)
        if text is None:
            is_template = self.text.startswith("{{", event.start_mark.index - 1)
            raise self.error(event, *(TEMPLATE if is_template else COLLECTION))
        try:
            return scalars.key(value, text)
        except scalars.ScalarError as error:
            raise self.error(event, error.message, error.remediation) from None

    def merged(self, event: Event) -> dict[str, Any]:
        """What the merge key << brings into a mapping; of a list, the first item wins."""
        value = self.node(event)
        parts = value if isinstance(event, yaml.SequenceStartEvent) else [value]
        if not all(isinstance(part, dict) for part in parts):
            raise self.error(event, "<< merges what is no mapping", "Name a mapping, or quote it")
        return {key: value for part in reversed(parts) for key, value in part.items()}

    def alias(self, event: Event) -> Anchor:
        """A copy of what an alias stands for."""
        if event.anchor not in self.anchors:
            raise self.error(event, f"no anchor &{event.anchor} stands before", "Define it")
        anchor = self.anchors[event.anchor]
        if anchor is None:
            raise self.error(event, f"&{event.anchor} contains itself", "Remove the alias")
        self.steps += 1 + anchor.steps
        self.copied += anchor.steps
        if _is_excessive(self.copied, self.steps):
            raise self.error(event, "aliases repeat too much", "Write out what is needed")
        return anchor._replace(value=_copy(anchor.value))

    def line(self, event: Event) -> int:
        """The line that an event begins in."""
        return self.first_line + int(event.start_mark.line)

    def error(self, event: Event, message: str, remediation: str) -> ReadError:
        """An error in the line of an event."""
        return ReadError(self.file, self.line(event), message, remediation)


def _is_merge(event: Event) -> bool:
    """Whether a key is <<, unquoted or tagged as what it is."""
    if not isinstance(event, yaml.ScalarEvent) or event.value != "<<":
        return False
    return bool(event.implicit[0]) or event.tag == MERGE


def _is_excessive(copied: int, steps: int) -> bool:
    """Whether aliases make up too much: of a small document nearly all may, of a large one little.

    Source: go.yaml.in/yaml/v2 decode.go, allowedAliasRatio.
    """
    if copied <= FEW_COPIES or steps <= FEW_STEPS:
        return False
    size = min(max(steps, SMALL), LARGE)
    return copied > steps * (0.99 - 0.89 * (size - SMALL) / (LARGE - SMALL))


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value
