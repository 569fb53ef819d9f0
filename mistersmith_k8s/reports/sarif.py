"""Reports for code scanning: SARIF 2.1.0."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mistersmith_k8s.checks.finding import Severity

if TYPE_CHECKING:
    from mistersmith_k8s.checks.finding import Finding
    from mistersmith_k8s.reports.report import Report

_LEVEL = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOT_CHECKED: "note"}


def sarif(report: Report) -> str:
    """One run; a rule for each check that has findings, a result for each finding.

    Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
    """
    rules = list(dict.fromkeys(finding.check for finding in report.findings))
    driver = {
        "name": "mistersmith-k8s",
        "version": _version(),
        "rules": [{"id": rule, "shortDescription": {"text": _why(rule)}} for rule in rules],
    }
    run = {
        "tool": {"driver": driver},
        "results": [_result(finding, rules.index(finding.check)) for finding in report.findings],
        "properties": report.summary,
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def _result(finding: Finding, rule: int) -> dict[str, Any]:
    logical = {"fullyQualifiedName": f"{finding.object}: {finding.field}", "kind": "object"}
    location: dict[str, Any] = {"logicalLocations": [logical]}
    if finding.file:
        region = {"region": {"startLine": finding.line}} if finding.line else {}
        artifact = {"uri": quote(finding.file.replace("\\", "/"))}
        location["physicalLocation"] = {"artifactLocation": artifact, **region}
    text = f"{finding.object}: {finding.field}: {finding.message} {finding.remediation}".strip()
    return {
        "ruleId": finding.check,
        "ruleIndex": rule,
        "level": _LEVEL[finding.severity],
        "message": {"text": text},
        "locations": [location],
    }


def _why(rule: str) -> str:
    from mistersmith_k8s.checks import CHECKS  # noqa: PLC0415 - only where rules are described

    return next((check.why.split("\n", 1)[0] for check in CHECKS if check.id == rule), rule)


def _version() -> str:
    from importlib.metadata import version  # noqa: PLC0415 - slow, and this form alone needs it

    return version("mistersmith-k8s")
