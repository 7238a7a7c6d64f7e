"""The time that a run is for.

In: a plan, what `--date` or `--backfill` say, and the manifest of a run that goes on. Out: the text of `run.date`, or `RunError`. Owns
which of them counts; what a date is, is said in `mlspec.moments`. Change it when a run can be for another time.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from mlspec.engine.errors import RunError
from mlspec.ir.model import Plan
from mlspec.moments import MomentError, moment_of, text_of
from mlspec.terms import Json


def new_date(plan: Plan, given: str | None) -> str:
    """Return what a new run is for: what was `given`, else now. Raises `RunError`."""
    if given is None:
        return text_of(datetime.datetime.now(datetime.UTC))
    try:
        return text_of(moment_of(given, plan.timezone))
    except MomentError as error:
        raise RunError(str(error)) from None


def kept_date(plan: Plan, given: str | None, run_id: str, manifest: Mapping[str, Json] | None) -> str:
    """Return what an earlier run is for, whose rest or whose step is run now. Raises `RunError`, for another one that is `given`, too.

    A run of an orchestrator has no manifest. One that was begun before manifests told of dates was for its start.
    """
    wanted = None if given is None else new_date(plan, given)
    if manifest is None:
        if wanted is None and plan.reads_date:
            raise RunError(f"what run {run_id} is for is not known here: say it by --date")
        return wanted or new_date(plan, None)
    date = manifest.get("date")
    kept = date if isinstance(date, str) else str(manifest["started"])[: len("2026-11-30T03:00:00")] + "Z"
    if wanted is not None and wanted != kept:
        raise RunError(f"run {run_id} is for {kept}: a resumed run keeps its date; start a new one for {wanted}")
    return kept
