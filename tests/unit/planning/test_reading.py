"""How data are read is said once, and every library step that reads them is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlspec import api

HEAD = """
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: demo}
steps:
  make: {run: 'a ${{ outputs.table }} ${{ outputs.model }}', outputs: {table: %s, model: model}}
  score: {uses: evaluate/classifier, inputs: {model: make.model, data: make.table}, with: {target: y%s}}
"""
CHECK = "  check: {uses: data/validate, inputs: {data: make.table}, with: {contract: %s}}\n"
FORMAT = 'format: {delimiter: ";", missing: ["NA"], columns: {code: string}}'
FORMATTED = f"{{type: dataset, {FORMAT}}}"
SPLIT = f"  split: {{run: 'a ${{{{ outputs.part }}}}', matrix: {{n: [1, 2]}}, outputs: {{part: {FORMATTED}}}}}\n"
BOTH = f"{{type: dataset, {FORMAT}, contract: c.yaml}}"
SAID = {"delimiter": ";", "missing": ["NA"], "columns": {"code": "string"}}


def options(text: str, step: str = "score") -> dict[str, Any]:
    checked = api.check("mlspec.yaml", text=text)
    assert checked.plan is not None, checked.findings
    return {key: value for key, value in checked.plan.by_id[step].with_ if key in ("contract", "format")}


@pytest.mark.parametrize(
    ("output", "own", "checks", "told"),
    [
        ("dataset", "", "", {}),
        ("{type: dataset, path: t.csv}", "", "", {}),
        (FORMATTED, "", "", {"format": SAID}),
        ("{type: dataset, contract: c.yaml}", "", CHECK % "d.yaml", {"contract": "c.yaml"}),
        (FORMATTED, ", format: {delimiter: '|'}", "", {"format": {"delimiter": "|"}}),
        (BOTH, ", contract: d.yaml", "", {"contract": "d.yaml", "format": SAID}),
        ("dataset", "", CHECK % "c.yaml", {"contract": "c.yaml"}),
        ("dataset", "", CHECK % "c.yaml" + CHECK.replace("check", "again") % "c.yaml", {"contract": "c.yaml"}),
        ("dataset", ", contract: e.yaml", CHECK % "c.yaml" + CHECK.replace("check", "again") % "d.yaml", {"contract": "e.yaml"}),
        ("dataset", "", CHECK % "'${{ run.id }}'", {}),
        ("dataset", "", CHECK.replace("make.table", "{path: other.csv}") % "c.yaml", {}),
    ],
)  # fmt: skip
def test_what_the_step_is_told(output: str, own: str, checks: str, told: dict[str, Any]) -> None:
    assert options(HEAD % (output, own) + checks) == told


def test_a_check_keeps_its_contract_and_is_told_the_format() -> None:
    text = HEAD % (BOTH, "") + CHECK % "d.yaml"
    assert options(text, "check") == {"contract": "d.yaml", "format": SAID}


def test_steps_of_the_user_are_told_nothing() -> None:
    text = (
        HEAD % ("{type: dataset, contract: c.yaml}", "") + "  mine: {run: 'a ${{ inputs.data }}', inputs: {data: make.table}}\n"
    )
    assert options(text, "mine") == {}


@pytest.mark.parametrize("target", ["kubeflow", "airflow", "jenkins"])
def test_every_target_hands_it_over(target: str, tmp_path: Path) -> None:
    (tmp_path / "mlspec.yaml").write_text((HEAD % ("{type: dataset, format: {delimiter: '|'}}", "")).lstrip())
    made = api.compile(api.plan(api.load(tmp_path / "mlspec.yaml")), target)
    assert any("delimiter" in file.content for file in made)


def test_one_instance_of_a_matrix() -> None:
    text = HEAD % (FORMATTED, "") + SPLIT
    text += "  one: {uses: evaluate/classifier, inputs: {model: make.model, data: 'split[n=2].part'}, with: {target: y}}\n"
    assert options(text, "one") == {"format": SAID}


@pytest.mark.parametrize(("other", "told"), [(FORMATTED, {"format": SAID})])
def test_the_first_of_several_outputs(other: str, told: dict[str, Any]) -> None:
    text = HEAD % (FORMATTED, "") + f"  more: {{run: 'a ${{{{ outputs.part }}}}', outputs: {{part: {other}}}}}\n"
    text += "  one: {uses: evaluate/classifier, inputs: {model: make.model, data: {any: [make.table, more.part]}}, with: {target: y}}\n"
    assert options(text, "one") == told
