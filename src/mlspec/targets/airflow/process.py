"""What the step processes of tasks are told, as source text.

In: a plan, a step and its option groups. Out: the arguments of the generated file's functions, a line each. Owns which
options stand once at the top of the file; never knows which task a process is of.
Change it when the step process learns an option that only Airflow gives.
"""

from __future__ import annotations

from mlspec.invocation.from_plan import Words, cache_options, takes_from_earlier_runs
from mlspec.ir.model import Plan, Step
from mlspec.targets.airflow.literals import block, string
from mlspec.targets.airflow.options import options_of
from mlspec.targets.airflow.runners import image_of

TRACKING = ("--tracking", "--experiment")
ENVIRONMENT = ("--environment", "--pythonpath")


def told(plan: Plan, step: Step, groups: list[Words]) -> tuple[str, ...]:
    """The options as source text; those that many steps share are named, for they stand at the top of the file."""
    lines: list[str] = []
    if takes_from_earlier_runs(plan, "airflow") and any(words[0] == "--output" for words in groups):
        groups = [*groups[:1], *cache_options(plan, step, image_of(plan, step, options_of(plan))), *groups[1:]]
    alone = sum(words[0] in ENVIRONMENT for words in groups) == 1
    for words in groups:
        if words[0] in TRACKING:
            line = "*TRACKING"
        elif words[0] in ENVIRONMENT and not alone:
            line = f"*ENVIRONMENT[{string(step.environment or '')}]"
        else:
            lines.append(block(" ".join(words)))
            continue
        if lines[-1] != line:
            lines.append(line)
    return (*lines[:1], *(string(f"--when-failed {name}") for name in _failures(plan, step)), *lines[1:])


def shared(names: tuple[str, ...], groups: list[Words]) -> list[str]:
    """Those of the options that have one of the names, as source text."""
    return [string(" ".join(words)) for words in groups if words[0] in names]


def _failures(plan: Plan, step: Step) -> list[str]:
    """The steps whose failure lets a step with `run_if: failure` start: what it needs, and what blocks that."""
    if step.run_if != "failure":
        return []
    found: dict[str, Step] = {}
    todo = list(step.upstream)
    while todo:
        above = plan.by_id[todo.pop()]
        if above.id not in found:
            found[above.id] = above
            todo += above.upstream if above.run_if == "success" else ()
    return list(dict.fromkeys(one.name for one in plan.steps if one.id in found))
