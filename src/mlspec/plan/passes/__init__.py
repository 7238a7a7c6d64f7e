"""Checks of a wired pipeline or of the whole spec: one file a check, listed in `mlspec.plan.check`.

To add one: a module with a function that takes what it reads and a `Findings` to add to, its place in `build.PASSES` or
`build.SPEC_PASSES`, the pages of its codes and their documents under tests/diagnostics.
"""
