"""What the reports say of a finding, in the words that they share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mistersmith_k8s.checks.finding import Finding
    from mistersmith_k8s.reports.report import Report

UNREAD = "A file holds Kubernetes objects, and can be read as Kubernetes does."
"""What the finding `unread` is about: no check, for there is no object to check."""

# What moves the cursor, colours the terminal or starts a line: manifests may hold it.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def subject(finding: Finding) -> str:
    """The object and the field that a finding is about; empty for a whole file."""
    about = str(finding.object) if any(finding.object) else ""
    return one_line(": ".join(filter(None, (about, finding.field))))


def statement(finding: Finding) -> str:
    """What is wrong, with what: `Service a/web: spec.type: is wrong`."""
    return ": ".join(filter(None, (subject(finding), one_line(finding.message))))


def remediation(finding: Finding) -> str:
    """What to do, in one line."""
    return one_line(finding.remediation)


def one_line(words: str) -> str:
    """The words with each control character as an escape."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), words)


def figures(report: Report) -> str:
    """How much was seen and found, in one line."""
    counts = report.summary.items()
    return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts)
