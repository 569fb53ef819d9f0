"""What a check reports: values, never side effects."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from mistersmith_k8s.manifest import ObjectRef

Path = tuple[str | int, ...]


class Severity(StrEnum):
    """How bad a finding is. `NOT_CHECKED` says that something could not be checked at all."""

    ERROR = "error"
    WARNING = "warning"
    NOT_CHECKED = "not-checked"


class Finding(NamedTuple):
    """One thing that is wrong with one object.

    `path` leads to the offending key; `file` and `line` are set when it was read from a file.
    """

    check: str
    severity: Severity
    object: ObjectRef
    path: Path
    message: str
    remediation: str
    file: str | None = None
    line: int | None = None

    @property
    def field(self) -> str:
        """The path as the API server writes it: `spec.containers[0].image`."""
        return field_path(self.path)

    def __str__(self) -> str:
        line = "" if self.line is None else f":{self.line}"
        place = f"{self.file}{line}: " if self.file else ""
        what = f"{self.field}: {self.message}" if self.path else self.message
        return f"{place}{self.severity}: {self.object}: {what} [{self.check}]"


def field_path(path: Path) -> str:
    """A path as the API server writes it; map keys that are no plain words go in brackets.

    Source: k8s.io/apimachinery/pkg/util/validation/field, `Path.String`.
    """
    text = "".join(
        f"[{part}]" if isinstance(part, int) or not part.isidentifier() else f".{part}"
        for part in path
    )
    return text.removeprefix(".")
