"""Addresses, `${{ }}` templates, shell scripts and CEL conditions: parsed, checked and evaluated.

`template` and `shell` need the standard library only, because the step process imports them in users' images; `syntax` imports a
parser and `cel` the CEL library, each only where there is a condition to check or to decide. Nothing is imported here for the
same reason.
"""
