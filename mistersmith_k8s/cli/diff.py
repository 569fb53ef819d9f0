"""`mistersmith-k8s diff`: what a change of manifests would do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mistersmith_k8s import inputs
from mistersmith_k8s.differences import FORMS, changes, hazards

if TYPE_CHECKING:
    from collections.abc import Mapping


@click.command("diff")
@click.argument("old")
@click.argument("new")
@click.option("--format", "form", type=click.Choice(list(FORMS)), default="text", show_default=True)
def command(old: str, new: str, form: str) -> None:
    """Compare the manifests in OLD and NEW, object by object and field by field.

    What hurts is said first: fields that cannot change, deleted data, looser Pod Security,
    opened connections, less quota, other selectors. Exit code 0: the same. 1: different.
    2: an input that is not there or cannot be read.
    """
    before, after = _manifests(old), _manifests(new)
    found = changes(before, after)
    click.echo(FORMS[form](found, hazards(found, before, after)), nl=False)
    raise SystemExit(1 if found else 0)


def _manifests(path: str) -> list[Mapping[str, Any]]:
    try:
        group = inputs.one_group([path])
    except inputs.InputError as error:
        click.echo(error, err=True)
        raise SystemExit(2) from None
    return [item.manifest for item in group.objects]
