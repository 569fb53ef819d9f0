"""What a validation has to report: findings, and what was looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mistersmith_k8s.checks.finding import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Sequence


class Report(NamedTuple):
    """The findings of one validation, and how much it saw.

    `suppressed` counts findings that somebody silenced with a reason. It is `broken` when a file
    is no YAML or JSON at all, and nobody silenced that.
    """

    findings: Sequence[Finding]
    files: int
    objects: int
    suppressed: int = 0
    broken: bool = False

    def count(self, severity: Severity) -> int:
        """How many findings have a severity."""
        return sum(finding.severity is severity for finding in self.findings)

    @property
    def summary(self) -> dict[str, int]:
        """The figures, under the names that the JSON form uses."""
        return {
            "files": self.files,
            "objects": self.objects,
            "errors": self.count(Severity.ERROR),
            "warnings": self.count(Severity.WARNING),
            "not_checked": self.count(Severity.NOT_CHECKED),
            "suppressed": self.suppressed,
        }
