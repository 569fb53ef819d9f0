"""`mistersmith-k8s synth`: a platform file in, checked manifests out."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mistersmith_k8s.layouts import required_secrets
from mistersmith_k8s.platform import Environment, render
from mistersmith_k8s.platform_file import PlatformFileError, load_platforms
from mistersmith_k8s.synthesis import ChecksFailed, Environments, checked_files, synth
from mistersmith_k8s.write import WriteError, diff

if TYPE_CHECKING:
    from collections.abc import Sequence

LAYOUTS = {"plain": ("plain",), "kustomize": ("kustomize",), "all": ("plain", "kustomize")}


@click.command("synth")
@click.argument("platform", type=click.Path(path_type=Path), default="platform.yaml")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default="dist",
    show_default=True,
    help="The folder to write; files of an earlier synth that are no longer made are removed.",
)
@click.option(
    "--environment",
    "names",
    type=click.Choice([str(name) for name in Environment]),
    multiple=True,
    help="An environment to render; repeat for several. All that the file has by default.",
)
@click.option(
    "--layout",
    type=click.Choice(list(LAYOUTS)),
    default="all",
    show_default=True,
    help="Plain files, a Kustomize base with overlays, or both.",
)
@click.option(
    "--check",
    is_flag=True,
    help="Write nothing; exit 1 and show a diff when the folder is not what would be written.",
)
def command(
    platform: Path,
    output: Path,
    names: Sequence[str],
    layout: str,
    check: bool,  # noqa: FBT001
) -> None:
    """Render PLATFORM (platform.yaml by default) into checked manifests.

    Exit code 0: written, or nothing to do. 1: a check has findings, or --check a difference;
    nothing was written. 2: wrong use or a wrong platform file.
    """
    started = time.perf_counter()
    environments = rendered(platform, names)
    try:
        if check:
            compare(environments, output, layout)
        else:
            write(environments, output, layout, started)
    except ChecksFailed as failure:
        click.echo(f"{failure}\nNothing was written.", err=True)
        sys.exit(1)
    except WriteError as error:
        raise click.UsageError(str(error)) from None


def rendered(platform: Path, names: Sequence[str]) -> Environments:
    """The manifests of the environments asked for."""
    try:
        specs = load_platforms(platform)
    except PlatformFileError as error:
        click.echo(error, err=True)
        sys.exit(2)
    missing = [name for name in names if name not in specs]
    if missing:
        message = f"{platform}: has no environment {missing[0]}. It has {', '.join(specs)}."
        raise click.UsageError(message)
    wanted = [name for name in specs if not names or name in names]
    with click.progressbar(
        wanted, label="Rendering", file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as progress:
        return {name: render(specs[name]) for name in progress}


def compare(environments: Environments, output: Path, layout: str) -> None:
    """Exit 1 with a diff when the folder is not what would be written."""
    difference = diff(output, checked_files(environments, LAYOUTS[layout]).files)
    if difference:
        click.echo(difference, nl=False)
        click.echo(f"{output} is not what synth would write. Run it without --check.", err=True)
        sys.exit(1)
    click.echo(f"{output} is up to date.", err=True)


def write(environments: Environments, output: Path, layout: str, started: float) -> None:
    """Write, then say what was done and which Secrets the cluster must hold."""
    made, report = synth(environments, output, LAYOUTS[layout])
    for name, manifests in environments.items():
        click.echo(f"{name:14} {len(manifests):4} objects", err=True)
    milliseconds = (time.perf_counter() - started) * 1000
    click.echo(
        f"{len(made.files)} files in {output}: {len(report.written)} written, "
        f"{len(report.removed)} removed, {len(report.unchanged)} unchanged, "
        f"{milliseconds:.0f} ms.",
        err=True,
    )
    for path in report.kept:
        click.echo(f"Kept {path}: no longer made, but changed since it was written.", err=True)
    say_secrets(environments)


def say_secrets(environments: Environments) -> None:
    """The Secrets that the clusters must hold, with their keys."""
    needed = {
        (secret.namespace, secret.name, secret.key)
        for manifests in environments.values()
        for secret in required_secrets(manifests)
    }
    if needed:
        click.echo("Secrets that the cluster must hold, with their keys:", err=True)
    for namespace, name, key in sorted(needed):
        click.echo(f"  {namespace}/{name}: {key}", err=True)
