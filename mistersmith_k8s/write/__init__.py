"""The writer: a folder holds what was rendered, beside whatever else people keep in it.

It knows its own files by an index in the folder. The index names every file before the first one
is touched, and each file appears whole, by a rename; so a run that is killed anywhere leaves old
files and new files but no half one, and the next run completes the tree.
"""

from __future__ import annotations

import contextlib
import difflib
import io
import os
from typing import TYPE_CHECKING, NamedTuple

from mistersmith_k8s.write import folder
from mistersmith_k8s.write.index import INDEX, WriteError, digest
from mistersmith_k8s.write.plan import Plan, planned, wanted_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["INDEX", "WriteError", "WriteReport", "diff", "write"]


class WriteReport(NamedTuple):
    """What became of each file, by its path in the folder, sorted."""

    written: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: tuple[str, ...]
    kept: tuple[str, ...]
    """Files of ours that nobody wants any longer and that stay, because somebody changed them."""


def write(root: Path, files: Mapping[str, str | bytes]) -> WriteReport:
    """The folder holds these files, whatever ran or broke off before; the report says what changed.

    Paths are relative, with `/`. A file whose content is right is not touched. A file of ours that
    nobody wants any longer goes, and so does a folder that it leaves empty. Files of others stay;
    one that is in the way is an error. It withstands a killed process, not a loss of power.

    Raises:
        WriteError: the folder, its index, a path or a file in the way does not allow it.
    """
    wanted = wanted_files(files)
    with _errors_named(root), folder.alone_in(root):
        plan = planned(root, wanted)
        _carry_out(root, plan)
    return WriteReport(tuple(plan.writes), plan.removals, plan.unchanged, plan.kept)


def diff(root: Path, files: Mapping[str, str | bytes]) -> str:
    """What stands between the folder and these files, as a unified diff; empty when nothing does.

    Raises:
        WriteError: `write` would raise it.
    """
    with _errors_named(root):
        plan = planned(root, wanted_files(files))
        changes = {**dict.fromkeys(plan.removals + plan.kept), **plan.writes}
        found = [*sorted(changes.items()), (INDEX, plan.after.content)]
        return "".join(
            _difference(root / path, folder.content(root, path), new) for path, new in found
        )


@contextlib.contextmanager
def _errors_named(root: Path) -> Iterator[None]:
    """Errors of the file system name the file and the folder."""
    if root.exists() and not root.is_dir():
        raise WriteError(f"{root} is a file. Choose a folder to write to.")
    try:
        yield
    except OSError as error:
        raise WriteError(
            f"{error.filename or root} cannot be written: {error.strerror}. "
            "Make it writable, or choose another folder."
        ) from error


def _carry_out(root: Path, plan: Plan) -> None:
    """The plan, done; the index runs ahead of the first change and follows the last."""
    known = {*plan.before.files, *plan.before.pending}
    folder.sweep(root, (INDEX, *plan.before.pending))
    if plan.writes or plan.removals or plan.after.content != folder.content(root, INDEX):
        pending = plan.before.pending | {path: digest(new) for path, new in plan.writes.items()}
        folder.put(root / INDEX, plan.before._replace(pending=pending).content)
        for path in plan.removals:
            (root / path).unlink(missing_ok=True)
        for path in sorted(known - {*plan.after.files}):
            folder.prune(root, path)
        for path, content in plan.writes.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            folder.put(root / path, content)
        folder.put(root / INDEX, plan.after.content)


def _difference(file: Path, old: bytes | None, new: bytes | None) -> str:
    """What changes in a file, as a unified diff; None stands for no file."""
    if old == new:
        return ""
    before, after = (_lines(content or b"") for content in (old, new))
    source, target = (os.devnull if content is None else str(file) for content in (old, new))
    body = "".join(difflib.unified_diff(before, after, source, target))
    return body or f"--- {source}\n+++ {target}\n"


def _lines(content: bytes) -> list[str]:
    lines = io.StringIO(content.decode(errors="backslashreplace")).readlines()
    whole = "" if not lines or lines[-1].endswith("\n") else "\n\\ No newline at end of file\n"
    return [*lines[:-1], lines[-1] + whole] if lines else []
