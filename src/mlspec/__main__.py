"""`python -m mlspec` and the `mlspec` command.

Owns one decision: `exec` goes straight to the step process, so that it imports nothing of the compiler.
"""

import sys


def main() -> int:
    """Run the command line; returns the exit status."""
    if len(sys.argv) > 1 and sys.argv[1] == "exec":
        from mlspec.runtime.process import main as step_process

        return step_process(sys.argv[2:])
    from mlspec.cli.main import main as command_line

    return command_line()


if __name__ == "__main__":
    sys.exit(main())
