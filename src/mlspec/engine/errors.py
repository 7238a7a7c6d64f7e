"""What was asked of a run and cannot be done.

In and out: exceptions with one sentence for the user. Owns the refusals that are about runs; those of the store, of parameters
and of environments are their own modules'. Never prints. Change it when a run can be refused in a way of its own.
"""


class RunError(Exception):
    """There is no such run, step, output or question, or it is not what was asked for; the text says which."""
