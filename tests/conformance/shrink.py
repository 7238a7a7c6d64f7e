"""Makes a lifecycle on which engines diverge smaller, so that what matters is left.

In: a drawn lifecycle, and a check. Out: a smaller one with the same kind of problem. Owns what can be left out of a lifecycle; what
is left always loads. Change it when failing specs stay larger than they need to be.
"""

from __future__ import annotations

import copy
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

from mlspec import api
from tests.conformance.compare import Verdict
from tests.conformance.drawn import Life, Step
from tests.conformance.oracle import foresee
from tests.conformance.render import project


def smaller(life: Life, check: Callable[[Life], Verdict], verdict: Verdict, *, seconds: float) -> Life:
    """Leave out what can be left out, for at most so many seconds, as long as an engine diverges that did before."""
    culprits = {problem.partition(":")[0] for problem in verdict.problems}
    until = time.monotonic() + seconds
    found = True
    while found:
        found = False
        for candidate in _candidates(life):
            if time.monotonic() > until:
                return life
            if _loads(candidate) and culprits & {problem.partition(":")[0] for problem in check(candidate).problems}:
                life, found = candidate, True
                break
    return life


def _loads(life: Life) -> bool:
    if not all(_whole(step) for step in [*life["steps"].values(), *life.get("finals", {}).values()]):
        return False
    try:
        foresee(life)
    except Exception:
        return False  # something reads what is gone
    with tempfile.TemporaryDirectory() as folder:
        for path, text in project(life).items():
            (Path(folder) / path).parent.mkdir(parents=True, exist_ok=True)
            (Path(folder) / path).write_bytes(text.encode())
        return api.check(Path(folder) / "mlspec.yaml").plan is not None


def _whole(step: Step) -> bool:
    """Whether the parts of a step that belong together are all there."""
    outputs, values, writes = step.get("outputs", {}), step.get("values", {}), step.get("writes", {})
    structured = {output for output, kind in outputs.items() if kind in ("metrics", "values")}
    fault = step.get("fault")
    makes = (
        fault is None
        or fault["how"] not in ("half", "missing", "bad_json")
        or bool(writes if fault["how"] == "bad_json" else outputs)
    )
    return (
        set(writes) == structured
        and set(writes.values()) <= set(values)
        and (fault is None or "only" not in fault or "only" in values)
        and makes
    )


def _candidates(life: Life) -> Iterator[Life]:
    """All lifecycles with one thing less, the greatest first."""
    for section in ("steps", "finals"):
        for name in reversed(list(life.get(section, {}))):
            made = _copy(life)
            del made[section][name]
            for step in made[section].values():
                step["needs"] = [other for other in step.get("needs", []) if other != name]
            if made["steps"]:
                yield cast(Life, made)
    for section in ("steps", "finals"):
        for name, step in cast(dict[str, Any], life.get(section, {})).items():
            for key, value in step.items():
                if key == "body" or not value:
                    continue
                if key != "gate":
                    made = _copy(life)
                    del made[section][name][key]
                    yield cast(Life, made)
                if isinstance(value, dict) and key != "fault":
                    for inner in value:
                        made = _copy(life)
                        del made[section][name][key][inner]
                        yield cast(Life, made)
                elif isinstance(value, list) and len(value) > 1 and key != "when":
                    for index in range(len(value)):
                        made = _copy(life)
                        del made[section][name][key][index]
                        yield cast(Life, made)
    for key in ("description", "labels"):
        if life.get(key):
            made = _copy(life)
            del made[key]
            yield cast(Life, made)
    for name, param in life.get("params", {}).items():
        made = _copy(life)
        del made["params"][name]
        yield cast(Life, made)
        if "given" in param:
            made = _copy(life)
            del made["params"][name]["given"]
            yield cast(Life, made)
        for key in param.get("long") or {}:
            made = _copy(life)
            del made["params"][name]["long"][key]
            yield cast(Life, made)


def _copy(life: Life) -> dict[str, Any]:
    return copy.deepcopy(cast(dict[str, Any], life))
