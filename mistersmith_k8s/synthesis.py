"""The road from manifests to files: check, lay out, emit, write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from mistersmith_k8s.checks import run
from mistersmith_k8s.checks.world import Object
from mistersmith_k8s.emit import emit
from mistersmith_k8s.layouts import LAYOUTS, lay_out
from mistersmith_k8s.manifest import Manifests
from mistersmith_k8s.schemas import MINORS
from mistersmith_k8s.write import WriteReport, write

if TYPE_CHECKING:
    from pathlib import Path

    from mistersmith_k8s.checks.finding import Finding

Environments = Mapping[str, Manifests]
"""The manifests of each environment, in the order of the environments."""


class ChecksFailed(Exception):  # noqa: N818 - it is what happened, in words
    """Manifests that would not work; nothing was written. Carries the findings by environment."""

    def __init__(self, findings: Mapping[str, Sequence[Finding]]) -> None:
        self.findings = findings
        super().__init__(
            "\n".join(f"{name}: {finding}" for name in findings for finding in findings[name])
        )


class Synthesis(NamedTuple):
    """What a synth makes: the text of each file by its path below the output folder."""

    files: Mapping[str, str]
    objects: int


def checked_files(environments: Environments, layouts: Sequence[str] = LAYOUTS) -> Synthesis:
    """The files of some environments, checked.

    Raises:
        ChecksFailed: at least one check has a finding, of any severity.
    """
    findings = {
        name: run(map(Object, manifests), MINORS) for name, manifests in environments.items()
    }
    failed = {name: found for name, found in findings.items() if found}
    if failed:
        raise ChecksFailed(failed)
    laid_out = lay_out(environments, layouts)
    files = {p: c if isinstance(c, str) else emit(c) for p, c in laid_out.items()}
    return Synthesis(files, sum(len(manifests) for manifests in environments.values()))


def synth(
    environments: Environments, out: Path, layouts: Sequence[str] = LAYOUTS
) -> tuple[Synthesis, WriteReport]:
    """Write checked environments below `out`, and say what was done.

    Raises:
        ChecksFailed: a check has a finding; nothing was written.
        WriteError: a file that we did not write is in the way; nothing was written.
    """
    made = checked_files(environments, layouts)
    return made, write(out, made.files)
