"""Reports for programs: the JSON form, stable from release to release."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mistersmith_k8s.checks.finding import Finding
    from mistersmith_k8s.reports.report import Report


def json_form(report: Report) -> str:
    """An object with `findings` and `summary`; `file` and `line` are null where there is none."""
    form = {"findings": [_finding(f) for f in report.findings], "summary": report.summary}
    return json.dumps(form, indent=2, ensure_ascii=False) + "\n"


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.check,
        "severity": str(finding.severity),
        "object": {
            "apiVersion": finding.object.api_version,
            "kind": finding.object.kind,
            "namespace": finding.object.namespace,
            "name": finding.object.name,
        },
        "path": finding.field,
        "message": finding.message,
        "remediation": finding.remediation,
        "file": finding.file,
        "line": finding.line,
    }
