"""Reports for code scanning: SARIF 2.1.0."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mistersmith_k8s.checks.finding import Severity
from mistersmith_k8s.reports.words import UNREAD, one_line, remediation, statement, subject

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mistersmith_k8s.checks.finding import Finding
    from mistersmith_k8s.reports.report import Report

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVEL = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOT_CHECKED: "note"}


def sarif(report: Report) -> str:
    """One run; a rule for each check that has findings, a result for each finding.

    Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
    """
    ids = list(dict.fromkeys(finding.check for finding in report.findings))
    places = {name: place for place, name in enumerate(ids)}
    driver = {"name": "mistersmith-k8s", "version": _version(), "rules": _rules(ids)}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, places[finding.check]) for finding in report.findings],
        "properties": report.summary,
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rules(ids: Sequence[str]) -> list[dict[str, Any]]:
    laws = _laws()
    return [{"id": name, "shortDescription": {"text": laws.get(name, name)}} for name in ids]


def _result(finding: Finding, rule: int) -> dict[str, Any]:
    text = f"{statement(finding)}. {remediation(finding)}".strip()
    return {
        "ruleId": finding.check,
        "ruleIndex": rule,
        "level": _LEVEL[finding.severity],
        "message": {"text": text},
        "locations": [_location(finding)],
        "partialFingerprints": {"finding/v1": _fingerprint(finding)},
    }


def _location(finding: Finding) -> dict[str, Any]:
    about = subject(finding)
    names = [{"fullyQualifiedName": about, "kind": "object"}] if about else []
    location: dict[str, Any] = {"logicalLocations": names} if names else {}
    if finding.file:
        artifact = {"uri": quote(finding.file)}
        region = {"region": {"startLine": finding.line}} if finding.line else {}
        location["physicalLocation"] = {"artifactLocation": artifact, **region}
    return location


def _fingerprint(finding: Finding) -> str:
    """What makes a finding the same one tomorrow, when lines have moved."""
    same = (finding.check, *finding.object, finding.field, finding.file or "")
    return hashlib.sha256(one_line("\n".join(same)).encode()).hexdigest()


def _laws() -> Mapping[str, str]:
    from mistersmith_k8s.checks import load  # noqa: PLC0415 - only where rules are described

    return {"unread": UNREAD, **{check.id: check.why.partition("\n")[0] for check in load()}}


def _version() -> str:
    from importlib.metadata import version  # noqa: PLC0415 - slow, and this form alone needs it

    return version("mistersmith-k8s")
