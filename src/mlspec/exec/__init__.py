"""The step process, `mlspec exec`: see docs/step-process.md.

Runs in users' images: standard library only, but for fsspec (remote stores), the CEL library (conditions) and MLflow
(tracking), each imported when first needed.
"""
