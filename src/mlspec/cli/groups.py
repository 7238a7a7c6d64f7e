"""Groups of commands, each a module of its own that is imported when the command runs.

In: a table of names and what `--help` says of each. Out: a click group. Owns how a command's module is found from its name, and
what is said of an unknown one. Never runs anything. Change it when a command's module is to be found in another way.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


def module_of(package: str, name: str) -> str:
    """The module that has the command `name` of a group's `package`."""
    return f"{package}.{name.replace('-', '_')}"


class CommandTable(click.Group):
    """The commands of a table: `package.NAME` has the one called NAME in `COMMAND`; `--help` imports none of them.

    `command_epilog` stands below the help of each command that has nothing of its own there.
    """

    def __init__(
        self, *args: Any, table: Mapping[str, str], package: str, command_epilog: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._command_epilog = command_epilog
        self._table = table
        self._package = package

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in the order people use them."""
        return list(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command; None for an unknown one."""
        if cmd_name not in self._table:
            return None
        command = import_module(module_of(self._package, cmd_name)).COMMAND
        assert isinstance(command, click.Command)
        command.epilog = command.epilog or self._command_epilog
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the nearest command for an unknown one."""
        if args and args[0] not in self._table and not args[0].startswith("-"):
            from mlspec.diagnostics.nearest import nearest

            close = nearest(args[0], self._table)
            raise click.UsageError(f"there is no command {args[0]!r}" + (f"; did you mean {close!r}?" if close else ""), ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._table.items()))
