"""`mlspec runs`: what ran, and how it ended.

One file a subcommand, as in `mlspec.cli`: to add one, a module with a click command in `COMMAND`, and its line in `SUBCOMMANDS`.
"""

from __future__ import annotations

import click

from mlspec.cli.groups import CommandTable

SUBCOMMANDS = {
    "list": "List all runs: states, times, parameters that differ, metrics.",
    "show": "Show what became of a run, or of one of its steps.",
    "logs": "Print what a step of a run wrote.",
    "compare": "Show runs side by side, what differs first.",
    "report": "Write a run as one HTML page.",
    "sync": "Send MLflow and OpenLineage what they have missed.",
    "gc": "Remove runs that nobody needs, and what killed processes left.",
}


@click.group("runs", cls=CommandTable, table=SUBCOMMANDS, package="mlspec.cli.runs")
def COMMAND() -> None:  # noqa: N802
    """List, show and compare the runs in a store: those made here, and those that an orchestrator made."""
