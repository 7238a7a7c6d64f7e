"""What a reviewer sees of a small change to any spec: little, and only where it was made.

The limits that each target declares, on drawn specs; its own `test_review.py` holds them on others. What a change of the whole
does (imports, shared functions, comments on the arrangement) is not counted where a step's own lines are what matters.
"""

from __future__ import annotations

import difflib
import math
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st

from mlspec import api
from mlspec.ir.model import Plan
from mlspec.targets.base import HEADER_LINES, targets
from mlspec.targets.base import Edit as Edits
from mlspec.targets.kubeflow.graph import skippable_steps
from tests.conformance.yamltext import yaml_of
from tests.targets import drawn_edits as edits
from tests.targets.drawn_edits import Edit, Spec, steps_of
from tests.targets.jenkins.plans import FORMS, take

TARGETS = ("kubeflow", "airflow", "jenkins", "mlproject")
assert set(TARGETS) == {name for name, target in targets().items() if type(target).__module__.startswith("mlspec.")}
ARRANGED = re.compile(r"\}|stages \{|parallel \{|stage\('from .*|stage\(.* and others'\) \{|.*without need:?.*|\[\".*|")
"""Lines of a Jenkinsfile that say how steps are arranged, and of none of them what it does."""


class Compiled:
    """A spec's plan, and its files' lines without headers, those of environments aside."""

    def __init__(self, spec: Spec, target: str) -> None:
        checked = api.check(Path(f"{target}.yaml"), text=yaml_of(spec))
        assert checked.plan is not None, checked.findings
        self.plan: Plan = checked.plan
        files, _ = api.emit(self.plan, targets()[target])
        assume(files is not None)
        assert files is not None
        [self.lines] = [
            file.content.splitlines()[HEADER_LINES:] for file in files if file.path not in ("run.sh", "python_env.yaml")
        ]

    def count(self, name: str) -> int:
        """How many steps of the plan a step is: instances of its matrix, or one."""
        return sum(step.name == name for step in self.plan.all_steps())


def suited(spec: Spec, target: str) -> Spec:
    """The spec without what the target refuses."""
    left_out = {"triggers"} if target in ("kubeflow", "mlproject") else set()
    made = {key: value for key, value in spec.items() if key not in left_out} | {"store": "s3://acme/store"}
    if target == "kubeflow":
        made["on_failure"] = "stop"
        for section in ("steps", "finally"):
            if section in made:
                made[section] = {name: _on_kubeflow(step) for name, step in made[section].items()}
    return made


def _on_kubeflow(step: dict[str, Any]) -> dict[str, Any]:
    made = {key: value for key, value in step.items() if key not in ("run_if", "approval")}
    return made | ({"run": "true"} if "approval" in step else {})


def compiled(edit: Edit, target: str) -> tuple[Compiled, Compiled]:
    return Compiled(suited(edit.before, target), target), Compiled(suited(edit.after, target), target)


def difference(old: list[str], new: list[str]) -> tuple[list[str], list[str]]:
    """The lines that go and those that come."""
    start = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    end = next((n for n, (a, b) in enumerate(zip(old[:start:-1], new[:start:-1], strict=False)) if a != b), 0)
    a, b = old[start : len(old) - end], new[start : len(new) - end]
    changes = [change for change in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes() if change[0] != "equal"]
    out = [line for _, first, last, _, _ in changes for line in a[first:last]]
    return out, [line for _, _, _, first, last in changes for line in b[first:last]]


def of_steps(target: str, lines: list[str]) -> list[str]:
    """The lines that belong to steps, and what arranges them."""
    if target == "airflow":
        start = next(number for number, line in enumerate(lines) if line.startswith("    # The tasks below run at the end"))
        rest = next(number for number, line in enumerate(lines) if " >> [t for t in " in line or "dag.roots << " in line)
        end = next(number for number, line in enumerate(lines) if re.match(r"    verdict_*(: Any)? = step\(", line))
        return [*lines[lines.index(") as dag:") : start], *lines[rest + 1 : end]]
    if target == "jenkins":
        data = "def arrangement1() {"
        start = lines.index(data if data in lines else "    stages {")
        end = next(number for number, line in enumerate(lines) if line.startswith("// Whether a step may start"))
        return [line.strip() for line in lines[start:end] if not ARRANGED.fullmatch(line.strip())]
    if target == "kubeflow":
        return [line for line in lines if line not in ("", "components:")]
    return lines


def words_of(target: str, lines: list[str]) -> Counter[tuple[str, ...]]:
    """The lines of steps, whatever their order, and that of the names in a line."""
    kept = of_steps(target, lines)
    return Counter(tuple(sorted(re.findall(r"[^\s,\[\]()&|\"]+", line))) for line in kept)


def limit(target: str, edit: Edits) -> float:
    """How many lines the target lets such an edit move."""
    return targets()[target].review_limits.get(edit, math.inf)


