"""`mlspec exec` in the table of commands. `mlspec.__main__` answers it before this package is imported."""

from __future__ import annotations

import click


@click.command("exec", context_settings={"ignore_unknown_options": True, "help_option_names": []}, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def COMMAND(arguments: tuple[str, ...]) -> int:  # noqa: N802
    """Run one step; see docs/step-process.md."""
    from mlspec.exec.main import main

    return main(list(arguments))
