"""What files contain: objects, each with its place, and what could not be read."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from mistersmith_k8s.checks.finding import Finding, Severity
from mistersmith_k8s.checks.world import Object
from mistersmith_k8s.inputs.error import InputError
from mistersmith_k8s.manifest import ObjectRef
from mistersmith_k8s.reading import ReadError, expand, read_bytes, read_stream

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mistersmith_k8s.checks.finding import Path as FieldPath
    from mistersmith_k8s.inputs.places import Source
    from mistersmith_k8s.reading import Document

UNREAD = "unread"
NOTHING = ObjectRef("", "", "", "")
SAYS_KIND = re.compile(rb'"(?:apiVersion|kind)"\s*:')
FOREIGN = ("holds no Kubernetes object", "Name it alone if it should.")
A_CHART = (
    "is a Helm chart, whose templates are no manifests",
    "Validate what helm template prints, from standard input.",
)
NO_OBJECT = "Write a mapping with apiVersion, kind and metadata."


def printable(name: str) -> str:
    """The name of a file as every report can write it: names are bytes, and reports are text."""
    return os.fsencode(name).decode(errors="replace")


class Group(NamedTuple):
    """Objects that are applied together, by where they come from.

    `unread` says what could not be read, `foreign` what lies among the manifests and is none. A
    group is not `complete` when something that could not be read may belong to it; it is `broken`
    when a file of it is no YAML or JSON at all.
    """

    name: str
    objects: tuple[Object, ...]
    unread: tuple[Finding, ...] = ()
    foreign: tuple[Finding, ...] = ()
    files: int = 0
    complete: bool = True
    broken: bool = False


def group_of(name: str, sources: Sequence[Source], charts: Iterable[Path] = ()) -> Group:
    """The objects of some files.

    Raises:
        InputError: a file cannot be opened.
    """
    taken = _Taken([], [], [_foreign(str(chart), *A_CHART) for chart in charts], [])
    for source in sources:
        _take_file(source, taken)
    return _group(name, taken, len(sources))


def group_of_bytes(name: str, content: bytes) -> Group:
    """The objects that a build gave; where they come from has no lines."""
    taken = _Taken([], [], [], [])
    try:
        for document in read_bytes(content, name):
            _take(document, taken, lines=False)
    except ReadError as error:
        taken.refused.append(error)
        taken.unread.append(_of_error(error, name))
    return _group(name, taken, 1)


def unread(
    message: str,
    mend: str,
    file: str,
    line: int | None = None,
    *,
    severity: Severity = Severity.ERROR,
) -> Finding:
    """The finding that something cannot be read."""
    return Finding(UNREAD, severity, NOTHING, (), message, mend, file, line)


class _Taken(NamedTuple):
    objects: list[Object]
    unread: list[Finding]
    foreign: list[Finding]
    refused: list[ReadError]


def _group(name: str, taken: _Taken, files: int) -> Group:
    unread, foreign = tuple(taken.unread), tuple(taken.foreign)
    broken = not all(error.is_of_twins for error in taken.refused)
    objects = tuple(taken.objects)
    return Group(name, objects, unread, foreign, files, complete=not unread, broken=broken)


def _take_file(source: Source, taken: _Taken) -> None:
    content = _content(source)
    name = printable(source.name)
    try:
        documents = read_bytes(content, name)
    except ReadError as error:
        if source.walked and name.endswith(".json") and not SAYS_KIND.search(content):
            taken.foreign.append(_foreign(name, *FOREIGN))
        else:
            taken.refused.append(error)
            taken.unread.append(_of_error(error, name))
        return
    if source.walked and documents and not any(_is_manifest(d.value) for d in documents):
        taken.foreign.append(_foreign(name, *FOREIGN))
        return
    for document in documents:
        _take(document, taken)


def _content(source: Source) -> bytes:
    """The bytes of a file, as far as they are needed to know that they are too many."""
    try:
        if source.file is None:
            return read_stream(sys.stdin.buffer)
        with source.file.open("rb") as stream:
            return read_stream(stream)
    except OSError as error:
        message = f"{source.name}: cannot be read: {error.strerror}."
        raise InputError(message) from None


def _is_manifest(value: Any) -> bool:
    """Whether a document means to be an object: it says of what kind, or almost.

    The chart of Helm and the values of many have one of the two words, and no metadata.
    """
    if not isinstance(value, Mapping):
        return False
    return ("apiVersion" in value) + ("kind" in value) + ("metadata" in value) > 1


def _take(document: Document, taken: _Taken, *, lines: bool = True) -> None:
    for value, prefix in expand(document):
        if isinstance(value, Mapping):
            where = _lines(document, prefix) if lines else None
            taken.objects.append(Object(value, document.file, where))
        else:
            line = document.line_of(prefix) if lines else None
            message = f"is no object but {_shown(value)}"
            taken.unread.append(unread(message, NO_OBJECT, document.file, line))


def _lines(document: Document, prefix: FieldPath) -> Callable[[FieldPath], int]:
    return lambda path: document.line_of((*prefix, *path))


def _shown(value: Any) -> str:
    """What a value is; a text may be a secret, and is not shown."""
    kinds = {list: "a list", str: "a text", type(None): "null"}
    return kinds.get(type(value), "a single value")


def _foreign(file: str, message: str, mend: str) -> Finding:
    return unread(message, mend, printable(file), severity=Severity.NOT_CHECKED)


def _of_error(error: ReadError, file: str) -> Finding:
    return unread(error.message, f"{error.remediation}.", file, error.line or None)
