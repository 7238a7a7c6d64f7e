"""What ends a step or a run early.

In and out: exceptions with one sentence for the user. Owns the ways in which a step, and what it needs of the store, can fail;
never prints and never exits. Standard library only. Change it when a step can end in a new way.
"""


class UsageError(Exception):
    """`mlspec exec` was called wrongly: exit status 2, no record."""


class StepError(Exception):
    """The step failed for the reason given: in words for the user, shown without a traceback."""


class SupersededError(StepError):
    """Another process runs the step now: this one publishes and records nothing."""


class SettledError(StepError):
    """The step has failed already in an earlier start of the same try: this one repeats and records nothing."""


class StoreError(Exception):
    """The store cannot be used: it is out of reach, its library is missing, its disk is full, what it holds is damaged."""


class DamagedError(StoreError):
    """A file of the store does not hold what it should; the store itself is in order."""


class Interrupted(BaseException):
    """A signal asked the step process itself to end; not an `Exception`, so that nothing takes it for a failure."""

    def __init__(self, signal_name: str) -> None:
        super().__init__(f"interrupted by {signal_name}")
        self.signal_name = signal_name


class TimeLimitError(BaseException):
    """What was done within a time limit took longer; not an `Exception`, so that no library takes it for a failure of its own."""


def sentence(error: BaseException) -> str:
    """What an error says to the user: of the operating system's, the file and the reason."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename is not None else error.strerror
    return str(error)
