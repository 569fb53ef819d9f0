"""`mistersmith-k8s schema`: what a platform file may say, for editors."""

from __future__ import annotations

import json

import click


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of platform.yaml.

    Editors complete and check the file when its first line is
    `# yaml-language-server: $schema=<the file you saved this to>`.
    """
    from mistersmith_k8s.platform_schema import platform_schema  # noqa: PLC0415 - start fast

    click.echo(json.dumps(platform_schema(), indent=2))
