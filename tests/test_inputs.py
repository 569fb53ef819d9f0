"""What a validation looks at, from files, folders, patterns, pipes, charts and kustomizations."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from mistersmith_k8s import inputs
from mistersmith_k8s.checks.finding import Severity
from mistersmith_k8s.inputs import InputError
from tests.ledger.frame import PLATFORM
from tools import pins

KUSTOMIZE = next(tool.path for tool in pins.group("test") if tool.name == "kustomize")
ENVIRONMENTS = ("experimental", "operational", "validation")


def service(name: str) -> str:
    """A Service as short as can be."""
    return f"apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(**files: str) -> None:
    """Files of the current folder; `__` separates folders, `_` stands before the suffix."""
    for name, text in files.items():
        path = Path(name.replace("__", "/").replace("_", "."))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def names(*paths: str) -> list[list[str]]:
    """The names of the objects in each group."""
    return [[item.ref.name for item in group.objects] for group in inputs.groups(paths)]


def said(*paths: str) -> list[str]:
    """What could not be read or is none of ours: file, severity, message."""
    return [
        f"{finding.file}: {finding.severity}: {finding.message}. {finding.remediation}"
        for group in inputs.groups(paths)
        for finding in (*group.foreign, *group.unread)
    ]


def test_a_folder_is_walked_for_yaml_and_json() -> None:
    """Whatever the case of the suffix; hidden files and other tools' folders are left alone."""
    write(
        a_yaml=service("a"),
        b__c_YML=service("c"),
        b__d_json='{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "d"}}',
        b__notes_txt="kind",
        node_modules_yaml=service("e"),
    )
    Path(".git").mkdir()
    Path(".git/x.yaml").write_text(service("hidden"), encoding="utf-8")
    Path("node_modules").mkdir()
    Path("node_modules/y.yaml").write_text(service("theirs"), encoding="utf-8")
    assert names(".") == [["a", "c", "d", "e"]]


def test_the_order_and_repetition_of_paths_change_nothing() -> None:
    """A file that is named twice is there once."""
    write(a_yaml=service("a"), b__c_yaml=service("c"))
    assert names(".", "b", "b/c.yaml") == names("b/c.yaml", "a.yaml") == [["a", "c"]]
    assert names(str(Path("a.yaml").absolute()), "a.yaml") == [["a"]]


def test_patterns_reach_into_folders() -> None:
    """As in a shell that knows `**`."""
    write(a_yaml=service("a"), b__c_yaml=service("c"), b__d__e_yaml=service("e"))
    assert names("b/*.yaml") == [["c"]]
    assert names("**/*.yaml") == [["a", "c", "e"]]
    assert names(f"{Path.cwd()}/b/**/e.yaml") == [["e"]]


def test_lists_are_the_objects_in_them() -> None:
    """With the kind that a list implies, and the lines of the file."""
    write(
        list_yaml="apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n"
        "  metadata:\n    name: a\n---\napiVersion: v1\nkind: ServiceList\nitems:\n"
        "- metadata:\n    name: b\n"
    )
    (group,) = inputs.groups(["list.yaml"])
    assert [str(item) for item in group.objects] == ["Pod a", "Service b"]
    lines = [item.line_of(("metadata", "name")) for item in group.objects if item.line_of]
    assert lines == [7, 13]


