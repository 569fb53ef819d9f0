"""The pages are true: what they show is run, what is generated is fresh, every link leads on."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from mistersmith_k8s.layouts import required_secrets
from tests.docs import cluster, meanings, pages, platform_file
from tests.docs.markdown import FENCED, ROOT, Block, anchors, blocks, links, without_blocks
from tests.docs.running import Problem, commands, run, same, session

if TYPE_CHECKING:
    from pathlib import Path

NAMES = pages.names()
WRITTEN = sorted(pages.written())
MOST_WORDS = 1000
"""Of a page that somebody reads from top to bottom: five minutes."""


def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", pages.generated())
def test_what_is_generated_is_fresh(name: str) -> None:
    """Stale? Write it anew: `python -m tests.docs`."""
    assert pages.fresh(name) == _text(name)


@pytest.mark.parametrize("name", WRITTEN)
def test_what_a_page_shows_is_true(
    name: str, tmp_path: Path, kustomize: Path, cdk8s_cli: Path
) -> None:
    """Each block is run from an empty folder, in order; one that nobody runs fails."""
    run(list(blocks(name, _text(name))), session(tmp_path, [kustomize, cdk8s_cli]))


def test_what_a_page_shows_is_typed(tmp_path: Path) -> None:
    """With the strictness of our own code, so that readers can copy it."""
    shown = [b for name in WRITTEN for b in blocks(name, _text(name)) if b.language == "python"]
    files = [tmp_path / f"block_{number}.py" for number, _ in enumerate(shown)]
    for block, file in zip(shown, files, strict=True):
        file.write_text(f"# {block.place}\n{block.text}", encoding="utf-8")
    command = [sys.executable, "-m", "mypy", *map(str, files)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == f"Success: no issues found in {len(files)} source files\n"


@pytest.mark.parametrize("name", WRITTEN)
def test_no_page_hides_code(name: str) -> None:
    """All code is fenced, and every fence is closed: nothing escapes the test above."""
    fences = len(re.findall(r"^ *(?:```|~~~)", _text(name), re.MULTILINE))
    assert fences == 2 * len(FENCED.findall(_text(name)))
    assert re.findall(r"\n\n(?: {4,}|\t).*", without_blocks(_text(name))) == []


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_somewhere(name: str) -> None:
    """To a file of the project, and to a heading in it where the link names one."""
    assert [target for target in links(_text(name)) if not _leads(name, target)] == []


def _leads(name: str, target: str) -> bool:
    path, _, fragment = target.partition("#")
    file = (ROOT / name).parent / path if path else ROOT / name
    if not fragment:
        return file.exists()
    return file.exists() and fragment in anchors(file.read_text(encoding="utf-8"))


def test_every_page_is_reached_from_the_readme() -> None:
    """Nobody has to know that a page is there."""
    found, waiting = set[str](), ["README.md"]
    while waiting:
        name = waiting.pop()
        found.add(name)
        folder = (ROOT / name).parent
        files = {(folder / target.partition("#")[0]).resolve() for target in links(_text(name))}
        waiting += [n for n in NAMES if (ROOT / n).resolve() in files and n not in found]
    assert set(NAMES) - found == set()


@pytest.mark.parametrize("name", WRITTEN)
def test_a_page_is_read_in_one_sitting(name: str) -> None:
    """What grows longer is two pages."""
    assert len(without_blocks(_text(name)).split()) <= MOST_WORDS


def test_every_field_has_a_meaning() -> None:
    """And no meaning is left over from a field that went."""
    declared = {
        (home.__name__, name)
        for spec in platform_file.sections()
        for name in platform_file.field_hints(spec)
        for home in [platform_file.home(spec, name)]
    }
    told = {(home, name) for home, fields in meanings.FIELDS.items() for name in fields}
    assert told == declared


def test_every_variable_has_a_meaning() -> None:
    """In the order in which the agents get them, so that the page shows it."""
    for agent in cluster.AGENTS:
        names = list(cluster.variables(agent))
        assert [name for name in meanings.VARIABLES if name in names] == names
    given = {name for agent in cluster.AGENTS for name in cluster.variables(agent)}
    assert set(meanings.VARIABLES) == given


@pytest.mark.parametrize(
    ("field", "told"), [("labels", meanings.LABELS), ("annotations", meanings.ANNOTATIONS)]
)
def test_every_label_and_annotation_has_a_meaning(field: str, told: dict[str, str]) -> None:
    """And no meaning is left over."""
    assert set(told) == set(cluster.uses(field))


def test_the_tutorial_makes_every_secret() -> None:
    """Whoever follows it to the end has pods that start."""
    name = "docs/tutorial/gitops-repo.md"
    lines = [c for b in blocks(name, _text(name)) if b.role == "cluster" for c, _ in commands(b)]
    made = [re.search(r"generic (\S+) --namespace=(\S+) --from-literal=(\w+)", c) for c in lines]
    needed = {(one.name, one.namespace, one.key) for one in required_secrets(cluster.manifests())}
    assert {found.groups() for found in made if found} == needed


def test_the_readme_names_the_one_command_of_make_test() -> None:
    """`.ci/run` and people run the same."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = re.search(r"^test:.*\n\t\$\(VENV\)/(.*)\n", makefile, re.MULTILINE)
    assert recipe is not None
    assert f"$ .venv/bin/{recipe[1]}\n" in _text("README.md")


