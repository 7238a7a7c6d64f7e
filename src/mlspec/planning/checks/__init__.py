"""Checks of a wired pipeline or of the whole spec: one file a check, listed in `mlspec.planning.check`.

To add one: a module with a function that takes what it reads and a `Findings` to add to, its place in `check.CHECKS` or
`check.SPEC_CHECKS`, the pages of its codes and their documents under tests/diagnostics.
"""
