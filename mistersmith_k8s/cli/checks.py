"""`mistersmith-k8s checks`: what validate looks for."""

from __future__ import annotations

import click

from mistersmith_k8s.checks import catalogue
from mistersmith_k8s.checks.catalogue import UnknownCheckError
from mistersmith_k8s.inputs import UNREAD
from mistersmith_k8s.reports.words import UNREAD as WHY_UNREAD

ABOUT_UNREAD = f"""\
{UNREAD} (error)

{WHY_UNREAD}

It is no check: there is no object to look at. What lies among manifests and is none, a Helm chart,
and a kustomization that cannot be built here are not-checked instead of wrong.
"""


@click.command("checks")
@click.argument("check_id", metavar="[ID]", required=False)
@click.option("--markdown", is_flag=True, help="All checks with their examples, as a page.")
def command(check_id: str | None, *, markdown: bool) -> None:
    """List the checks, or explain one: why, an example that fires it, how to mend that."""
    if markdown:
        click.echo(catalogue.markdown(), nl=False)
        return
    if check_id is None:
        click.echo(catalogue.listing(), nl=False)
        return
    if check_id == UNREAD:
        click.echo(ABOUT_UNREAD, nl=False)
        return
    try:
        entry = catalogue.entry(check_id)
    except UnknownCheckError as error:
        click.echo(error, err=True)
        raise SystemExit(2) from None
    click.echo(catalogue.text(entry), nl=False)
