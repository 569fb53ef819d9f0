"""Reports for CI systems that show tests: JUnit XML."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from mistersmith_k8s.checks.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mistersmith_k8s.checks.finding import Finding
    from mistersmith_k8s.reports.report import Report

# Source: https://www.w3.org/TR/xml/#charsets - everything else may not stand in a document.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ELEMENT = {Severity.ERROR: "failure", Severity.WARNING: "failure", Severity.NOT_CHECKED: "skipped"}


def junit(report: Report) -> str:
    """A test case for each object that has findings, and one that passes for all others."""
    return "".join(f"{line}\n" for line in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    cases: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in report.findings:
        cases[finding.file or "", str(finding.object)].append(finding)
    skipped = report.count(Severity.NOT_CHECKED)
    failures = len(report.findings) - skipped
    tests = len(report.findings) + 1
    counts = f'tests="{tests}" failures="{failures}" skipped="{skipped}" errors="0"'
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f"<testsuites {counts}>"
    yield f'  <testsuite name="mistersmith-k8s validate" {counts}>'
    yield f'    <testcase classname="summary" name={_attribute(_figures(report))}/>'
    for (file, name), findings in cases.items():
        for finding in findings:
            yield from _case(file, name, finding)
    yield "  </testsuite>"
    yield "</testsuites>"


def _case(file: str, name: str, finding: Finding) -> Iterator[str]:
    place = f" file={_attribute(file)}" if file else ""
    line = f' line="{finding.line}"' if finding.line else ""
    title = _attribute(f"{name}: {finding.check}")
    element = _ELEMENT[finding.severity]
    yield f"    <testcase classname={_attribute(file or 'manifests')} name={title}{place}{line}>"
    body = escape(_legal(f"{finding}\n{finding.remediation}"))
    yield f"      <{element} message={_attribute(finding.message)}>{body}</{element}>"
    yield "    </testcase>"


def _figures(report: Report) -> str:
    return f"{report.objects} objects in {report.files} files"


def _legal(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def _attribute(text: str) -> str:
    return quoteattr(_legal(text))
