"""`mlspec schema`: the JSON Schema of the language, made from the models."""

from __future__ import annotations

from pathlib import Path

import click

from mlspec.resources import folder
from mlspec.terms import DONE, FINDINGS

NAME = "mlspec.v1.schema.json"


@click.command("schema")
@click.option("--check", "check_only", is_flag=True, help="Fail when the shipped schema is not what the models say.")
@click.option("-o", "--output", "out", type=click.Path(dir_okay=False), help="Write it to this file.")
def COMMAND(check_only: bool, out: str | None) -> int:  # noqa: N802
    """Print the JSON Schema, for editors."""
    from mlspec.api import json_schema

    text = json_schema()
    if check_only:
        shipped = folder("schemas") / NAME
        if not shipped.is_file() or shipped.read_text(encoding="utf-8") != text:
            click.echo(f"{NAME} is not what the models say: run mlspec schema -o schemas/{NAME}", err=True)
            return FINDINGS
        click.echo(f"{NAME}: up to date")
    elif out:
        Path(out).write_text(text, encoding="utf-8")
    else:
        click.echo(text, nl=False)
    return DONE
