"""Validate as a CI job runs it: what it finds, how it ends, what it never does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mistersmith_k8s.checks import INDEX
from mistersmith_k8s.cli import main
from mistersmith_k8s.schemas import MINORS
from tests.ledger.frame import PLATFORM

if TYPE_CHECKING:
    from collections.abc import Sequence

DIST = PLATFORM.parents[1] / "dist"
POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: shop
spec:
  containers:
    - name: web
      image: registry.example/web:1.2.3
"""
WRONG_PORT = f"{POD}      ports:\n        - containerPort: 0\n"


class Said(NamedTuple):
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


def run(*words: str, stdin: bytes | None = None) -> Said:
    """The command in this process; an exception that it does not catch is one here."""
    result = CliRunner().invoke(main, words, input=stdin, catch_exceptions=False)
    return Said(result.exit_code, result.stdout, result.stderr)


def findings(*words: str) -> list[dict[str, Any]]:
    """The findings of a validation, from its JSON form."""
    found: list[dict[str, Any]] = json.loads(run("validate", "--format", "json", *words).out)[
        "findings"
    ]
    return found


def ids(*words: str) -> list[str]:
    """The checks that have findings."""
    return [finding["id"] for finding in findings(*words)]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a good pod and one with port 0."""
    monkeypatch.chdir(tmp_path)
    Path("good.yaml").write_text(POD, encoding="utf-8")
    Path("bad.yaml").write_text(WRONG_PORT, encoding="utf-8")
    return tmp_path


def test_the_exit_code_says_whether_there_are_findings() -> None:
    """0 for none, 1 for some, 2 for an input that is not there."""
    assert run("validate", "good.yaml") == Said(
        0, "1 files, 1 objects, 0 errors, 0 warnings, 0 not checked, 0 suppressed\n", ""
    )
    assert run("validate", "bad.yaml").code == 1
    assert run("validate", "gone.yaml") == Said(
        2, "", "gone.yaml: no such file or folder. Check the path.\n"
    )


def test_a_finding_stands_in_the_line_of_its_key() -> None:
    """With the words of the API server, so that people find them."""
    (finding,) = findings("bad.yaml", "--only", "container-ports")
    assert finding == {
        "id": "container-ports",
        "severity": "error",
        "object": {"apiVersion": "v1", "kind": "Pod", "namespace": "shop", "name": "web"},
        "path": "spec.containers[0].ports[0].containerPort",
        "message": finding["message"],
        "remediation": finding["remediation"],
        "file": "bad.yaml",
        "line": 11,
    }


def test_a_file_that_does_not_parse_is_a_finding() -> None:
    """Exit code 2, with a report; what depends on what it may hold is not said."""
    Path("service.yaml").write_text(
        "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: shop}\n"
        "spec: {selector: {app: nobody}, ports: [{port: 80}]}\n",
        encoding="utf-8",
    )
    assert ids("service.yaml", "good.yaml") == ["service-selects"]
    Path("broken.yaml").write_text("a: [1, 2\n", encoding="utf-8")
    said = run("validate", "service.yaml", "good.yaml", "broken.yaml")
    assert said.code == 2
    assert ids("service.yaml", "good.yaml", "broken.yaml") == ["unread"]


def test_a_key_that_is_set_twice_is_a_finding() -> None:
    """Exit code 1: the file is YAML, and Kubernetes would take one of the two values."""
    Path("twice.yaml").write_text("a: 1\na: 2\n", encoding="utf-8")
    assert run("validate", "twice.yaml").code == 1
    Path("twice.json").write_text('{"a": 1, "a": 2}', encoding="utf-8")
    assert run("validate", "twice.json").code == 1


def test_what_could_not_be_checked_is_counted_and_fails_nothing() -> None:
    """A custom resource without its definition is not valid, and not wrong."""
    Path("mine.yaml").write_text(
        "apiVersion: example.com/v1\nkind: Mine\nmetadata: {name: a, namespace: shop}\n",
        encoding="utf-8",
    )
    said = run("validate", "mine.yaml")
    assert said.code == 0
    assert said.out.endswith(
        "1 files, 1 objects, 0 errors, 0 warnings, 1 not checked, 0 suppressed\n"
    )


def test_definitions_of_custom_resources_may_be_given() -> None:
    """They are applied already: what they define is checked, they are not."""
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "mines.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"kind": "Mine", "plural": "mines"},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {
                        "openAPIV3Schema": {
                            "type": "object",
                            "properties": {
                                "spec": {
                                    "type": "object",
                                    "properties": {"size": {"type": "integer"}},
                                }
                            },
                        }
                    },
                }
            ],
        },
    }
    Path("crds").mkdir()
    Path("crds/mine.yaml").write_text(yaml.safe_dump(crd), encoding="utf-8")
    Path("mine.yaml").write_text(
        "apiVersion: example.com/v1\nkind: Mine\nmetadata: {name: a, namespace: shop}\n"
        "spec:\n  size: big\n",
        encoding="utf-8",
    )
    (finding,) = findings("mine.yaml", "--crds", "crds")
    assert (finding["id"], finding["path"], finding["line"]) == ("schema", "spec.size", 5)
    Path("crds/bad.yaml").write_text("a: [1\n", encoding="utf-8")
    said = run("validate", "mine.yaml", "--crds", "crds")
    assert said.code == 2
    assert said.err.startswith("crds/bad.yaml:")


def test_versions_decide_what_is_served() -> None:
    """All minors unless told; a patch or a v before it is the same minor."""
    Path("old.yaml").write_text(
        "apiVersion: flowcontrol.apiserver.k8s.io/v1beta2\nkind: FlowSchema\n"
        "metadata: {name: a}\nspec: {priorityLevelConfiguration: {name: a}}\n",
        encoding="utf-8",
    )
    assert "removed-api" in ids("old.yaml")
    for version in ("1.28", "v1.28", "1.28.4"):
        assert "removed-api" not in ids("old.yaml", "--kubernetes-version", version)
    both = ids("old.yaml", "--kubernetes-version", "1.28", "--kubernetes-version", "1.29")
    assert both == ids("old.yaml", "--kubernetes-version", "1.28,1.29")
    assert "removed-api" in both


WRONG_USE = {
    "--only nothing": "There is no check nothing. See mistersmith-k8s checks.",
    "--skip shema": "There is no check shema. Did you mean schema?",
    "--kubernetes-version 1.2": "1.2 is not a version. "
    f"Give a minor from {MINORS[0]} to {MINORS[-1]}.",
    "--config gone.yaml": "gone.yaml: no such file. Check --config.",
    "--format json --format sarif": "Each --format needs its own --output at the same place; "
    "one may go without.",
    "--output a --output b": "Each --format needs its own --output at the same place; "
    "one may go without.",
    "--output gone/report.txt": "gone/report.txt: cannot be written: No such file or directory.",
    "--crds gone": "gone: no such file or folder. Check the path.",
}


@pytest.mark.parametrize(("words", "message"), WRONG_USE.items(), ids=WRONG_USE)
def test_wrong_use_is_refused_in_one_line(words: str, message: str) -> None:
    """With exit code 2 and what to do."""
    assert run("validate", "good.yaml", *words.split()) == Said(2, "", f"{message}\n")


def test_pod_security_alone_speaks_as_the_admission_controller() -> None:
    """Under its ids, for a level and a version, whatever namespaces ask for."""
    words = ("good.yaml", "--only", "pod-security", "--pod-security")
    assert ids(*words, "baseline") == []
    assert sorted(ids(*words, "restricted:v1.30")) == [
        "allowPrivilegeEscalation",
        "capabilities_restricted",
        "runAsNonRoot",
        "seccompProfile_restricted",
    ]
    assert ids(*words, "restricted:1.0") == ["runAsNonRoot"]
    assert ids("good.yaml", "--pod-security", "restricted:v1.30") == ids(*words, "restricted:v1.30")
    said = run("validate", *words, "strict")
    assert (said.code, said.out) == (2, "")


def test_an_annotation_accepts_a_finding_also_of_pod_security() -> None:
    """With a reason, and only what it names."""
    accepted = WRONG_PORT.replace(
        "  namespace: shop\n",
        "  namespace: shop\n  annotations:\n"
        '    mister-smith.io/ignore.container-ports: "a test"\n'
        '    mister-smith.io/ignore.pod-security: "a test"\n',
    )
    Path("bad.yaml").write_text(accepted, encoding="utf-8")
    said = run("validate", "bad.yaml", "--pod-security", "restricted:v1.30")
    assert said == Said(
        0, "1 files, 1 objects, 0 errors, 0 warnings, 0 not checked, 5 suppressed\n", ""
    )


def test_the_configuration_accepts_findings_with_a_reason() -> None:
    """What has no reason, or accepts nothing, is said; that of checks left out is not."""
    Path(".mistersmith-k8s.yaml").write_text(
        "suppress:\n"
        "- {check: container-ports, object: Pod/shop/*, reason: a test}\n"
        "- {check: schema, object: Pod/shop/web}\n",
        encoding="utf-8",
    )
    assert [(f["id"], f["message"], f["file"]) for f in findings("bad.yaml")] == [
        ("suppression-reason", "has no reason", ".mistersmith-k8s.yaml"),
        ("suppression-unused", "suppresses nothing", ".mistersmith-k8s.yaml"),
    ]
    assert ids("bad.yaml", "--only", "container-ports") == []


def test_one_use_in_any_environment_is_a_use() -> None:
    """A suppression that one of two environments needs is not unused in the other."""
    Path("c.yaml").write_text(
        "suppress:\n- {check: mutable-image, object: '*', reason: a test}\n", encoding="utf-8"
    )
    Path("c.yaml").rename("../c.yaml")
    assert ids(str(DIST), "--config", "../c.yaml", "--only", "suppression-unused") == []


def test_the_command_line_goes_before_the_configuration() -> None:
    """Option by option; a format takes its outputs along."""
    Path("pyproject.toml").write_text(
        '[tool.mistersmith-k8s]\nonly = ["schema"]\nformat = ["sarif"]\noutput = ["r.sarif"]\n',
        encoding="utf-8",
    )
    assert run("validate", "bad.yaml") == Said(0, "", "")
    assert json.loads(Path("r.sarif").read_text(encoding="utf-8"))["version"] == "2.1.0"
    assert ids("bad.yaml", "--only", "container-ports") == ["container-ports"]


def test_several_formats_go_to_several_files() -> None:
    """One of them may go to standard output."""
    said = run(
        *("validate", "bad.yaml", "--format", "json", "--output", "r.json"),
        *("--format", "junit", "--output", "r.xml", "--format", "text"),
    )
    assert said.code == 1
    assert said.out.startswith("bad.yaml:11: error: Pod shop/web: spec.containers[0].ports[0]")
    assert json.loads(Path("r.json").read_text(encoding="utf-8"))["summary"]["errors"] == 1
    assert "<failure" in Path("r.xml").read_text(encoding="utf-8")


def test_severity_hides_warnings_and_nothing_else() -> None:
    """Also from the exit code."""
    latest = POD.replace(":1.2.3", ":latest")
    Path("latest.yaml").write_text(latest, encoding="utf-8")
    assert run("validate", "latest.yaml").code == 1
    assert run("validate", "latest.yaml", "--severity", "error").code == 0


def test_what_exists_outside_may_be_declared() -> None:
    """On the command line as in the configuration."""
    Path("pods.yaml").write_text(
        f"{POD}  serviceAccountName: api\n---\napiVersion: v1\nkind: ServiceAccount\n"
        "metadata: {name: web, namespace: shop}\n",
        encoding="utf-8",
    )
    assert ids("pods.yaml") == ["unknown-service-account"]
    assert ids("pods.yaml", "--external", "ServiceAccount/shop/api") == []


def test_another_group_is_outside_and_an_alternative_is_not() -> None:
    """What a second kustomization declares exists; what only the other environment has does not."""
    pod = f"{POD}  serviceAccountName: api\n"
    account = (
        "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: api, namespace: shop}\n---\n"
        "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: other, namespace: shop}\n"
    )
    for folder, text in {"dev": pod, "prod": f"{pod}---\n{account}"}.items():
        Path("k8s", folder).mkdir(parents=True)
        Path("k8s", folder, "all.yaml").write_text(text, encoding="utf-8")
    mine = account.partition("---")[2].replace("other", "mine")
    Path("k8s/dev/mine.yaml").write_text(mine, encoding="utf-8")
    assert [(f["id"], f["file"]) for f in findings("k8s/dev", "k8s/prod")] == [
        ("unknown-service-account", "k8s/dev/all.yaml")
    ]


def test_standard_input_is_validated() -> None:
    """As the end of a pipe."""
    said = run("validate", "-", stdin=WRONG_PORT.encode())
    assert said.code == 1
    assert said.out.startswith("<stdin>:11: error: ")


def test_the_shipped_platform_has_no_finding() -> None:
    """In any environment, by any check, for any minor."""
    report = json.loads(run("validate", str(DIST), "--format", "json").out)
    assert [f for f in report["findings"] if f["severity"] != "not-checked"] == []
    assert report["summary"]["objects"] > 100


def test_the_hook_runs_validate_on_everything() -> None:
    """Rules between objects need all files, not only those that changed."""
    text = (PLATFORM.parents[1] / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    (hook,) = yaml.safe_load(text)
    program, *words = hook["entry"].split()
    assert (program, hook["language"]) == ("mistersmith-k8s", "python")
    assert hook["pass_filenames"] is False
    assert run(*words, *hook["args"]).code == 1


def test_the_catalogue_lists_and_explains_every_check() -> None:
    """And names the nearest for a mistyped id."""
    listed = [line.split()[0] for line in run("checks").out.splitlines()]
    assert listed == list(INDEX)
    assert run("checks", "schema").out.startswith("schema (error)\n\nAn object has the fields")
    assert run("checks", "unread").out.startswith("unread (error)\n\nA file holds")
    assert run("checks", "shema") == Said(
        2, "", "There is no check 'shema'. Did you mean schema?\n"
    )


# Whatever is read

KEYS = st.sampled_from(
    [
        *("apiVersion", "kind", "metadata", "name", "namespace", "labels", "annotations", "spec"),
        *("template", "containers", "image", "ports", "selector", "matchLabels", "volumes", "env"),
        *("items", "data", "rules", "status", "resources", "limits", "cpu", "replicas", "to"),
    ]
) | st.text(max_size=4)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6)
    | st.sampled_from(["v1", "Pod", "List", "apps/v1", "10.0.0.0/8", "1Gi", "$(A)", "*"])
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)
ANYTHING = settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def is_answered(content: bytes) -> None:
    """Standard input gets findings or a refusal, and a second time the same."""
    said = run("validate", "-", "--format", "json", stdin=content)
    assert said.code in {0, 1, 2}
    assert said.out or said.code == 2
    assert run("validate", "-", "--format", "json", stdin=content) == said


@ANYTHING
@given(st.binary(max_size=80))
def test_any_bytes_are_answered(content: bytes) -> None:
    """The worst case is a finding."""
    is_answered(content)


@ANYTHING
@given(st.text("abk:-[]{}&*!|>#%@'\"\n\t ,?0.~", max_size=60))
def test_any_text_like_yaml_is_answered(text: str) -> None:
    """Every sign that means something to YAML, in any order."""
    is_answered(text.encode())


@ANYTHING
@given(st.lists(VALUES, max_size=4))
def test_any_documents_are_answered(documents: Sequence[Any]) -> None:
    """Whatever stands where an object should."""
    is_answered("\n---\n".join(map(json.dumps, documents)).encode())


def documents(*files: Path) -> list[Any]:
    """The documents of some files."""
    return [one for file in files for one in yaml.safe_load_all(file.read_text(encoding="utf-8"))]


def paths(value: Any) -> list[tuple[str | int, ...]]:
    """The path of everything in a value."""
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    return [
        (key, *rest)
        for key, item in entries
        for rest in ([()] if not isinstance(item, dict | list) else [(), *paths(item)])
    ]


RENDERED = documents(*sorted((DIST / "plain" / "operational").rglob("*.yaml")))
EVERYWHERE = [(place, *path) for place, one in enumerate(RENDERED) for path in paths(one)]


def changed(value: Any, path: Sequence[Any], new: Any) -> Any:
    """A copy of a value that is new at a path."""
    if not path:
        return new
    if not isinstance(value, dict | list):
        return value
    if isinstance(value, dict):
        return {k: changed(v, path[1:], new) if k == path[0] else v for k, v in value.items()}
    return [changed(v, path[1:], new) if k == path[0] else v for k, v in enumerate(value)]


@settings(ANYTHING, max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(EVERYWHERE), VALUES), min_size=1, max_size=3))
def test_any_object_of_a_known_kind_is_answered(changes: Sequence[Any]) -> None:
    """The shipped platform with anything anywhere."""
    mutant = RENDERED
    for path, new in changes:
        mutant = changed(mutant, path, new)
    said = run("validate", "-", stdin="\n---\n".join(map(json.dumps, mutant)).encode())
    assert said.code in {0, 1, 2}


SPECIFICATION = {
    file.name: documents(file)
    for file in sorted(Path(__file__).parent.joinpath("fixtures/specification").glob("*.yaml"))
}


@settings(ANYTHING, max_examples=8)
@given(st.randoms(use_true_random=False))
def test_the_order_of_files_and_documents_changes_nothing(random: Any) -> None:
    """The findings are the same, whoever comes first."""

    def found(order: Sequence[str]) -> list[str]:
        shown = findings(*order, "--skip", "duplicate-identity")
        keys = ("id", "severity", "object", "path", "message", "file")
        return sorted(json.dumps([finding[key] for key in keys]) for finding in shown)

    for name, content in SPECIFICATION.items():
        Path(name).write_text(yaml.safe_dump_all(content), encoding="utf-8")
    before = found(list(SPECIFICATION))
    assert len(before) > 30
    order = list(SPECIFICATION)
    random.shuffle(order)
    for name, content in SPECIFICATION.items():
        shuffled = list(content)
        random.shuffle(shuffled)
        Path(name).write_text(yaml.safe_dump_all(shuffled), encoding="utf-8")
    assert found(order) == before
