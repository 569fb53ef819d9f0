"""Reports: the forms in which findings leave, each a function from a report to text."""

from __future__ import annotations

from importlib import import_module

from mistersmith_k8s.reports.report import Report

FORMATS = {
    "text": "text",
    "json": "json_form",
    "junit": "junit",
    "sarif": "sarif",
    "github": "github",
}
"""Each format with the module, and the function in it, that writes it."""


def written(report: Report, form: str) -> str:
    """The report in a format of `FORMATS`."""
    module = import_module(f"{__name__}.{FORMATS[form]}")
    text: str = getattr(module, FORMATS[form])(report)
    return text


__all__ = ["FORMATS", "Report", "written"]
