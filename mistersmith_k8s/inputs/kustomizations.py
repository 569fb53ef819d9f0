"""Kustomizations: which are built on their own, and what building them gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mistersmith_k8s.checks.finding import Severity
from mistersmith_k8s.inputs.contents import Group, group_of_bytes, unread
from mistersmith_k8s.inputs.error import InputError
from mistersmith_k8s.inputs.places import KUSTOMIZATIONS
from mistersmith_k8s.reading import ReadError, read_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BUILDERS = (("kustomize", "build"), ("kubectl", "kustomize"))
INCLUDING = ("resources", "bases", "components")
ABSENT = "is a kustomization, and neither kustomize nor kubectl is on PATH"
MENDS = {
    ABSENT: "Install one of them, or validate its built output from standard input.",
    "failed": "Correct the kustomization.",
    "needs more than we give": "Build it yourself, and validate the output from standard input.",
}
# What a build says when it lacks an option or the network, which we never give.
NEEDS_MORE = (
    *("--enable-", "--load-restrictor", "git fetch", "git clone", "dial tcp", "no such host"),
    *("lookup ", "accumulating remote resources", "failed to run 'git", "is not in or below"),
)


def roots(kustomizations: Sequence[Path]) -> list[Path]:
    """The kustomizations that no other one includes, less components: those build nothing."""
    included: set[Path] = set()
    components: set[Path] = set()
    for folder in kustomizations:
        said = _said(folder)
        names = [name for key in INCLUDING for name in _texts(said.get(key))]
        included |= {(folder / name).resolve() for name in names}
        components |= {folder} if said.get("kind") == "Component" else set()
    return [k for k in kustomizations if k.resolve() not in included and k not in components]


def _said(folder: Path) -> Mapping[str, Any]:
    """What a kustomization says; nothing where it cannot be read: building it says why."""
    file = next(folder / name for name in KUSTOMIZATIONS if (folder / name).is_file())
    try:
        documents = read_file(file)
    except ReadError:
        return {}
    value = documents[0].value if documents else None
    return value if isinstance(value, Mapping) else {}


def _texts(value: Any) -> list[str]:
    """The names in a list that can be paths."""
    texts = (item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
    return [text for text in texts if "://" not in text and "\0" not in text]


def build(folder: Path, *, or_say_so: bool = False) -> Group:
    """The built kustomization; a build that fails is a finding.

    Raises:
        InputError: nothing on PATH can build it, and that is not to be a finding either.
    """
    import shutil  # noqa: PLC0415 - few inputs hold a kustomization

    builder = next((words for words in BUILDERS if shutil.which(words[0])), None)
    if builder:
        return _built(folder, builder)
    if or_say_so:
        return _unbuilt(folder, ABSENT, MENDS[ABSENT], Severity.NOT_CHECKED)
    message = f"{folder}: {ABSENT}. {MENDS[ABSENT]}"
    raise InputError(message)


def _built(folder: Path, builder: Sequence[str]) -> Group:
    import subprocess  # noqa: PLC0415 - few inputs hold a kustomization

    done = subprocess.run(
        [*builder, str(folder)], stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if not done.returncode:
        return group_of_bytes(str(folder), done.stdout)
    said = " ".join(done.stderr.decode(errors="replace").split())
    message = f"{' '.join(builder)} failed: {said}"
    if any(words in said for words in NEEDS_MORE):
        mend = MENDS["needs more than we give"]
        return _unbuilt(folder, message, mend, Severity.NOT_CHECKED)
    return _unbuilt(folder, message, MENDS["failed"], Severity.ERROR)


def _unbuilt(folder: Path, message: str, mend: str, severity: Severity) -> Group:
    finding = unread(message, mend, str(folder), severity=severity)
    return Group(str(folder), (), (finding,), files=1, complete=False)
