"""`mistersmith-k8s validate`: what is wrong with manifests, before they are applied."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from mistersmith_k8s import configuration, inputs, validation
from mistersmith_k8s.configuration import Configuration, ConfigurationError
from mistersmith_k8s.reports import FORMATS, Report, written
from mistersmith_k8s.schemas import MINORS

if TYPE_CHECKING:
    from collections.abc import Sequence


class Target(NamedTuple):
    """A format, and the file that takes it; None is standard output."""

    form: str
    file: Path | None


def _ids(ctx: click.Context, param: click.Parameter, value: Sequence[str]) -> tuple[str, ...]:
    """Names given with commas, or with the option repeated."""
    del ctx, param
    return tuple(name.strip() for text in value for name in text.split(",") if name.strip())


@click.command("validate")
@click.argument("paths", nargs=-1, required=True)
@click.option(
    "--kubernetes-version",
    "versions",
    multiple=True,
    callback=_ids,
    help=f"A minor to check for, {MINORS[0]} to {MINORS[-1]}; repeat for several. All by default.",
)
@click.option("--crds", multiple=True, help="A file or folder of CustomResourceDefinitions.")
@click.option("--only", multiple=True, callback=_ids, help="Checks to run, by id.")
@click.option("--skip", multiple=True, callback=_ids, help="Checks not to run, by id.")
@click.option("--severity", type=click.Choice(["error", "warning"]), help="The least to report.")
@click.option("--pod-security", help="LEVEL or LEVEL:VERSION to hold all pods to.")
@click.option(
    "--format", "forms", type=click.Choice(list(FORMATS)), multiple=True, help="text by default."
)
@click.option(
    "--output",
    "files",
    type=click.Path(path_type=Path, dir_okay=False),
    multiple=True,
    help="The file of the format at the same place; standard output where none is given.",
)
@click.option("--config", type=click.Path(path_type=Path), help="A file of defaults.")
def command(
    paths: Sequence[str],
    files: Sequence[Path],
    forms: Sequence[str],
    config: Path | None,
    **given: Any,
) -> None:
    """Check the manifests in PATHS: files, folders, globs, or - for standard input.

    Exit code 0: nothing at the chosen severity. 1: findings. 2: wrong use, or an input that
    is not there.
    """
    try:
        settings = _settings(config, given)
        targets = _targets(forms, files)
        report = validation.report(paths, settings)
    except (ConfigurationError, inputs.InputError, validation.UsageError) as error:
        raise click.UsageError(str(error)) from None
    for target in targets:
        _deliver(target, written(report, target.form))
    sys.exit(1 if _failed(report) else 0)


def _failed(report: Report) -> bool:
    return bool(report.summary["errors"] or report.summary["warnings"])


def _settings(config: Path | None, given: dict[str, Any]) -> Configuration:
    """The configuration file's settings, each replaced by what the command line gives."""
    base = configuration.read(config) if config else configuration.found()
    named = {"kubernetes_versions": given.pop("versions"), **given}
    return base._replace(**{name: value for name, value in named.items() if value})


def _targets(forms: Sequence[str], files: Sequence[Path]) -> list[Target]:
    """Each format with its file; at most one goes to standard output."""
    chosen = list(forms) or ["text"]
    if len(files) > len(chosen) or len(chosen) - len(files) > 1:
        message = "Each --output goes with the --format at the same place; one may go without."
        raise click.UsageError(message)
    return [Target(form, files[i] if i < len(files) else None) for i, form in enumerate(chosen)]


def _deliver(target: Target, text: str) -> None:
    if target.file is None:
        click.echo(text, nl=False)
        return
    try:
        target.file.write_text(text, encoding="utf-8")
    except OSError as error:
        message = f"{target.file}: cannot be written: {error.strerror}."
        raise click.UsageError(message) from None
