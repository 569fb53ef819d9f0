"""`mistersmith-k8s init`: a platform file to start from."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("init")
@click.argument("path", type=click.Path(path_type=Path), default="platform.yaml")
def command(path: Path) -> None:
    """Write a commented platform file to PATH that synthesises as it is.

    It never overwrites a file.
    """
    starter = Path(__file__).parent.parent / "starter.yaml"
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(starter.read_text(encoding="utf-8"))
    except FileExistsError:
        message = f"{path}: exists already and was left as it is. Name another file."
        raise click.UsageError(message) from None
    except OSError as error:
        message = f"{path}: cannot be written: {error.strerror}."
        raise click.UsageError(message) from None
    click.echo(f"Wrote {path}. Next: mistersmith-k8s synth {path}", err=True)
