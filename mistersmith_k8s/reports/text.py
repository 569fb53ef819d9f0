"""Reports for people: a finding in two lines, then the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mistersmith_k8s.reports.report import Report


def text(report: Report) -> str:
    """Each finding with its remediation below it, then one line of figures."""
    lines = [
        line for finding in report.findings for line in (str(finding), _mend(finding.remediation))
    ]
    figures = ", ".join(
        f"{count} {name.replace('_', ' ')}" for name, count in report.summary.items()
    )
    return "".join(f"{line}\n" for line in (*filter(None, lines), figures))


def _mend(remediation: str) -> str:
    return f"    {remediation}" if remediation else ""
