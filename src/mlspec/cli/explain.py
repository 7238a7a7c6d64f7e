"""`mlspec explain`: the page of a code."""

from __future__ import annotations

import click

from mlspec.cli import output
from mlspec.terms import DONE


@click.command("explain")
@click.argument("code", required=False, metavar="[CODE]")
def COMMAND(code: str | None) -> int:  # noqa: N802
    """Explain a finding by its CODE, such as MLS201; without one, list all codes."""
    from mlspec.checking.catalogue import catalogue

    pages = catalogue()
    if code is None:
        click.echo(output.table([(each, pages.page(each).title) for each in pages.codes]))
        return DONE
    found = pages.code_of(code)
    if found is None:
        close = pages.nearest_code(code)
        raise click.UsageError(f"there is no code {code!r}" + (f"; did you mean {close}?" if close else ""))
    click.echo(pages.page(found).text.rstrip("\n"))
    return DONE
