"""The target-independent plan. `model` is the vocabulary, `build` makes a plan from a spec, `passes/` check and complete it.

To add a pass: one module in `passes/` with a function from what it reads to `list[Diagnostic]`, named in `build.PASSES`.
"""
