"""The command line: `main` and one file a command.

To add a command: one module here with a click command of its name in `COMMAND`, its line in `main.COMMANDS`, and its test.
A command parses words, calls `mlspec.api` or a stage, and prints; whatever decides anything lives below.
"""
