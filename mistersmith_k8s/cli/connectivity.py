"""`mistersmith-k8s connectivity`: who reaches whom, computed from manifests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mistersmith_k8s import inputs
from mistersmith_k8s.connectivity import (
    connections,
    render_dot,
    render_json,
    render_md,
    render_txt,
    universe,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMS = {"txt": render_txt, "json": render_json, "dot": render_dot, "md": render_md}


@click.command("connectivity")
@click.argument("paths", nargs=-1, required=True)
@click.option("--format", "form", type=click.Choice(list(FORMS)), default="txt", show_default=True)
def command(paths: Sequence[str], form: str) -> None:
    """Show every connection that the NetworkPolicies in PATHS allow.

    A line each: source, destination, ports. Exit code 0, or 2 for an input that is not there
    or cannot be read.
    """
    try:
        group = inputs.one_group(paths)
    except inputs.InputError as error:
        click.echo(error, err=True)
        raise SystemExit(2) from None
    seen = universe(item.manifest for item in group.objects)
    for problem in seen.problems:
        click.echo(problem, err=True)
    text = FORMS[form](connections(seen))
    click.echo(text if text.endswith("\n") or not text else f"{text}\n", nl=False)
