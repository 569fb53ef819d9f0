"""The repository speaks of the project alone: it reads the same on every machine."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Whoever installs from a mirror keeps it: a host in the tree would lead around it.
REGISTRY_HOST = re.compile(
    r"""pypi\.org|pythonhosted\.org|npmjs\.org|npmjs\.com|yarnpkg\.com
    |proxy\.golang\.org|sum\.golang\.org|goproxy\.|crates\.io|maven\.org|deb\.debian\.org""",
    re.VERBOSE,
)
MACHINE_PATH = re.compile(
    r"""(?<![\w.}$/-])(?<!mountPath:[ ])(?<!workingDir:[ ])  # a container's own paths are fine
    /(?:root|work|home|Users|tmp)/\w""",
    re.VERBOSE,
)
OUTSIDE = re.compile(r"\.\./shared\b")
UNFINISHED = re.compile(r"\b(?: TO DO | FIX ME )\b", re.VERBOSE)  # spaced, not to find itself

LAWS = {
    "a registry host": REGISTRY_HOST,
    "a path of one machine": MACHINE_PATH,
    "a place beyond the clone": OUTSIDE,
    "unfinished work": UNFINISHED,
}


@pytest.mark.parametrize("what", LAWS)
def test_no_file_names(what: str) -> None:
    """What is committed holds everywhere and is finished."""
    assert [place for file in tracked_files() for place in places(LAWS[what], file)] == []


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("a registry host", "index = https://pypi" + ".org/simple"),
        ("a path of one machine", 'open("/' + 'home/ann/notes")'),
        ("a place beyond the clone", "see .." + "/shared/notes.md"),
        ("unfinished work", "# TO" + "DO: more"),
    ],
)
def test_each_law_finds_what_breaks_it(what: str, line: str, tmp_path: Path) -> None:
    """A law that cannot fail holds nothing."""
    file = tmp_path / "file"
    file.write_text(f"first\n{line}\n", encoding="utf-8")
    assert places(LAWS[what], file) == [f"{file}:2: {line}"]


def tracked_files() -> list[Path]:
    """The files that Git tracks or would add, but for those deleted and not yet committed."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = (ROOT / name for name in listed.split("\0") if name)
    return [file for file in files if file.is_file()]


def places(law: re.Pattern[str], file: Path) -> list[str]:
    """Where a text file breaks the law, as `path:line: text`."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return []
    numbered = enumerate(lines, start=1)
    return [
        f"{file}:{number}: {line.strip()[:120]}" for number, line in numbered if law.search(line)
    ]
