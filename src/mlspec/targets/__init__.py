"""The orchestrators that plans are compiled to: one package each, and `base`, which all of them share.

A target reads a `Plan` and returns `GeneratedFile`s; it sees neither YAML, nor `Spec`, nor another target. Targets are found by
the entry point group `mlspec.targets`, ours and those of other packages alike.
To add one: a package like those here, its templates and its tests; CONTRIBUTING.md, "Add a target", has the steps.
"""
