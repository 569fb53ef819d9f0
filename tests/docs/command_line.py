"""docs/reference/command-line.md, from the help of the commands."""

from __future__ import annotations

from importlib import import_module

import click

from mistersmith_k8s.cli import COMMANDS, main

PROGRAM = "mistersmith-k8s"
COLUMNS = 88

TOP = f"""# The command line

`{PROGRAM}` prints data on standard output and everything else on standard error. A wrong use, an
unreadable file or a wrong platform file ends with exit code 2 and no traceback.
"""


def page() -> str:
    """The page, without its first line."""
    parts = (f"\n## {PROGRAM} {name}\n\n{_block(_command(name), name)}" for name in COMMANDS)
    return f"{TOP}\n{_block(main)}{''.join(parts)}"


def _command(name: str) -> click.Command:
    command: click.Command = import_module(f"mistersmith_k8s.cli.{name}").command
    return command


def _block(command: click.Command, *names: str) -> str:
    """What `--help` prints."""
    context = click.Context(
        command,
        info_name=" ".join((PROGRAM, *names)),
        terminal_width=COLUMNS,
        max_content_width=COLUMNS,
        help_option_names=["-h", "--help"],
    )
    return f"```text\n{command.get_help(context)}\n```\n"
