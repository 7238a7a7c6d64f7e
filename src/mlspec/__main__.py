"""`python -m mlspec` and the `mlspec` command.

In: the arguments after `mlspec`. Out: an exit status. Owns how the process starts and ends: `exec` goes straight to the step process,
so that it imports nothing of the compiler; the other commands do not tear Python down without need.
Never decides a status. Change it when starting or ending takes too long.
"""

import os
import sys
from contextlib import suppress


def main() -> int:
    """Run the command line; returns the exit status, or ends the process with it."""
    _open_streams()
    if len(sys.argv) > 1 and sys.argv[1] == "exec":
        from mlspec.exec.main import main as step_process

        status = step_process(sys.argv[2:])
        if {"fsspec", "mlflow"} & sys.modules.keys():  # these have things to do at the exit
            return status
        with suppress(OSError):  # whoever reads our output may be gone
            sys.stdout.flush()
        os._exit(status)  # nothing is left to do, and freeing every object takes a tenth of a short step
    from mlspec.cli.main import main as command_line

    status = command_line()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # all is written and closed; freeing every object first takes longer than checking a small spec


def _open_streams() -> None:
    """Have all three, where who started us has closed some: nobody listens, and that is no mistake.

    In this order each gets its own number, which no other file may have: what we start would take that for its output.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            stream = open(os.devnull, mode, encoding="utf-8")  # noqa: PTH123, SIM115
            os.set_inheritable(stream.fileno(), True)
            setattr(sys, name, stream)


if __name__ == "__main__":
    sys.exit(main())
