"""Reports for GitHub Actions: workflow commands that annotate the changed files.

Source: https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mistersmith_k8s.checks.finding import Severity

if TYPE_CHECKING:
    from mistersmith_k8s.checks.finding import Finding
    from mistersmith_k8s.reports.report import Report

_COMMAND = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOT_CHECKED: "notice"}


def github(report: Report) -> str:
    """A command a finding."""
    return "".join(f"{_command(finding)}\n" for finding in report.findings)


def _command(finding: Finding) -> str:
    place = {"file": finding.file, "line": finding.line, "title": finding.check}
    given = ",".join(f"{key}={_property(str(value))}" for key, value in place.items() if value)
    field = f"{finding.field}: " if finding.path else ""
    words = f"{finding.object}: {field}{finding.message} {finding.remediation}"
    return f"::{_COMMAND[finding.severity]} {given}::{_data(words.strip())}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
