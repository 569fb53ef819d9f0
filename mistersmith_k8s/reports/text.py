"""Reports for people: a finding in two lines, then the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mistersmith_k8s.reports.words import figures, one_line, remediation, statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.finding import Finding
    from mistersmith_k8s.reports.report import Report


def text(report: Report) -> str:
    """Each finding with its remediation below it, then one line of figures."""
    return "".join(f"{line}\n" for line in (*_lines(report), figures(report)))


def _lines(report: Report) -> Iterator[str]:
    for finding in report.findings:
        yield f"{_place(finding)}{finding.severity}: {statement(finding)} [{finding.check}]"
        if finding.remediation:
            yield f"    {remediation(finding)}"


def _place(finding: Finding) -> str:
    """The place as editors and terminals make a link of it."""
    line = f":{finding.line}" if finding.line else ""
    return f"{one_line(finding.file)}{line}: " if finding.file else ""
