"""Reports for CI systems that show tests: JUnit XML."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from mistersmith_k8s.checks.finding import Severity
from mistersmith_k8s.reports.words import remediation, statement, subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mistersmith_k8s.checks.finding import Finding
    from mistersmith_k8s.reports.report import Report

# Source: https://www.w3.org/TR/xml/#charsets - everything else may not stand in a document.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
NOWHERE = "manifests"


def junit(report: Report) -> str:
    """A suite for each file with a test case for each finding; a first one that passes.

    What could not be checked is a skipped test. The first suite says how much was seen, so that
    a report without findings is no empty one.
    """
    return "".join(f"{line}\n" for line in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    files: dict[str, list[Finding]] = {}
    for finding in report.findings:
        files.setdefault(finding.file or NOWHERE, []).append(finding)
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<testsuites name="mistersmith-k8s validate"{_counts(report.findings, passed=1)}>'
    yield f'  <testsuite name="summary"{_counts((), passed=1)}>'
    seen = f"{report.objects} objects in {report.files} files"
    yield f'    <testcase classname="summary" name="{seen}" time="0"/>'
    yield "  </testsuite>"
    for file, findings in files.items():
        yield f"  <testsuite{_attributes(name=file)}{_counts(findings)}>"
        for finding in findings:
            yield from _case(file, finding)
        yield "  </testsuite>"
    yield "</testsuites>"


def _case(file: str, finding: Finding) -> Iterator[str]:
    named = {"classname": file, "name": f"{subject(finding)} [{finding.check}]".strip()}
    placed = {"file": finding.file, "line": finding.line}
    yield f'    <testcase{_attributes(**named, **placed)} time="0">'
    body = escape(_legal(f"{statement(finding)}\n{remediation(finding)}".strip()))
    if finding.severity is Severity.NOT_CHECKED:
        yield f"      <skipped{_attributes(message=statement(finding))}/>"
    else:
        said = _attributes(message=statement(finding), type=str(finding.severity))
        yield f"      <failure{said}>{body}</failure>"
    yield "    </testcase>"


def _counts(findings: Sequence[Finding], passed: int = 0) -> str:
    skipped = sum(finding.severity is Severity.NOT_CHECKED for finding in findings)
    return _attributes(
        tests=len(findings) + passed,
        failures=len(findings) - skipped,
        errors=0,
        skipped=skipped,
        time=0,
    )


def _attributes(**values: str | int | None) -> str:
    """The attributes that have a value, each with a space before it."""
    return "".join(
        f" {name}={quoteattr(_legal(str(value)))}"
        for name, value in values.items()
        if value is not None
    )


def _legal(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
