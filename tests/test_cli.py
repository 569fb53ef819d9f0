"""The command line as a person meets it: init, synth, schema; files that are wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest

from mistersmith_k8s.platform_schema import platform_schema
from tests.ledger.frame import PLATFORM

if TYPE_CHECKING:
    from pathlib import Path


class Said(NamedTuple):
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


def run(folder: Path, *words: str, **variables: str) -> Said:
    """The command in a folder, in a process of its own."""
    command = [sys.executable, "-m", "mistersmith_k8s", *words]
    env = {**os.environ, **variables}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    return Said(done.returncode, done.stdout, done.stderr)


def test_init_writes_the_reference_platform_and_never_overwrites(tmp_path: Path) -> None:
    """The file to start from is the one that is shipped; a second init leaves it alone."""
    assert run(tmp_path, "init").code == 0
    file = tmp_path / "platform.yaml"
    assert file.read_text() == PLATFORM.read_text()
    file.write_text("mine")
    said = run(tmp_path, "init")
    assert said.code == 2
    assert "platform.yaml: exists already and was left as it is. Name another file." in said.err
    assert file.read_text() == "mine"


def test_what_init_writes_synthesises_as_it_is(tmp_path: Path) -> None:
    """Nothing but data goes to standard output; the summary says what was done."""
    run(tmp_path, "init")
    said = run(tmp_path, "synth")
    assert (said.code, said.out) == (0, "")
    assert said.err.startswith("experimental     53 objects\n")
    assert "  mister-smith-data/mister-smith-redis-secret: password\n" in said.err
    assert (tmp_path / "dist/SECRETS.md").exists()
    assert (tmp_path / "dist/plain/operational/20-system/20-orchestrator.yaml").exists()


def test_a_second_synth_writes_nothing(tmp_path: Path) -> None:
    """Modification times stay."""
    run(tmp_path, "init")
    run(tmp_path, "synth")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    said = run(tmp_path, "synth")
    assert " 0 written, 0 removed" in said.err
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_check_is_silent_when_dist_is_current_and_shows_a_diff_when_not(tmp_path: Path) -> None:
    """The drift gate writes nothing and says what is different."""
    run(tmp_path, "init")
    run(tmp_path, "synth")
    assert run(tmp_path, "synth", "--check").code == 0
    file = tmp_path / "platform.yaml"
    file.write_text(file.read_text().replace("storage: 50Gi", "storage: 60Gi"))
    target = tmp_path / "dist/plain/operational/20-system/10-nats.yaml"
    before = target.read_bytes()
    said = run(tmp_path, "synth", "--check")
    assert said.code == 1
    assert "-          storage: 50Gi\n+          storage: 60Gi\n" in said.out
    assert target.read_bytes() == before


def test_check_before_the_first_synth_says_that_everything_is_missing(tmp_path: Path) -> None:
    """An empty folder is a difference, not a crash."""
    run(tmp_path, "init")
    said = run(tmp_path, "synth", "--check")
    assert said.code == 1
    assert not (tmp_path / "dist").exists()


def test_one_environment_or_layout_may_be_asked_for(tmp_path: Path) -> None:
    """The folder holds what was asked for and nothing else."""
    run(tmp_path, "init")
    run(tmp_path, "synth")
    said = run(tmp_path, "synth", "--environment", "validation", "--layout", "plain")
    assert said.code == 0
    folders = {path.name for path in (tmp_path / "dist").iterdir() if path.is_dir()}
    assert folders == {"plain"}
    assert [path.name for path in (tmp_path / "dist/plain").iterdir()] == ["validation"]


def test_files_of_others_are_never_touched(tmp_path: Path) -> None:
    """A file in the folder that we did not write stays, and one in our way stops the synth."""
    run(tmp_path, "init")
    other = tmp_path / "dist/plain/validation/mine.yaml"
    other.parent.mkdir(parents=True)
    other.write_text("kept")
    assert run(tmp_path, "synth").code == 0
    run(tmp_path, "synth", "--environment", "operational")
    assert other.read_text() == "kept"


def test_an_environment_that_the_file_lacks_is_refused(tmp_path: Path) -> None:
    """The message says which there are."""
    (tmp_path / "platform.yaml").write_text("storage_class: gp3\n")
    said = run(tmp_path, "synth", "--environment", "validation")
    assert said.code == 2
    assert "platform.yaml: has no environment validation. It has operational." in said.err


WRONG: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "platform.yaml: is empty. Write one with `mistersmith-k8s init`.\n"),
    "comments alone": (
        b"# nothing\n",
        "platform.yaml: is empty. Write one with `mistersmith-k8s init`.\n",
    ),
    "a list": (b"- a\n", "platform.yaml: is a list, not a mapping of fields. See init.\n"),
    "a word": (
        b"platform\n",
        "platform.yaml: is a single value, not a mapping of fields. See init.\n",
    ),
    "two documents": (
        b"name: a\n---\nname: b\n",
        "platform.yaml: holds 2 documents. Keep one.\n",
    ),
}
ONE_LINE: dict[str, tuple[bytes, str]] = {
    "a duplicate key": (b"name: a\nnats: {}\nname: b\n", "platform.yaml:3: "),
    "a tab": (b"nats:\n\treplicas: 3\n", "platform.yaml:2: "),
    "no YAML": (b"nats: [1, 2\n", "platform.yaml:"),
    "not UTF-8": (b"name: \xff\xfe\n", "platform.yaml:"),
    "50 MB": (b"# " + b"x" * 50_000_000 + b"\nname: a\n", "platform.yaml: "),
    "a bomb": (
        b"a: &a [x,x,x,x,x,x,x,x,x]\n"
        + b"".join(
            b"%c: &%c [%s]\n" % (c, c, b",".join([b"*%c" % (c - 1)] * 9)) for c in range(98, 110)
        ),
        "platform.yaml:",
    ),
}


@pytest.mark.parametrize(("content", "words"), WRONG.values(), ids=WRONG)
def test_a_file_that_is_no_platform_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    """In one line, with exit code 2."""
    (tmp_path / "platform.yaml").write_bytes(content)
    assert run(tmp_path, "synth") == Said(2, "", words)


@pytest.mark.parametrize(("content", "start"), ONE_LINE.values(), ids=ONE_LINE)
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes, start: str) -> None:
    """In one line that names the file, without a traceback, with exit code 2."""
    (tmp_path / "platform.yaml").write_bytes(content)
    said = run(tmp_path, "synth")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(start)
    assert said.err.count("\n") == 1


def test_a_missing_file_and_a_directory_are_refused(tmp_path: Path) -> None:
    """The message says what to do."""
    missing = "nowhere.yaml: no such file. Write one with `mistersmith-k8s init`, or name yours.\n"
    assert run(tmp_path, "synth", "nowhere.yaml") == Said(2, "", missing)
    directory = ".: is a directory. Name the platform file in it.\n"
    assert run(tmp_path, "synth", ".") == Said(2, "", directory)


def test_every_mistake_is_shown_with_its_line(tmp_path: Path) -> None:
    """File, line, path, value, rule, and what to do."""
    (tmp_path / "platform.yaml").write_text(
        "storage_class: gp3\n"
        "orchestrator:\n"
        "  replicas: 4\n"
        "workers:\n"
        "  research:\n"
        "    autoscaling: {min: 3, max: 2}\n"
        "nats:\n"
        "  storag: 1Gi\n"
    )
    assert run(tmp_path, "synth") == Said(
        2,
        "",
        "platform.yaml:3: orchestrator.replicas: 4 is even: a vote among the replicas could tie. "
        "Set it to 3 or 5.\n"
        "platform.yaml:6: workers.research.autoscaling.max: 2 is below min (3). "
        "Set it to 3 or more.\n"
        "platform.yaml:8: nats.storag: is not a field. Did you mean storage?\n",
    )


def test_no_secret_is_repeated(tmp_path: Path) -> None:
    """A secret that somebody put in the wrong place does not end in a log."""
    (tmp_path / "platform.yaml").write_text(
        "storage_class: gp3\nredis: {secret: hush}\nnats: {password: hush}\n"
        "orchestrator: {variables: {TOKEN: hush}}\n"
    )
    said = run(tmp_path, "synth")
    assert said.code == 2
    assert "hush" not in said.err + said.out


def test_the_schema_is_json_schema(tmp_path: Path) -> None:
    """It accepts the reference platform and refuses what the loader refuses."""
    import jsonschema_rs  # noqa: PLC0415 - the only user
    import yaml  # noqa: PLC0415

    said = run(tmp_path, "schema")
    assert json.loads(said.out) == platform_schema()
    validator = jsonschema_rs.validator_for(platform_schema())
    description = yaml.safe_load(PLATFORM.read_text())
    assert validator.is_valid(description)
    wrongs: list[dict[str, object]] = [
        {"nats": {"replicas": "x"}},
        {"nat": {}},
        {"environments": {"prod": {}}},
    ]
    for wrong in wrongs:
        assert not validator.is_valid({**description, **wrong})


def test_a_mistyped_command_is_answered_with_the_nearest(tmp_path: Path) -> None:
    """Exit code 2, and a suggestion."""
    said = run(tmp_path, "sinth")
    assert said.code == 2
    assert "No such command 'sinth'. Did you mean synth?" in said.err


def test_an_interrupt_leaves_no_half_written_file(tmp_path: Path) -> None:
    """After Ctrl-C at any moment, the next synth completes the tree."""
    run(tmp_path, "init")
    run(tmp_path, "synth", "-o", "whole")
    command = [sys.executable, "-m", "mistersmith_k8s", "synth"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE)
    while process.poll() is None and not (tmp_path / "dist").exists():
        pass
    process.send_signal(signal.SIGINT)
    process.communicate()
    for file in (tmp_path / "dist").rglob("*.yaml"):
        whole = tmp_path / "whole" / file.relative_to(tmp_path / "dist")
        assert file.read_bytes() == whole.read_bytes()
    run(tmp_path, "synth")
    assert _tree(tmp_path / "dist") == _tree(tmp_path / "whole")


def _tree(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}