def check_default(edit: Edit, target: str) -> None:
    before, after = compiled(edit, target)
    kind = edit.after["params"][edit.name]["type"]
    if target == "airflow" and (kind in ("list", "object") or len(before.lines) != len(after.lines)):
        return  # a formatter would give the default another number of lines
    out, into = difference(before.lines, after.lines)
    assert max(len(out), len(into)) <= limit(target, "default"), (out, into)


def check_renaming(edit: Edit, target: str) -> None:
    before, after = compiled(edit, target)
    out, into = difference(before.lines, after.lines)
    most = limit(target, "renaming")
    if target in ("kubeflow", "jenkins"):
        most *= before.count(edit.name)
    if target != "airflow" or len(before.lines) == len(after.lines):  # what it waits for may take a line, or one for each
        assert max(len(out), len(into)) <= most, (out, into)
    names = {edit.name, "-".join(filter(None, edit.name.split("_")))}
    if target != "airflow":
        assert [line for line in out if not any(name in line for name in names)] == []


def check_new_leaf(edit: Edit, target: str) -> None:
    before, after = compiled(edit, target)
    old, new = (of_steps(target, each.lines) for each in (before, after))
    if target == "kubeflow" and len(before.plan.finals) == 1 and not before.plan.finals[0].foreach:
        assume("finally" not in edit.after or edit.name not in edit.after["finally"])  # it stood alone, without a DAG around it
    if target == "jenkins":
        # A stage may come to stand in a branch, and the instances of a matrix beside others.
        around = {f"stage('{step.name}') {{" for step in before.plan.steps if step.instance}
        gone = [line for line in (Counter(old) - Counter(new)).elements() if line not in around]
    else:
        gone, _ = difference(old, new)
    assert gone == []


def check_settings(edit: Edit, target: str) -> None:
    before, after = compiled(edit, target)
    if target == "jenkins":  # the first step with a timeout brings what all of them share
        out, into = difference(*(of_steps(target, each.lines) for each in (before, after)))
    else:
        out, into = difference(before.lines, after.lines)
    described = steps_of(edit.before)[edit.name].get("description") != steps_of(edit.after)[edit.name].get("description")
    most = limit(target, "description" if described else "setting")
    many = before.count(edit.name) if target in ("kubeflow", "jenkins") else 1
    assert max(len(out), len(into)) <= most * many, (out, into)


def check_order(edit: Edit, target: str) -> None:
    before, after = compiled(edit, target)
    old, new = (words_of(target, each.lines) for each in (before, after))
    assert old - new == Counter()
    assert new - old == Counter()


def check_image(edit: Edit, target: str) -> None:
    before, after = compiled(edit, target)
    out, into = difference(before.lines, after.lines)
    assert len(out) == len(into)
    said = [line for line in into if "other/image:2" not in line and "--cache=" not in line]
    assert said == []


def check_needs(edit: Edit, target: str) -> None:
    before, after = compiled(edit, target)
    assume(not any(step.name == edit.other and step.id in skippable_steps(before.plan) for step in before.plan.all_steps()))
    assume(edit.name in edit.before["steps"])  # a final step that needs one is no teardown in Airflow
    if target == "kubeflow" and any(step.name == edit.name and not step.upstream for step in before.plan.steps):
        assume(not before.plan.params)  # one that needs none holds the run's parameters to their limits
    gone = words_of(target, before.lines) - words_of(target, after.lines)
    # On Kubeflow a gate runs in the image of the nearest step above; on Jenkins a matrix may come to stand beside others.
    around = {"image:", *(f"'{step.name}'" for step in before.plan.steps if step.instance)}
    gone = Counter({words: count for words, count in gone.items() if len(words) > 3 or around.isdisjoint(words)})
    assert gone.total() <= limit(target, "needs") * (1 if target == "airflow" else before.count(edit.name)), gone


CHECKS = {
    "default": (edits.defaults, check_default),
    "renaming": (edits.renamings, check_renaming),
    "new leaf": (edits.new_leaves, check_new_leaf),
    "settings": (edits.settings_of_a_step, check_settings),
    "order": (edits.orders, check_order),
    "image": (edits.images, check_image),
    "needs": (edits.needs, check_needs),
}


def hold(kind: str, target: str, examples: int, start: int) -> None:
    """Draw so many edits of a kind and look at each."""
    drawn, check = CHECKS[kind]

    @seed(start)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(st.deferred(drawn))
    def holds(edit: Edit) -> None:
        check(edit, target)

    holds()


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("kind", CHECKS)
def test_a_change_is_seen_where_it_was_made(kind: str, target: str) -> None:
    hold(kind, target, 5, start=0)


@pytest.mark.parametrize("form", FORMS[1:])
@pytest.mark.parametrize("kind", ["renaming", "new leaf", "settings", "order"])
def test_a_change_of_a_large_jenkinsfile_is_seen_where_it_was_made(
    kind: str, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(form, monkeypatch)
    hold(kind, "jenkins", 4, start=1)
