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

STDOUT = "-"


class Target(NamedTuple):
    """A format, and the file that takes it; `-` is standard output."""

    form: str
    file: str


def _ids(ctx: click.Context, param: click.Parameter, value: Sequence[str]) -> tuple[str, ...]:
    """Names given with commas, or with the option repeated."""
    del ctx, param
    return tuple(name.strip() for text in value for name in text.split(",") if name.strip())


@click.command("validate")
@click.argument("paths", nargs=-1, required=True)
@click.option(
    "--kubernetes-version",
    "kubernetes_versions",
    multiple=True,
    callback=_ids,
    help=f"A minor to check for, {MINORS[0]} to {MINORS[-1]}; several with commas. The last one.",
)
@click.option("--crds", multiple=True, help="A file or folder of CustomResourceDefinitions.")
@click.option("--only", multiple=True, callback=_ids, help="Checks to run, by id.")
@click.option("--skip", multiple=True, callback=_ids, help="Checks not to run, by id.")
@click.option("--severity", type=click.Choice(["error", "warning"]), help="The least to report.")
@click.option("--pod-security", help="LEVEL or LEVEL:VERSION to hold all pods to.")
@click.option(
    "--external",
    multiple=True,
    callback=_ids,
    help="What exists outside: Kind/namespace/name or Kind/name, with *.",
)
@click.option(
    "--format", type=click.Choice(list(FORMATS)), multiple=True, help="text by default; repeatable."
)
@click.option(
    "--output",
    multiple=True,
    help="The file of the format at the same place; standard output for - or none.",
)
@click.option("--config", type=click.Path(path_type=Path), help="A file of defaults.")
def command(paths: Sequence[str], config: Path | None, **given: Any) -> None:
    """Check the manifests in PATHS: files, folders, globs, or - for standard input.

    Exit code 0: nothing at the chosen severity. 1: findings. 2: wrong use, or an input that
    is not there or cannot be read; the report is then of the rest.
    """
    try:
        settings = _settings(config, given)
        targets = _targets(settings.format, settings.output)
        report = validation.report(paths, settings)
        for target in targets:
            _deliver(target, written(report, target.form))
    except (ConfigurationError, inputs.InputError, validation.UsageError) as error:
        click.echo(inputs.printable(str(error)), err=True)
        sys.exit(2)
    sys.exit(2 if report.broken else 1 if _failed(report) else 0)


def _failed(report: Report) -> bool:
    return bool(report.summary["errors"] or report.summary["warnings"])


def _settings(config: Path | None, given: dict[str, Any]) -> Configuration:
    """The configuration file's settings, each replaced by what the command line gives.

    A format on the command line replaces the outputs of the configuration too: they go together.
    """
    base = configuration.read(config) if config else configuration.found()
    chosen = {name: value for name, value in given.items() if value}
    if given["format"]:
        chosen["output"] = given["output"]
    return base._replace(**chosen)


def _targets(forms: Sequence[str], files: Sequence[str]) -> list[Target]:
    """Each format with its file; at most one goes to standard output."""
    chosen = list(forms) or ["text"]
    unknown = [form for form in chosen if form not in FORMATS]
    if unknown:
        message = f"There is no format {unknown[0]}. The formats are {', '.join(FORMATS)}."
        raise validation.UsageError(message)
    outputs = [*files, STDOUT] if len(files) == len(chosen) - 1 else list(files)
    if len(outputs) != len(chosen) or len(set(outputs)) < len(outputs):
        message = "Each --format needs its own --output at the same place; one may go without."
        raise validation.UsageError(message)
    return [Target(form, file) for form, file in zip(chosen, outputs, strict=True)]


def _deliver(target: Target, text: str) -> None:
    """Write a report, the same bytes on every machine."""
    content = text.encode(errors="replace")
    if target.file == STDOUT:
        click.echo(content, nl=False)
        return
    try:
        Path(target.file).write_bytes(content)
    except OSError as error:
        message = f"{target.file}: cannot be written: {error.strerror}."
        raise validation.UsageError(message) from None
