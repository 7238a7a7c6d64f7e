"""What is asked of runs and cannot be done, as exit statuses.

In: errors of the engine. Out: click's errors, with the engine's own words. Owns which of them is wrong usage (2: no such run,
no such step, a value that a parameter does not take) and which is a failure (1: the store, an environment, the lock).
Never prints. Change it when the engine can refuse in another way.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from mlspec.engine.errors import NotLockedError, RunError
from mlspec.environments.build import EnvironmentBuildError
from mlspec.errors import StoreError
from mlspec.expr.limits import ParameterError


@contextmanager
def as_click_errors() -> Iterator[None]:
    """Turn the engine's errors into click's."""
    try:
        yield
    except (StoreError, EnvironmentBuildError, NotLockedError) as error:
        raise click.ClickException(str(error)) from None
    except (ParameterError, RunError) as error:
        raise click.UsageError(str(error)) from None