PLATFORM = Block("page.md", 1, "yaml", "platform.yaml", "storage_class: gp3\n")

BROKEN = {
    "a language that nobody runs": (
        [Block("page.md", 7, "rust", "", "fn main() {}\n")],
        "page.md:7: a block of 'rust' is run by nobody",
    ),
    "no language": (
        [Block("page.md", 7, "", "", "ls\n")],
        "page.md:7: a block of 'no language' is run by nobody",
    ),
    "a role that nobody knows": (
        [Block("page.md", 7, "yaml", "snippet", "a: 1\n")],
        "page.md:7: a block of 'yaml snippet' is run by nobody",
    ),
    "a command that fails": (
        [Block("page.md", 7, "console", "", "$ echo no; exit 3\n")],
        "page.md:7: echo no; exit 3\nended with exit code 3:\nno\n",
    ),
    "output that is not there": (
        [Block("page.md", 7, "console", "", "$ echo one\ntwo\n")],
        "page.md:7: echo one\nprinted\none\ninstead of\ntwo\n",
    ),
    "output without a command": (
        [Block("page.md", 7, "console", "", "one\n$ echo one\n")],
        "page.md:7: starts with no command",
    ),
    "a file that nobody uses": ([PLATFORM], "page.md:1: no later block uses platform.yaml"),
    "a program that fails": (
        [Block("page.md", 7, "python", "", "raise SystemExit(4)\n")],
        "page.md:7: ended with exit code 4:\n",
    ),
    "a target that make does not know": (
        [Block("page.md", 7, "console", "clone", "$ make coffee\n")],
        "page.md:7: make coffee would not work",
    ),
    "an extra that the package does not have": (
        [Block("page.md", 7, "console", "clone", "$ pip install '.[coffee]'\n")],
        "page.md:7: pip install '.[coffee]' would not work",
    ),
    "a test file that is not there": (
        [Block("page.md", 7, "console", "clone", "$ .venv/bin/python -m pytest tests/x.py\n")],
        "page.md:7: .venv/bin/python -m pytest tests/x.py would not work",
    ),
    "a command that nobody checks": (
        [Block("page.md", 7, "console", "cluster", "$ helm install smith\n")],
        "page.md:7: helm install smith would not work",
    ),
    "a Secret that nothing reads": (
        [
            PLATFORM,
            Block("page.md", 4, "console", "", "$ mistersmith-k8s synth platform.yaml\n"),
            Block(
                "page.md",
                7,
                "console",
                "cluster",
                "$ kubectl create secret generic x --namespace=y --from-literal=z=1\n",
            ),
        ],
        (
            "page.md:7: kubectl create secret generic x --namespace=y --from-literal=z=1 "
            "would not work"
        ),
    ),
    "an overlay that does not build": (
        [Block("page.md", 7, "console", "cluster", "$ kubectl apply -k nowhere\n")],
        "page.md:7: kubectl apply -k nowhere would not work",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_page_is_found(what: str, tmp_path: Path, kustomize: Path) -> None:
    """A law that cannot fail holds nothing."""
    broken, said = BROKEN[what]
    with pytest.raises(Problem) as found:
        run(broken, session(tmp_path, [kustomize]))
    assert str(found.value) == said


def test_a_platform_that_would_not_work_is_found(tmp_path: Path) -> None:
    """A rendered snippet is a platform, with all its rules."""
    block = Block("page.md", 7, "yaml", "rendered", "orchestrator: {replicas: 2}\n")
    with pytest.raises(ValueError, match=r"^orchestrator\.replicas: 2 is even"):
        run([block], session(tmp_path, []))


def test_dots_stand_for_anything() -> None:
    """And for nothing; all else is compared."""
    assert same("one\n...\nfour\n", "one\ntwo\nthree\nfour\n")
    assert same("5 files, ... ms\n", "5 files, 17 ms\n")
    assert not same("one\n...\nfour\n", "one\ntwo\n")
