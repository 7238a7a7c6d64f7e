"""A run as one HTML page: its graph and times, numbers, reports, logs, and where everything came from.

In: a `RunView`, and the contents of its reports and logs. Out: a page that needs nothing else. Owns what the page says and in which
order, and how many rows it has; its look and its escaping are `page`'s. Change it when the page should say more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from mlspec.expr.values import as_text
from mlspec.history import words
from mlspec.history.contents import Contents
from mlspec.history.model import File, RunView, StepView
from mlspec.history.timeline import folds, timeline
from mlspec.report import run_svg
from mlspec.report.page import page
from mlspec.terms import Json

_METRICS = 40
_FAILED = 5
_ROWS = 1000
_PLAIN = frozenset({"succeeded", "skipped", "blocked", "pending"})
"""States of which many instances are one row: nobody has to look at each."""
_CHAIN = 12


class Row(NamedTuple):
    """A step in the table, or those of many instances that went the same way."""

    label: str
    state: str
    seconds: float | None
    kind: str
    logic: str
    note: str


def render(view: RunView, contents: Contents) -> str:
    """Return the page."""
    times = timeline(view)
    rows, folded = _rows(view)
    failed = [step for step in view.steps.values() if step.status == "failed"]
    files = list(_files(view))
    metrics = _metrics(view)
    environments = _environments(view)
    shown = {
        "graph": True,
        "timeline": times.rows,
        "metrics": metrics,
        "reports": contents.shown,
        "parameters": view.params,
        "approvals": view.approvals,
        "steps": True,
        "outputs": files,
        "environment": environments,
        "logs": contents.logs,
    }
    return page(
        "run",
        view=view,
        sections=[(anchor, anchor.capitalize()) for anchor, there in shown.items() if there],
        picture=run_svg.render(view),
        times=times,
        chain=_chain(times.critical),
        failed=failed[:_FAILED],
        more_failed=max(len(failed) - _FAILED, 0),
        problems=(*view.problems, *view.damage),
        waiting=[approval for approval in view.approvals if approval.status == "waiting"],
        metrics=metrics,
        most=_METRICS,
        contents=contents,
        steps=rows[:_ROWS],
        steps_left_out=max(len(rows) - _ROWS, 0),
        folded=folded,
        files=files,
        environments=environments,
    )


def _chain(critical: Sequence[StepView]) -> str:
    ids = [step.id for step in critical]
    if len(ids) > _CHAIN:
        ids = [*ids[: _CHAIN // 2], f"… {len(ids) - _CHAIN} more …", *ids[-_CHAIN // 2 :]]
    return " → ".join(ids)


def _rows(view: RunView) -> tuple[list[Row], bool]:
    rows, folded = [], False
    by_name: dict[str, list[StepView]] = {}
    for step in view.steps.values():
        by_name.setdefault(step.name, []).append(step)
    for name, members in by_name.items():
        together = folds(members)
        folded = folded or together
        for state, alike in _by_state(members).items():
            if together and len(alike) > 1 and state in _PLAIN:
                rows.append(_row(view, alike[0])._replace(label=f"{name} × {len(alike)}", seconds=None, note=_alike(alike)))
            elif together:
                rows += [_row(view, step) for step in alike]
        rows += [] if together else [_row(view, step) for step in members]
    return rows, folded


def _by_state(members: Iterable[StepView]) -> dict[str, list[StepView]]:
    found: dict[str, list[StepView]] = {}
    for step in members:
        found.setdefault(step.status, []).append(step)
    return found


def _alike(steps: Sequence[StepView]) -> str:
    """What there is to say of instances that share a row."""
    longest = max((step.seconds for step in steps if step.seconds is not None), default=None)
    cached = sum(step.cached_from is not None for step in steps)
    notes = [f"the longest took {words.took(longest)}"] if longest is not None else []
    return ", ".join([*notes, *([f"{cached} from the cache"] if cached else [])])


def _row(view: RunView, step: StepView) -> Row:
    outlined = view.outline.get(step.group)
    kind, logic = (outlined.kind, outlined.logic) if outlined is not None else ("", "")
    return Row(step.id, "damaged" if step.damaged else step.status, step.seconds, kind, logic, words.note(step))


def _metrics(view: RunView) -> list[tuple[str, list[tuple[str, Json]]]]:
    """The numbers of each metrics output; those of instances stand together."""
    groups: dict[str, list[tuple[str, Json]]] = {}
    for step in view.steps.values():
        for name, value in step.metrics.items():
            output, _, metric = name.partition(".")
            instance = step.id.removeprefix(step.name)
            groups.setdefault(f"{step.name}.{output}", []).append((f"{instance} {metric}".strip(), value))
    return list(groups.items())


def _files(view: RunView) -> Iterator[tuple[str, str, Sequence[tuple[str, File]], int]]:
    """Tables of files: what came from outside of the run, and what it made."""
    made = [(f"{step.id}.{file.name}", file) for step in view.steps.values() for file in step.outputs]
    of_run = {file.uri for _, file in made}
    given = [(f"{step.id}.{file.name}", file) for step in view.steps.values() for file in step.inputs if file.uri not in of_run]
    yield from _table("Inputs from outside", "What steps read that no step of this run made", given)
    yield from _table("Outputs", "What the steps made", made)


def _table(
    title: str, caption: str, rows: Sequence[tuple[str, File]]
) -> Iterable[tuple[str, str, Sequence[tuple[str, File]], int]]:
    return [(title, caption, rows[:_ROWS], max(len(rows) - _ROWS, 0))] if rows else []


def _environments(view: RunView) -> list[tuple[str, str]]:
    """What is known of each environment; of one that the run says nothing of, which steps ran in it."""
    known = {name: as_text(value) for name, value in view.environments.items()}
    of_steps: dict[str, list[str]] = {}
    for outlined in view.outline.values():
        if outlined.environment and outlined.environment not in known:
            of_steps.setdefault(outlined.environment, []).append(outlined.id)
    return [*known.items(), *((name, f"of {', '.join(ids)}") for name, ids in of_steps.items())]
