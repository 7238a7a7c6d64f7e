"""The language: pydantic models, one file a section, and their validation with positions.

To add a section: a module with its models, a field in `lifecycle.Lifecycle`, and what it means in `mlspec.planning`.
"""