def test_standard_input_joins_the_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What is piped and what is named is applied together."""
    write(a_yaml=service("a"), piped=service("b"))
    with (tmp_path / "piped").open(encoding="utf-8") as stream:
        monkeypatch.setattr("sys.stdin", stream)
        assert names("-", "a.yaml") == [["b", "a"]]


def test_a_pipe_is_a_file(tmp_path: Path) -> None:
    """As a shell gives it for `<(helm template)`."""
    reader, writer = os.pipe()
    os.write(writer, service("piped").encode())
    os.close(writer)
    assert names(f"/dev/fd/{reader}") == [["piped"]]
    os.close(reader)
    assert list(tmp_path.iterdir()) == []


WRONG = {
    "nowhere.yaml": "nowhere.yaml: no such file or folder. Check the path.",
    "no*.yaml": "no*.yaml: no such file or folder. Check the path.",
    "a\0b": "a\0b: no such file or folder. Check the path.",
    "": ": no such file or folder. Check the path.",
    "empty": "empty: holds no .yaml, .yml, .json file. Name another folder.",
}


@pytest.mark.parametrize(("path", "message"), WRONG.items(), ids=repr)
def test_a_path_without_manifests_is_refused(path: str, message: str) -> None:
    """A mistyped path must not pass for a clean one."""
    Path("empty").mkdir()
    with pytest.raises(InputError) as refused:
        inputs.groups([path])
    assert str(refused.value) == message


def test_a_file_that_does_not_parse_is_said_with_its_line() -> None:
    """The others are read all the same."""
    write(a_yaml=service("a"), bad_yaml="a: b\nb: [1, 2\nc: d\n", dup_yaml="kind: A\nkind: B\n")
    (group,) = inputs.groups(["."])
    assert [item.ref.name for item in group.objects] == ["a"]
    assert [(found.file, found.severity) for found in group.unread] == [
        ("bad.yaml", Severity.ERROR),
        ("dup.yaml", Severity.ERROR),
    ]
    assert group.unread[1].line == 2


def test_what_is_no_manifest_is_not_checked_in_a_folder() -> None:
    """Repositories hold YAML of others beside their manifests."""
    write(
        a_yaml=service("a"),
        compose_yaml="services: {web: {image: web}}\n",
        config_json='// comments\n{"a": 1}\n',
        list_yaml="- op: add\n  path: /a\n",
        mkdocs_yml="nav: !!python/name:x ''\n",
        values_yaml="kind: Deployment\nimage: web\n",
    )
    none = "not-checked: holds no Kubernetes object. Name it alone if it should."
    files = ("compose.yaml", "config.json", "list.yaml", "mkdocs.yml", "values.yaml")
    assert said(".") == [f"{file}: {none}" for file in files]
    assert names(".") == [["a"]]


def test_what_is_named_must_be_a_manifest() -> None:
    """Also what stands in one file with manifests: nobody keeps other things there."""
    write(list_yaml="- op: add\n", mixed_yaml=f"{service('a')}---\nreplicas: 2\n---\nsecret\n")
    assert said("list.yaml") == [
        (
            "list.yaml: error: is no object but a list. "
            "Write a mapping with apiVersion, kind and metadata."
        )
    ]
    assert said(".") == [
        "list.yaml: not-checked: holds no Kubernetes object. Name it alone if it should.",
        (
            "mixed.yaml: error: is no object but a text. "
            "Write a mapping with apiVersion, kind and metadata."
        ),
    ]
    assert names("mixed.yaml") == [["a", ""]]


def test_an_object_that_forgot_its_kind_is_a_manifest_still() -> None:
    """Metadata gives it away; the schema layer says what is missing."""
    write(a_yaml="kind: Service\nmetadata: {name: a}\n", b_yaml="apiVersion: v1\nmetadata: {}\n")
    assert said(".") == []
    assert names(".") == [["a", ""]]


def test_the_templates_of_a_chart_are_not_checked() -> None:
    """They are no YAML; the chart's CRDs are."""
    write(
        web__Chart_yaml="apiVersion: v2\nname: web\n",
        web__values_yaml="replicas: 1\n",
        web__templates__deployment_yaml="kind: {{ .Values.kind }}\n",
        web__crds__crd_yaml=service("crd"),
    )
    assert said(".") == [
        (
            "web: not-checked: is a Helm chart, whose templates are no manifests. "
            "Validate what helm template prints, from standard input."
        )
    ]
    assert names(".") == [["crd"]]


BASE = "resources: [service.yaml]\n"
OVERLAY = "resources: [../base]\nnamePrefix: prod-\n"


def kustomizations() -> None:
    """A base, two overlays and a component, beside a loose file."""
    write(
        app__base__service_yaml=service("web"),
        app__base__kustomization_yaml=BASE,
        app__prod__kustomization_yaml=OVERLAY,
        app__test__kustomization_yaml=OVERLAY.replace("prod", "test"),
        app__prod__patch_yaml="- op: remove\n  path: /spec\n",
        app__part__kustomization_yaml="apiVersion: kustomize.config.k8s.io/v1alpha1\n"
        "kind: Component\n",
        loose_yaml=service("loose"),
    )


