"""What a validation looks at: files, folders, globs, standard input, kustomizations.

Objects that are applied together form a group: cross-object checks see one group at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mistersmith_k8s.inputs.alternatives import parts
from mistersmith_k8s.inputs.contents import NOTHING, UNREAD, Group, group_of, printable
from mistersmith_k8s.inputs.error import InputError
from mistersmith_k8s.inputs.kustomizations import build, roots
from mistersmith_k8s.inputs.places import Places, places

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from mistersmith_k8s.checks.finding import Finding

__all__ = ["NOTHING", "UNREAD", "Group", "InputError", "groups", "one_group", "printable", "told"]


def groups(paths: Sequence[str], *, files_apart: bool = True) -> list[Group]:
    """The objects below some paths: what lies in files, each kustomization, each environment.

    An environment is what synth wrote for one. Files of all paths form one group, but that
    folders which declare mostly the same objects are alternatives, and a group each; so are files
    of one folder, unless all that is named is meant together.

    Raises:
        InputError: a path does not exist, holds no manifests, or needs kustomize where there
            is none.
    """
    found = places(paths)
    group = group_of(", ".join(paths), found.files, found.charts)
    together = parts(group, files=files_apart) if found.files or found.charts else ()
    return [*together, *_of_kustomizations(found), *_of_environments(found)]


def one_group(paths: Sequence[str]) -> Group:
    """The objects below some paths, where all of them are applied together.

    Raises:
        InputError: they are not, or something cannot be read.
    """
    found = groups(paths, files_apart=False)
    unread = [finding for group in found for finding in group.unread]
    if unread:
        raise InputError("\n".join(map(told, unread)))
    filled = [group for group in found if group.objects] or found
    if len(filled) > 1:
        names = ", ".join(group.name for group in filled)
        message = f"{', '.join(paths)}: holds what is applied apart: {names}. Name one of them."
        raise InputError(message)
    return filled[0]


def told(finding: Finding) -> str:
    """What could not be read, in one line."""
    line = f":{finding.line}" if finding.line else ""
    return f"{finding.file}{line}: {finding.message}. {finding.remediation}"


def _of_kustomizations(found: Places) -> Iterator[Group]:
    for folder in found.named:
        yield build(folder)
    for folder in roots(found.kustomizations):
        yield build(folder, or_say_so=True)


def _of_environments(found: Places) -> Iterator[Group]:
    """Each environment that synth wrote is applied on its own, plain or as an overlay."""
    for folder in found.written:
        for environment in _folders(folder, "plain"):
            yield group_of(str(environment), places([str(environment)]).files)
        for overlay in _folders(folder, "kustomize/overlays"):
            yield build(overlay, or_say_so=True)


def _folders(folder: Path, below: str) -> list[Path]:
    return sorted(path for path in folder.glob(f"{below}/*") if path.is_dir())
