"""The `mlspec` command: its subcommands, its exit statuses, what happens when something breaks.

In: the arguments of a command line. Out: an exit status. Owns the statuses: 0 done, 1 findings, 2 wrong usage, 3 a bug, 130
interrupted. Imports a command's module when that command runs. Change it when a command is added.
"""

from __future__ import annotations

import gc
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from mlspec import __version__
from mlspec.cli.groups import CommandTable, module_of
from mlspec.resources import DOCUMENTATION
from mlspec.terms import BUG, DONE, FINDINGS, INTERRUPTED

COMMANDS = {
    "init": "Write a starter project.",
    "validate": "Check specs and say all that is wrong with them.",
    "plan": "Show the graph that a spec describes.",
    "compile": "Write the pipelines of one or more targets.",
    "merge-generated": "Merge generated files, as git's driver for them.",
    "run": "Run a lifecycle on this machine.",
    "runs": "List, show and compare runs, and report them as pages.",
    "open": "Open the report of a run in a browser.",
    "reproduce": "Do a past run again and compare what it makes.",
    "approve": "Answer an approval of a local run.",
    "lock": "Pin environments and inputs.",
    "env": "Make environments here, or their Dockerfiles and conda files.",
    "targets": "Show what each target does with each feature.",
    "steps": "Show the step library.",
    "explain": "Explain a finding, or a key of the language.",
    "schema": "Print or check the JSON Schema of the language.",
    "exec": "Run one step: what every orchestrator calls.",
}
_WITHOUT_SPECS = {"init", "merge-generated", "targets", "steps", "explain", "exec"}
_NESTING = ("yaml", "mlspec.spec.lifecycle")
"""What the other commands import at greatest depth."""


_PACKAGE = "mlspec.cli"
_SITE = f"Documentation: {DOCUMENTATION}"
_EPILOG = f"""\b
Commands, options and files are completed after one line in your shell's start file:
  eval "$(_MLSPEC_COMPLETE=bash_source mlspec)"      bash; likewise zsh_source, fish_source
\b
{_SITE}
"""


@click.group(
    cls=CommandTable,
    table=COMMANDS,
    package=_PACKAGE,
    command_epilog=_SITE,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=_EPILOG,
)
@click.version_option(__version__, prog_name="mlspec")
def cli() -> None:
    """Compile one YAML spec of a model's lifecycle to Kubeflow Pipelines, Airflow and Jenkins, or run it here."""


def main(args: list[str] | None = None) -> int:
    """Run a command line; returns the exit status and never raises."""
    gc.set_threshold(10_000_000)  # hardly any of the many objects that a command makes is garbage before it ends
    try:
        _load(sys.argv[1:] if args is None else args)
        result = cli.main(args=args, prog_name="mlspec", standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.ClickException as error:
        shown = io.StringIO()
        error.show(shown)
        click.echo(_printable(shown.getvalue()), err=True, nl=False)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except SystemExit as exit_:  # click's own end, when a shell has asked what could be typed, or whoever reads has gone
        return int(exit_.code or 0) if "_MLSPEC_COMPLETE" in os.environ else _reader_gone()
    except BrokenPipeError:
        return _reader_gone()
    except OSError as error:
        return _out_of_reach(error)
    except Exception as error:
        return _bug(error)


def _printable(text: str) -> str:
    """A message that may quote what a spec, a store or an argument says."""
    from mlspec.diagnostics.printable import lines

    return lines(text)


def _load(arguments: Sequence[str]) -> None:
    """Import what the command that `arguments` name needs, before click does so from the depth of its own calls.

    CPython gets the memory of its stack in pieces of 16 KB and returns each as soon as it is empty. Imports nest deep; begun deeper
    still, their loops cross the end of a piece, and a fifth of the start goes into getting and returning it thousands of times.
    """
    name = next((argument for argument in arguments if not argument.startswith("-")), "")
    if name in COMMANDS:
        for module in () if name in _WITHOUT_SPECS else _NESTING:
            import_module(module)
        import_module(module_of(_PACKAGE, name))


def _reader_gone() -> int:
    """Like `mlspec schema | head -1`: nothing is wrong, and nobody is left to be told."""
    from mlspec.cli import output

    output.silence()
    return DONE


def _out_of_reach(error: OSError) -> int:
    """A file may not be read, a disk is full: the machine's matter, and no bug."""
    from mlspec.cli import output

    output.silence()
    click.echo(_printable(f"Error: {error.filename or 'output'}: {error.strerror or error}"), err=True)
    return FINDINGS


def _bug(error: Exception) -> int:
    """Nothing in a user's file leads here: say that it is our fault, and show the way to it."""
    import traceback

    click.echo(_printable("".join(traceback.format_exception(error))), err=True)
    click.echo(f"This is a bug in mlspec {__version__}, not in your spec. Please report it with the lines above.", err=True)
    return BUG
