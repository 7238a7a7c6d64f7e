"""What people look at before a change goes in: stale files, text diffs, what a change of a spec means.

All of it compares values that others have read; nothing here opens a file. To add a review: one module with one function
from two states to its findings.
"""
