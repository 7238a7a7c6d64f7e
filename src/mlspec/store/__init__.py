"""Stores: where artifacts and records live between steps.

`filesystem` reaches a folder or anything that fsspec does, `layout` says what is where. `records` is what became of the steps of
one run, `runs` what became of the runs of a lifecycle, `cache` and `questions` what else is kept of them, each as JSON
(`json_files`) with times of one form (`timestamps`). `files` and `digests` take files and folders on this machine as one thing.
All that goes wrong with a store is a `mlspec.errors.StoreError`. Standard library only, with fsspec once a URI is remote.
To keep something new in a store: its place in `layout`, and the module that owns its form.
"""
