"""The target-independent plan. `model` is the vocabulary, `check` finds what is wrong with a spec's pipelines
by the checks in `passes/`, `build` makes a plan of one that is right.

To add a pass: one module in `passes/` with a function from what it reads to `list[Diagnostic]`, named in `check.PASSES`.
"""
