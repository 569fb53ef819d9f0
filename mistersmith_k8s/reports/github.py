"""Reports for GitHub Actions: workflow commands that annotate the changed files.

Source: https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mistersmith_k8s.checks.finding import Severity
from mistersmith_k8s.reports.words import figures, remediation, statement

if TYPE_CHECKING:
    from mistersmith_k8s.checks.finding import Finding
    from mistersmith_k8s.reports.report import Report

_COMMAND = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOT_CHECKED: "notice"}
_WORST_FIRST = tuple(_COMMAND)


def github(report: Report) -> str:
    """A command for each finding, the worst first, then the figures.

    GitHub shows ten annotations of each sort for a step, so the order decides what is seen.
    """
    findings = sorted(report.findings, key=lambda finding: _WORST_FIRST.index(finding.severity))
    return "".join(f"{line}\n" for line in (*map(_command, findings), figures(report)))


def _command(finding: Finding) -> str:
    place = {"file": finding.file, "line": finding.line, "title": finding.check}
    given = ",".join(f"{key}={_property(str(value))}" for key, value in place.items() if value)
    words = f"{statement(finding)}. {remediation(finding)}".strip()
    return f"::{_COMMAND[finding.severity]} {given}::{_data(words)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
