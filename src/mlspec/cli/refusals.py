"""What is asked of runs and cannot be done, as exit statuses.

In: errors of the engine. Out: click's errors, with the engine's own words. Owns which of them is wrong usage (2: no such run,
no such step, a value that a parameter does not take) and which is a failure (1: the store or an environment).
Never prints. Change it when the engine can refuse in another way.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from mlspec.engine.errors import RunError
from mlspec.engine.params import ParameterError
from mlspec.environments.build import EnvironmentBuildError
from mlspec.errors import StoreError


@contextmanager
def as_click_errors() -> Iterator[None]:
    """Turn the engine's errors into click's."""
    try:
        yield
    except (StoreError, EnvironmentBuildError) as error:
        raise click.ClickException(str(error)) from None
    except (ParameterError, RunError) as error:
        raise click.UsageError(str(error)) from None
