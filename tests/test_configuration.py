"""A repository keeps the defaults of validate in a file, and hears of what it says wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from mistersmith_k8s import configuration
from mistersmith_k8s.checks.suppress import Ignore
from mistersmith_k8s.configuration import Configuration, ConfigurationError

YAML = """\
kubernetes-versions: ["1.30", "1.31"]
skip: [mutable-image]
severity: error
pod-security: restricted:v1.30
crds: [crds]
external: ["Service/shop/*"]
format: [text, sarif]
output: ["-", out.sarif]
suppress:
  - check: replicas-beside-autoscaler
    object: Deployment/shop/web
    reason: The autoscaler is paused.
"""
TOML = """\
[tool.mistersmith-k8s]
kubernetes-versions = ["1.30", "1.31"]
skip = ["mutable-image"]
severity = "error"
pod-security = "restricted:v1.30"
crds = ["crds"]
external = ["Service/shop/*"]
format = ["text", "sarif"]
output = ["-", "out.sarif"]

[[tool.mistersmith-k8s.suppress]]
check = "replicas-beside-autoscaler"
object = "Deployment/shop/web"
reason = "The autoscaler is paused."
"""
SAID = Configuration(
    kubernetes_versions=("1.30", "1.31"),
    skip=("mutable-image",),
    severity="error",
    pod_security="restricted:v1.30",
    crds=("crds",),
    external=("Service/shop/*",),
    format=("text", "sarif"),
    output=("-", "out.sarif"),
    suppress=(
        Ignore("replicas-beside-autoscaler", "Deployment/shop/web", "The autoscaler is paused."),
    ),
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "text"), [(".mistersmith-k8s.yaml", YAML), ("pyproject.toml", TOML)]
)
def test_both_files_say_the_same(name: str, text: str) -> None:
    """The file in the current folder is found."""
    Path(name).write_text(text, encoding="utf-8")
    assert configuration.found() == SAID._replace(source=name)


def test_a_file_of_ours_goes_before_pyproject(folder: Path) -> None:
    """One of the two decides; they are not mixed."""
    (folder / "pyproject.toml").write_text(TOML, encoding="utf-8")
    (folder / ".mistersmith-k8s.yaml").write_text("skip: []\n", encoding="utf-8")
    assert configuration.found() == Configuration(source=".mistersmith-k8s.yaml")


@pytest.mark.parametrize("text", ["", "[tool.other]\nskip = 1\n", "tool = 'mistersmith-k8s'\n"])
def test_a_pyproject_of_others_says_nothing(folder: Path, text: str) -> None:
    """Most repositories have one."""
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    assert configuration.found() == Configuration()


WRONG = {
    "skp: [a]": "c.yaml: skp is not a setting. Did you mean skip?",
    "zebra: 1": "c.yaml: zebra is not a setting. The settings are kubernetes-versions, only, "
    "skip, severity, pod-security, crds, external, format, output, suppress.",
    "skip: a": "c.yaml: skip must be a list of texts; put a version in quotes.",
    "kubernetes-versions: [1.30]": "c.yaml: kubernetes-versions must be a list of texts; "
    "put a version in quotes.",
    "severity: [error]": "c.yaml: severity must be a text.",
    "suppress: all": "c.yaml: suppress must be a list of mappings of check, object, reason.",
    "suppress: [{check: a}]": "c.yaml: an entry of suppress must be a mapping of check, object, "
    "reason, each a text.",
    "suppress: [{check: a, object: b, reason: 3}]": "c.yaml: an entry of suppress must be a "
    "mapping of check, object, reason, each a text.",
    "suppress: [{check: a, object: b, why: c}]": "c.yaml: an entry of suppress must be a mapping "
    "of check, object, reason, each a text.",
    "- a": "c.yaml: must be a mapping of kubernetes-versions, only, skip, severity, "
    "pod-security, crds, external, format, output, suppress.",
    "skip: []\n---\nonly: []": "c.yaml: holds 2 documents. Keep one.",
}


@pytest.mark.parametrize(("text", "message"), WRONG.items(), ids=WRONG)
def test_a_wrong_setting_is_refused(text: str, message: str) -> None:
    """With the file, the setting and what to do."""
    Path("c.yaml").write_text(f"{text}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        configuration.read(Path("c.yaml"))
    assert str(refused.value) == message


def test_a_file_that_is_not_there_or_says_nothing_to_us_is_refused() -> None:
    """Who names a file means it."""
    with pytest.raises(ConfigurationError, match=r"^c\.yaml: no such file\. Check --config\.$"):
        configuration.read(Path("c.yaml"))
    Path("other.toml").write_text("[tool.other]\n", encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        configuration.read(Path("other.toml"))
    assert str(refused.value) == "other.toml: has no table [tool.mistersmith-k8s]. Add it."


@pytest.mark.parametrize(
    ("name", "content", "start"),
    [
        ("c.toml", b"tool.mistersmith-k8s = [", "c.toml: cannot be read as TOML: "),
        ("c.yaml", b"skip: [a", "c.yaml:"),
        ("c.yaml", b"skip: \xff", "c.yaml:1: the byte 0xff is no UTF-8. Save the file as UTF-8."),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(name: str, content: bytes, start: str) -> None:
    """In one line, with the file."""
    Path(name).write_bytes(content)
    with pytest.raises(ConfigurationError) as refused:
        configuration.read(Path(name))
    assert str(refused.value).startswith(start)
    assert "\n" not in str(refused.value)
