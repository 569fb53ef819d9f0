"""Platform files: read, checked, every mistake with its line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mistersmith_k8s.description import platforms
from mistersmith_k8s.reading import Document, ReadError, read_file
from mistersmith_k8s.spec import SpecError

if TYPE_CHECKING:
    from pathlib import Path

    from mistersmith_k8s.platform import Environment, PlatformSpec

MOST_BYTES = 1_000_000
"""A thousand worker pools fit in a third of it."""


class PlatformFileError(ValueError):
    """Everything that is wrong with a platform file, a line each: file, line, path, rule."""


def load_platforms(path: Path) -> dict[Environment, PlatformSpec]:
    """The platform of each environment that a file describes.

    Raises:
        PlatformFileError: the file cannot be read, or describes no platform.
    """
    document = _document(path)
    if not isinstance(document.value, Mapping):
        found = "a list" if isinstance(document.value, list) else "a single value"
        raise PlatformFileError(f"{path}: is {found}, not a mapping of fields. See init.")
    try:
        return platforms(document.value)
    except SpecError as error:
        lines = (
            f"{path}:{document.line_of(violation.where)}: {violation}"
            for violation in error.violations
        )
        raise PlatformFileError("\n".join(lines)) from None


def _document(path: Path) -> Document:
    if path.is_dir():
        raise PlatformFileError(f"{path}: is a directory. Name the platform file in it.")
    if not path.exists():
        advice = "Write one with `mistersmith-k8s init`, or name yours."
        raise PlatformFileError(f"{path}: no such file. {advice}")
    try:
        documents = read_file(path, most_bytes=MOST_BYTES)
    except ReadError as error:
        raise PlatformFileError(str(error)) from None
    if not documents:
        raise PlatformFileError(f"{path}: is empty. Write one with `mistersmith-k8s init`.")
    if len(documents) > 1:
        raise PlatformFileError(f"{path}: holds {len(documents)} documents. Keep one.")
    return documents[0]
