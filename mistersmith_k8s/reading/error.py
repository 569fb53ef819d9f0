"""What a file that cannot be read says of itself."""

from __future__ import annotations

TWINS = "Remove one of the two"
"""What to do about a key that is set twice."""


class ReadError(ValueError):
    """A file that cannot be read: where, why, and what to do, on one line.

    `line` counts from 1; 0 stands for the whole file.
    """

    def __init__(self, file: str, line: int, message: str, remediation: str) -> None:
        self.file, self.line = file, line
        self.message, self.remediation = message, remediation
        place = f"{file}:{line}" if line else file
        super().__init__(" ".join(f"{place}: {message}. {remediation}.".split()))

    @property
    def is_of_twins(self) -> bool:
        """Whether the file can be read but for a key that is set twice."""
        return self.remediation == TWINS
