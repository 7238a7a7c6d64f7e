"""Runs as JSON, for other tools.

In: a `RunView`. Out: JSON values. Owns the documents that docs/how-to/runs.md describes; keys are only ever added.
Never says anything that the view does not hold. Change it when views hold more.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

from mlspec.history.comparison import Comparison, Row
from mlspec.history.listing import Summary
from mlspec.history.model import ApprovalView, File, RunView, StepView
from mlspec.terms import Json

_WORDS = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def run_json(view: RunView) -> Json:
    """A whole run: what `mlspec runs show --format json` prints."""
    document: Json = {
        "run_id": view.run_id,
        "lifecycle": view.lifecycle,
        "status": view.status,
        "made_by": _made_by(here=view.here),
        "started": view.started,
        "resumed": view.resumed,
        "ended": view.ended,
        "seconds": _rounded(view.seconds),
        "spec_file": view.spec_file,
        "code": dict(view.code),
        "environments": dict(view.environments),
        "date": view.date,
        "only": view.only,
        "params": dict(view.params),
        "metrics": _numbers(view.metrics),
        "approvals": [_approval(approval) for approval in view.approvals],
        "steps": {step_id: step_json(step) for step_id, step in view.steps.items()},
    }
    for name, sentences in (("problems", view.problems), ("damage", view.damage)):
        if sentences:
            document[name] = list(sentences)
    if view.warnings:
        document["warnings"] = [{"message": warning.message, "steps": list(warning.steps)} for warning in view.warnings]
    return document


def step_json(step: StepView) -> Json:
    """A step of it: what `mlspec runs show RUN STEP --format json` prints."""
    return {
        "status": step.status,
        "attempts": step.attempts,
        "started": step.started,
        "ended": step.ended,
        "seconds": _rounded(step.seconds),
        "exit_code": step.exit_code,
        "error": step.error,
        "cached_from": step.cached_from,
        "with": dict(step.with_),
        "inputs": {file.name: {"uri": file.uri, "digest": file.digest} for file in step.inputs},
        "outputs": _outputs(step.outputs),
        "metrics": _numbers(step.metrics),
    }


def _numbers(metrics: Mapping[str, Json]) -> dict[str, Json]:
    """Numbers for which JSON has no word (NaN, infinity) are strings."""
    return {
        name: _WORDS[str(value)] if isinstance(value, float) and not isfinite(value) else value
        for name, value in metrics.items()
    }


def _outputs(files: tuple[File, ...]) -> Mapping[str, Json]:
    return {file.name: {"uri": file.uri, "digest": file.digest, "type": file.type} for file in files}


def _approval(approval: ApprovalView) -> Json:
    return {
        "step": approval.step,
        "status": approval.status,
        "message": approval.message,
        "approvers": list(approval.approvers),
        "asked": approval.asked,
        "answered": approval.answered,
        "by": approval.by,
        "comment": approval.comment,
        "evidence": approval.seen,
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def summary_json(summary: Summary) -> Json:
    """A run in a list; `error` is there for damaged runs only."""
    shown = {
        "run_id": summary.run_id,
        "status": summary.status,
        "made_by": _made_by(here=summary.here),
        "started": summary.started,
        "ended": summary.ended,
        "seconds": summary.seconds,
        "params": dict(summary.params),
        "metrics": _numbers(summary.metrics),
        "only": summary.only,
        "steps": dict(summary.steps),
    }
    return shown if summary.error is None else {**shown, "error": summary.error}


def _made_by(*, here: bool) -> str:
    return "mlspec run" if here else "an orchestrator"


def comparison_json(found: Comparison) -> Json:
    """Runs side by side: what `mlspec runs compare --format json` prints."""

    def rows(of: tuple[Row, ...]) -> Json:
        return {
            row.name: {
                "differs": row.differs,
                "values": list(_numbers(dict(zip(found.run_ids, row.values, strict=True))).values()),
            }
            for row in of
        }

    sections = {section.title.lower(): rows(section.rows) for section in found.sections}
    return {"lifecycle": found.lifecycle, "runs": list(found.run_ids), "run": rows(found.heads), **sections}
