"""`mlspec schema`: the JSON Schema of the language, made from the models."""

from __future__ import annotations

from pathlib import Path

import click

from mlspec.resources import folder
from mlspec.terms import DONE, FINDINGS

NAME = "mlspec.v1.schema.json"


@click.command("schema")
@click.option("--check", "check_only", is_flag=True, help="Fail when the shipped schema is not what the models say.")
@click.option("--events", is_flag=True, help="That of the lines of `mlspec run --json` instead.")
@click.option("-o", "--output", "out", type=click.Path(dir_okay=False), help="Write it to this file.")
def COMMAND(check_only: bool, events: bool, out: str | None) -> int:  # noqa: N802
    """Print the JSON Schema, for editors."""
    name, text = _events() if events else _language()
    if check_only:
        shipped = folder("schemas") / name
        if not shipped.is_file() or shipped.read_text(encoding="utf-8") != text:
            option = " --events" if events else ""
            click.echo(f"{name} is not what the models say: run mlspec schema{option} -o schemas/{name}", err=True)
            return FINDINGS
        click.echo(f"{name}: up to date")
    elif out:
        Path(out).write_text(text, encoding="utf-8")
    else:
        click.echo(text, nl=False)
    return DONE


def _language() -> tuple[str, str]:
    from mlspec.api import json_schema

    return NAME, json_schema()


def _events() -> tuple[str, str]:
    import json

    from mlspec.cli.run_events import SCHEMA, schema

    return SCHEMA, json.dumps(schema(), indent=2) + "\n"
