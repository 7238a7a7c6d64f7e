"""Which runs of a list are meant, and in which order.

In: summaries, a CEL condition or the name of a column. Out: those that fit, sorted. Owns the addresses that a condition about runs reads:
`run.status`, `params.x` and the metrics as the language names them. Raises `ChoiceError` for a name that no run has.
Change it when runs are to be chosen by something else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlspec.diagnostics.nearest import nearest
from mlspec.expr.instances import stood_in
from mlspec.history.listing import Summary
from mlspec.terms import Json

OWN = ("run.started", "run.seconds", "run.status", "run.id", "run.only")
"""What every run has."""


class ChoiceError(Exception):
    """What was asked for makes no sense, in a sentence."""


def value_of(summary: Summary, address: str) -> Json:
    """What a run has at an address; None where it has nothing."""
    own = {
        "run.started": summary.started,
        "run.seconds": summary.seconds,
        "run.status": summary.status,
        "run.id": summary.run_id,
        "run.only": summary.only,
    }
    if address in own:
        return own[address]
    if address.startswith("params."):
        return summary.params.get(address.removeprefix("params."))
    return summary.metrics.get(address)


def addresses(summaries: Sequence[Summary]) -> list[str]:
    """All that can be asked of these runs."""
    found = dict.fromkeys(OWN)
    for summary in summaries:
        found |= dict.fromkeys(f"params.{name}" for name in summary.params)
        found |= dict.fromkeys(summary.metrics)
    return list(found)


def known(address: str, summaries: Sequence[Summary]) -> str:
    """An address that one of the runs has; raises `ChoiceError` for any other."""
    there = addresses(summaries)
    if address in there or not summaries:
        return address
    close = nearest(address, there)
    raise ChoiceError(
        f"no run has {address}" + (f"; did you mean {close}?" if close else f"; there are {', '.join(there[:12])}")
    )


def ordered(summaries: Sequence[Summary], by: str) -> list[Summary]:
    """Sorted by an address, with `-` before it the largest first; runs that have nothing there come last."""
    address = known(by.removeprefix("-"), summaries)
    there = [summary for summary in summaries if value_of(summary, address) is not None]
    there.sort(key=lambda summary: _rank(value_of(summary, address)), reverse=by.startswith("-"))
    return [*there, *(summary for summary in summaries if value_of(summary, address) is None)]


def _rank(value: Json) -> tuple[int, Any]:
    """Numbers before texts, so that any two values can be compared; NaN before all."""
    if isinstance(value, int | float):
        return (0, float("-inf") if value != value else value)
    return (1, str(value))


def where(summaries: Sequence[Summary], condition: str) -> list[Summary]:
    """The runs for which a condition holds. One that cannot be decided of a run, which lacks what it reads, does not hold."""
    from mlspec.expr.cel import ConditionError, evaluate
    from mlspec.expr.syntax import ConditionSyntaxError, parse

    text, instances = stood_in(condition)
    try:
        tree = parse(text)
    except ConditionSyntaxError as error:
        raise ChoiceError(f"`{condition}` is no condition: {error.message}") from None
    _refuse_unknown(tree, instances, summaries)
    found, reason, decided = [], "", not summaries
    for summary in summaries:
        try:
            verdict = evaluate(text, _scope(summary, instances))
        except ConditionError as error:
            reason = str(error)
            continue
        decided = True
        found += [summary] if verdict else []
    if not decided:
        raise ChoiceError(f"no run can be judged by it: {reason}")
    return found


def _refuse_unknown(tree: Any, instances: Mapping[str, str], summaries: Sequence[Summary]) -> None:
    from mlspec.expr.checker import Type, check

    there = set(addresses(summaries))
    heads = {address[:end] for address in there for end in range(len(address)) if address[end] == "."}

    def type_of(parts: tuple[str, ...], _start: int, _end: int) -> Type:
        path = ".".join((instances.get(parts[0], parts[0]), *parts[1:]))
        if path not in there and path not in heads and not any(path.startswith(f"{address}.") for address in there):
            known(path, summaries)
        return "any"

    problems = check(tree, type_of)
    if problems:
        raise ChoiceError(problems[0].message)


def _scope(summary: Summary, instances: Mapping[str, str]) -> dict[str, Any]:
    own = {address.removeprefix("run."): value_of(summary, address) for address in OWN}
    scope: dict[str, Any] = {"run": own, "params": dict(summary.params)}
    names = {step: name for name, step in instances.items()}
    for address, value in summary.metrics.items():
        step, output, metric = _parts(address)
        if "[" in step and step not in names:  # an instance that the condition does not name
            continue
        scope.setdefault(names.get(step, step), {}).setdefault(output, {})[metric] = value
    return scope


def _parts(address: str) -> tuple[str, str, str]:
    """Step, output and metric: the name of an instance may hold dots, a metric's name anything."""
    step, bracket, rest = address.partition("]") if "[" in address.partition(".")[0] else address.partition(".")
    step = f"{step}]" if bracket == "]" else step
    output, _, metric = rest.removeprefix(".").partition(".")
    return step, output, metric