@pytest.fixture
def builder(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pinned kustomize, and no other, is on PATH."""
    monkeypatch.setenv("PATH", str(KUSTOMIZE.parent))


@pytest.fixture
def no_builder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither kustomize nor kubectl is on PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.usefixtures("builder")
def test_a_kustomization_is_built() -> None:
    """Where it is named, and where it is found; a base that overlays include, through them."""
    kustomizations()
    assert names("app/base") == [["web"]]
    assert names(".") == [["loose"], ["prod-web"], ["test-web"]]


@pytest.mark.usefixtures("builder")
def test_a_kustomization_that_does_not_build_is_a_finding() -> None:
    """An error where it is wrong; not checked where it asks for what we do not give."""
    write(
        wrong__kustomization_yaml="resources: [gone.yaml]\n",
        chart__kustomization_yaml="helmCharts: [{name: a, repo: b}]\n",
    )
    chart, wrong = (group.unread[0] for group in inputs.groups(["."]))
    assert (chart.file, chart.severity) == ("chart", Severity.NOT_CHECKED)
    assert (wrong.file, wrong.severity) == ("wrong", Severity.ERROR)
    assert wrong.message.startswith("kustomize build failed: ")
    assert inputs.groups(["wrong"])[0].unread == (wrong,)


@pytest.mark.usefixtures("no_builder")
def test_without_kustomize_a_kustomization_is_refused_or_not_checked() -> None:
    """Refused where it is all that was asked for."""
    kustomizations()
    with pytest.raises(InputError) as refused:
        inputs.groups(["app/prod"])
    words = "is a kustomization, and neither kustomize nor kubectl is on PATH. "
    mend = "Install one of them, or validate its built output from standard input."
    assert str(refused.value) == f"app/prod: {words}{mend}"
    assert said(".") == [
        f"app/prod: not-checked: {words}{mend}",
        f"app/test: not-checked: {words}{mend}",
    ]


@pytest.mark.usefixtures("builder")
def test_each_environment_that_synth_wrote_is_a_group() -> None:
    """Plain and as an overlay, also where the folder lies in another."""
    shutil.copytree(PLATFORM.parents[1] / "dist", "repository/dist")
    groups = inputs.groups(["repository"])
    places = [f"repository/dist/plain/{name}" for name in ENVIRONMENTS]
    overlays = [f"repository/dist/kustomize/overlays/{name}" for name in ENVIRONMENTS]
    assert [group.name for group in groups] == [*places, *overlays]
    assert all(group.objects for group in groups)
    for plain, overlay in zip(groups[:3], groups[3:], strict=True):
        assert {item.ref for item in plain.objects} == {item.ref for item in overlay.objects}


def test_folders_that_declare_the_same_are_alternatives() -> None:
    """A cluster gets one of them; what lies beside them belongs to none."""
    write(
        app__dev__a_yaml=service("web") + "---\n" + service("debug"),
        app__prod__a_yaml=service("web"),
        app__common_yaml=service("common"),
        other__a_yaml=service("other"),
        other__deep__b_yaml=service("deep"),
    )
    assert names(".") == [["common", "other", "deep"], ["web", "debug"], ["web"]]
    assert names("app/dev", "app/prod") == [[], ["web", "debug"], ["web"]]
    assert names("app/dev", "other") == [["web", "debug", "other", "deep"]]
    assert [group.name for group in inputs.groups(["."])] == [".", "app/dev", "app/prod"]


def test_folders_that_share_a_little_belong_together() -> None:
    """An object that is declared twice is then a mistake, and not an alternative."""
    write(
        a__a_yaml=service("web") + "---\n" + service("t") + "---\n" + service("u"),
        b__a_yaml=service("web") + "---\n" + service("v") + "---\n" + service("w"),
    )
    assert names(".") == [["web", "t", "u", "web", "v", "w"]]


def test_a_file_that_does_not_parse_may_belong_to_any_alternative() -> None:
    """So none of them is complete."""
    write(dev__a_yaml=service("web"), prod__a_yaml=service("web"), bad_yaml="a: [1\n")
    assert [group.complete for group in inputs.groups(["."])] == [False, False, False]


def test_a_name_that_is_no_text_is_read_and_said() -> None:
    """File names are bytes; a report is not."""
    path = os.fsencode(Path.cwd()) + b"/\xff.yaml"
    with open(path, "w", encoding="utf-8") as stream:  # noqa: PTH123 - a name in bytes
        stream.write("a: [1\n")
    (group,) = inputs.groups(["."])
    assert [finding.file for finding in group.unread] == ["\ufffd.yaml"]


def test_one_group_is_asked_for_where_objects_must_belong_together() -> None:
    """The reachability of two environments at once means nothing."""
    write(a_yaml=service("a"), b_yaml="b: [1\n")
    with pytest.raises(InputError) as refused:
        inputs.one_group(["b.yaml"])
    assert str(refused.value).startswith("b.yaml:")
    assert inputs.one_group(["a.yaml"]).objects[0].ref.name == "a"
    write(dev__a_yaml=service("web"), prod__a_yaml=service("web"))
    with pytest.raises(InputError) as refused:
        inputs.one_group(["dev", "prod"])
    assert str(refused.value) == (
        "dev, prod: holds what is applied apart: dev, prod. Name one of them."
    )
