"""Addresses, `${{ }}` templates, shell scripts and CEL conditions: parsed, checked and evaluated.

`template` and `shell` need the standard library only, because the step process imports them in users' images; `cel` imports
the CEL library and is itself imported only where there is a condition. Nothing is imported here for the same reason.
"""
