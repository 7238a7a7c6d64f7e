"""A spec → its plan: `check` finds what is wrong with a spec's pipelines, `build` makes a plan of one that is right.

`scope` is what can be named, `wiring` how one step hangs on others, `checks/` what is looked for in the wired graph.
To add a check: one module in `checks/`, named in `check.CHECKS`.
"""
