"""The table of docs/reference/control-flow.md: each row is a lifecycle that is run here, and ends as it says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from mlspec.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/reference/control-flow.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.split("## The table")[1].split("## What the table")[0].splitlines()
    if re.match(r"\| (succeeds|fails|is|has)\b", line)
]
FIRST = {
    "succeeds": "run: 'true'",
    "fails": "run: 'false'",
    "is a gate that does not hold": "gate: [params.holds]",
    "is a gate with `otherwise: skip` that does not hold": "gate: [params.holds], otherwise: skip",
    "has a `when` that is false": "run: 'true', when: 'false'",
    "is an approval that nobody answers in time": "approval: {message: ok?, timeout: 1s}",
    "succeeds, and `last` fails": "run: 'true'",
}


def test_the_table_is_read() -> None:
    assert len(ROWS) > 20
    assert {row[0] for row in ROWS} == set(FIRST)
    assert all(len(row) == 8 for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[f"{row[0]}, {row[1]}, {row[2]}".replace("`", "") for row in ROWS])
def test_a_run_ends_as_the_row_says(
    row: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    what, on_failure, has, *ends = row
    keys = "".join(f", {key}" for key in re.findall(r"`([^`]+)`", has))
    pause = "until [ -e .mlspec/store/table/$MLSPEC_RUN_ID/first/_record.json ]; do sleep 0.05; done; sleep 0.3"
    (tmp_path / "mlspec.yaml").write_text(
        f"apiVersion: mlspec/v1\nkind: Lifecycle\nmetadata: {{name: table}}\nparams: {{holds: false}}\n"
        f"on_failure: {on_failure.strip('`')}\n"
        f"steps:\n  first: {{{FIRST[what]}}}\n  next: {{needs: [first], run: 'true'{keys}}}\n"
        f"  pause: {{run: '{pause}', timeout: 2m}}\n  other: {{needs: [pause], run: 'true'}}\n"
        f"finally:\n  last: {{run: '{str('last' not in what).lower()}'}}\n",
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    status = main(["run", "--no-cache", "--jobs", "4", "--quiet"])
    said = capsys.readouterr()
    assert main(["runs", "show", "latest", "--format", "json"]) == 0, said
    run = json.loads(capsys.readouterr().out)
    steps = [run["steps"][name]["status"] for name in ("first", "next", "other", "last")]
    assert [*steps, run["status"]] == ends
    assert status == (0 if ends[-1] == "succeeded" else 1)
