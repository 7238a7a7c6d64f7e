"""What was asked of a run and cannot be done.

In and out: exceptions with one sentence for the user. Owns the refusals that are about runs; those of the store, of parameters
and of environments are their own modules'. Never prints. Change it when a run can be refused in a way of its own.
"""


class RunError(Exception):
    """There is no such run, step, output or question, or it is not what was asked for; the text says which."""


class NotLockedError(Exception):
    """What was to run as it was locked would not; the text says what all differs."""


class NoOutputError(RunError, LookupError):
    """No earlier run has an output that a step reads."""
