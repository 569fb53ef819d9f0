"""The command line: parse, call, print. Each command is a module, imported when it is called."""

from __future__ import annotations

import gc
from importlib import import_module

import click

COMMANDS = {
    "init": "Write a commented platform.yaml to start from.",
    "synth": "Render a platform into checked manifests.",
    "validate": "Check Kubernetes manifests before they are applied.",
    "checks": "List what validate looks for, or explain one check.",
    "connectivity": "Show who reaches whom under the network policies.",
    "diff": "Compare two renderings and say what hurts.",
    "schema": "Print the JSON Schema of platform.yaml.",
}
"""Each command with its help; the module of the same name has a function `command`."""


class _Commands(click.Group):
    """Commands that are imported when they are called, so that none pays for the others."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order in which a user meets them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"mistersmith_k8s.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The help of all commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is meant, or an error that names the nearest one."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            import difflib  # noqa: PLC0415 - only after a mistake

            near = difflib.get_close_matches(name, COMMANDS, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            ctx.fail(f"No such command {name!r}.{hint}")
        return super().resolve_command(ctx, args)


# A command makes much and drops little: collecting as often as Python does costs it a fifth.
gc.set_threshold(100_000)


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mistersmith-k8s", message="%(prog)s %(version)s")
def main() -> None:
    """Kubernetes manifests for the Mister Smith platform, proven before they are applied."""
