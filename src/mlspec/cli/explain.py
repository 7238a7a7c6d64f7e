"""`mlspec explain`: the page of a code."""

from __future__ import annotations

import click

from mlspec.cli import output
from mlspec.diagnostics.explain import code_of, codes, nearest_code, page


@click.command("explain")
@click.argument("code", required=False, metavar="[CODE]")
def COMMAND(code: str | None) -> int:  # noqa: N802
    """Explain a finding by its CODE, such as MLS201; without one, list all codes."""
    if code is None:
        click.echo(output.table([(each, page(each).title) for each in codes()]))
        return 0
    found = code_of(code)
    if found is None:
        close = nearest_code(code)
        raise click.UsageError(f"there is no code {code!r}" + (f"; did you mean {close}?" if close else ""))
    click.echo(page(found).text.rstrip("\n"))
    return 0
