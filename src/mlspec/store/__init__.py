"""Stores: where artifacts and records live between steps.

`filesystem` reaches a folder or anything that fsspec does, `layout` says what is where, `records` is what became of a step,
`runs` what became of runs, `files` and `digests` take files and folders as one thing. Standard library only, with fsspec once a
URI is remote. To keep something new in a store: its place in `layout`, and the module that owns its form.
"""
