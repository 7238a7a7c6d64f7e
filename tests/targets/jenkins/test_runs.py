"""Generated files, run: Groovy, `/bin/sh` and `mlspec exec` are the real ones."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlspec.invocation.arguments import step_options
from mlspec.invocation.from_plan import invocation
from mlspec.ir.bodies import Call, Gate, Instance, Output, Shell
from mlspec.ir.declarations import Environment, Secret
from mlspec.ir.model import ForEach, Plan, Step
from mlspec.targets.jenkins import TARGET
from mlspec.targets.jenkins.levels import levels_of
from tests.engines import jenkins
from tests.engines.jenkins import Build
from tests.targets.built import plan
from tests.targets.jenkins.plans import AWKWARD, DIAMOND, FAILING, step, take, tree, writes

pytestmark = pytest.mark.groovy


ENDED = {
    "ingest": ("succeeded", 1),
    "left": ("succeeded", 1),
    "right": ("succeeded", 2),
    "join": ("succeeded", 1),
    "quality": ("skipped", 1),
    "alert": ("skipped", 0),
    "cleanup": ("succeeded", 1),
}
"""How the steps of DIAMOND end: (status, attempts) of those that leave a record."""


def build(project: Path, made: Plan, params: dict[str, object] | None = None, **more: Any) -> Build:
    assert [finding for finding in TARGET.check(made) if finding.severity == "error"] == []
    return jenkins.build(project, TARGET.emit(made)[0].content, params, **more)


def records(project: Path, made: Plan, done: Build) -> dict[str, tuple[str, int]]:
    """(status, attempts) of every step that left a record."""
    root = project / ".mlspec/store" / made.lifecycle / done.run_id
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(root.rglob("_record.json"))]
    return {record["step"]: (record["status"], record["attempts"]) for record in found}


def output(project: Path, made: Plan, done: Build, name: str) -> bytes:
    return (project / ".mlspec/store" / made.lifecycle / done.run_id / name).read_bytes()


def test_a_diamond_with_a_retry_a_skipping_gate_and_a_false_condition(tmp_path: Path) -> None:
    done = build(tmp_path, DIAMOND)
    assert done.result == "SUCCESS", done.log
    assert records(tmp_path, DIAMOND, done) == ENDED
    assert {name: done.stages[name] for name in ("deploy", "announce")} == {"deploy": "NOT_BUILT", "announce": "NOT_BUILT"}
    assert not (tmp_path / "deployed").exists()
    assert output(tmp_path, DIAMOND, done, "cleanup/status") == b"succeeded\n"


def test_awkward_text_arrives_byte_for_byte(tmp_path: Path) -> None:
    done = build(tmp_path, DIAMOND)
    assert output(tmp_path, DIAMOND, done, "ingest/table") == AWKWARD.encode()
    assert output(tmp_path, DIAMOND, done, "join/out") == f"{AWKWARD}3{AWKWARD}".encode()


def test_parameters_are_taken_when_they_are_given(tmp_path: Path) -> None:
    done = build(tmp_path, DIAMOND, {"MLSPEC_PARAM_N": 5, "MLSPEC_PARAM_WHO": "it's\n$(id)"})
    assert output(tmp_path, DIAMOND, done, "join/out") == f"{AWKWARD}5it's\n$(id)".encode()
    assert records(tmp_path, DIAMOND, done)["alert"] == ("succeeded", 1)


def test_a_failing_branch_stops_the_run(tmp_path: Path) -> None:
    done = build(tmp_path, FAILING)
    assert done.result == "FAILURE"
    assert records(tmp_path, FAILING, done) == {
        "first": ("succeeded", 1),
        "broken": ("failed", 1),
        "aside": ("succeeded", 1),  # it ran already
        "cleanup": ("succeeded", 1),
        "report": ("failed", 1),
    }
    assert output(tmp_path, FAILING, done, "cleanup/status") == b"failed\n"
    assert done.stages["broken"] == "FAILURE"
    assert {done.stages[name] for name in ("below", "later")} == {"NOT_BUILT"}


def test_a_failing_branch_lets_others_go_on_when_told_to(tmp_path: Path) -> None:
    made = replace(FAILING, on_failure="continue")
    done = build(tmp_path, made)
    assert done.result == "FAILURE"
    ended = records(tmp_path, made, done)
    assert ended["later"] == ("succeeded", 1)
    assert "below" not in ended


def test_a_stopping_gate_fails_the_build(tmp_path: Path) -> None:
    made = plan("gate", step("quality", Gate(("1.0 > 2.0",), "stop")), step("deploy", "true", "quality"))
    done = build(tmp_path, made)
    assert done.result == "FAILURE"
    assert records(tmp_path, made, done) == {"quality": ("failed", 1)}


def test_a_failing_finally_step_fails_the_build(tmp_path: Path) -> None:
    made = plan("finally", step("a"), finals=(step("end", "exit 1"),))
    assert build(tmp_path, made).result == "FAILURE"


def test_run_if_sees_how_its_upstream_ended(tmp_path: Path) -> None:
    made = plan(
        "outcomes",
        step("good"),
        step("bad", "exit 1"),
        step("below", "true", "bad"),
        step("on_bad", "true", "bad", run_if="failure"),
        step("on_blocked", "true", "below", run_if="failure"),
        step("on_good", "true", "good", run_if="failure"),
        step("in_any_case", "true", "bad", "on_good", run_if="always"),
        on_failure="continue",
    )
    done = build(tmp_path, made)
    assert set(records(tmp_path, made, done)) == {"good", "bad", "on_bad", "on_blocked", "in_any_case"}


def matrix(bodies: list[str]) -> Plan:
    instances = [
        Step(f"work[n={n}]", "work", f"work__{n}", Shell(body), when="matrix.n < 5.0", instance=Instance(n, (("n", n),)))
        for n, body in enumerate(bodies)
    ]
    gather = step("gather", "true", *(made.id for made in instances))
    return plan("matrix", *instances, gather, on_failure="continue")


@pytest.mark.parametrize(("bodies", "gathered"), [(["true"] * 2, True), (["true"] * 7, True), (["true", "exit 1"], False)])
def test_instances_of_a_matrix_count_as_one(tmp_path: Path, bodies: list[str], gathered: bool) -> None:
    made = matrix(bodies)
    done = build(tmp_path, made)
    assert ("gather" in records(tmp_path, made, done)) is gathered, done.log


def test_a_matrix_whose_instances_were_all_skipped_is_skipped(tmp_path: Path) -> None:
    made = matrix(["true"] * 3)
    made = replace(made, steps=tuple(replace(one, when="false") if one.instance else one for one in made.steps))
    done = build(tmp_path, made)
    assert done.result == "SUCCESS"
    assert done.stages["gather"] == "NOT_BUILT"


def test_a_secret_reaches_its_step_and_not_the_log(tmp_path: Path) -> None:
    made = plan(
        "secret",
        step("a", 'test "${#TOKEN}" = 9', secrets=("token",)),
        step("b", 'test -z "${TOKEN-}"', "a"),
        secrets={"token": Secret("token", "TOKEN", {"jenkins": {"credentials": "the-token"}})},
    )
    done = build(tmp_path, made, credentials={"the-token": "s3cr3t $x"})
    assert done.result == "SUCCESS", done.log
    assert "s3cr3t" not in done.log


def test_missing_credentials_fail_their_step_alone(tmp_path: Path) -> None:
    made = plan(
        "secret",
        step("a", secrets=("token",)),
        step("b"),
        step("c", "true", "b"),
        finals=(step("end", "echo ${{ run.status }} > ${{ outputs.status }}", **writes(status="artifact")),),
        secrets={"token": Secret("token", "TOKEN", {"jenkins": {"credentials": "the-token"}})},
        on_failure="continue",
    )
    done = build(tmp_path, made)
    assert done.result == "FAILURE"
    ended = records(tmp_path, made, done)
    assert set(ended) == {"a", "b", "c", "end"}
    assert ended["a"] == ("failed", 0)
    assert "Could not find credentials entry with ID 'the-token'" in done.log
    assert output(tmp_path, made, done, "end/status") == b"failed\n"


def test_steps_run_in_the_folder_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "models/it's").mkdir(parents=True)
    made = plan("folder", step("a", "touch here"), target_options={"jenkins": {"project": "models/it's"}})
    assert build(tmp_path, made).result == "SUCCESS"
    assert (tmp_path / "models/it's/here").exists()


@pytest.mark.parametrize(("form", "mark"), [("guards", "return notBuilt('left')"), ("data", "def runAll()")])
def test_the_larger_forms_mean_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, mark: str) -> None:
    take(form, monkeypatch)
    assert mark in TARGET.emit(DIAMOND)[0].content
    done = build(tmp_path, DIAMOND)
    assert done.result == "SUCCESS", done.log
    assert records(tmp_path, DIAMOND, done) == ENDED
    assert output(tmp_path, DIAMOND, done, "join/out") == f"{AWKWARD}3{AWKWARD}".encode()
    if form == "guards":
        assert {done.stages[name] for name in ("deploy", "announce")} == {"NOT_BUILT"}
    failed = build(tmp_path, FAILING)
    assert failed.result == "FAILURE"
    assert set(records(tmp_path, FAILING, failed)) == {"first", "broken", "aside", "cleanup", "report"}


def test_data_in_many_strings_is_read_back_whole() -> None:
    made = tree(1000)
    text = TARGET.emit(made)[0].content
    assert "def steps2()" in text
    functions = text[text.index("def runAll()") :]
    levels, entries = jenkins.evaluate(
        f"{functions}\nreturn [levelsOf(decoded(arrangement(), '\\n')), byStep(decoded(steps(), '\\n\\n'))]"
    )
    assert levels == [[[member.id for member in chain.steps] for chain in level.chains] for level in levels_of(made.steps)]
    options = {name: entry["options"] for name, entry in entries.items()}
    assert {name: ["--step", name, *found] for name, found in options.items()} == {
        one.id: [argument for option in step_options(invocation(made, one)) for argument in option] for one in made.steps
    }


@pytest.mark.usefixtures("form")
def test_secrets_run_if_and_settings_in_every_form(tmp_path: Path) -> None:
    made = plan(
        "secret",
        step("a", 'test -n "$TOKEN"', secrets=("token",)),
        step("b", "exit 1", "a"),
        step("c", "true", "b", run_if="failure"),
        secrets={"token": Secret("token", "TOKEN", {"jenkins": {"credentials": "the-token"}})},
        on_failure="continue",
    )
    done = build(tmp_path, made, credentials={"the-token": "x"})
    assert {name: state for name, (state, _) in records(tmp_path, made, done).items()} == {
        "a": "succeeded",
        "b": "failed",
        "c": "succeeded",
    }


@pytest.mark.usefixtures("form")
def test_instances_find_the_modules_of_their_environment_in_every_form(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/work.py").write_text("def each(out):\n    out.write_text('called')\n", encoding="utf-8")
    body, out = Call("work:each"), (Output("out", "artifact"),)
    instances = [
        Step(f"grid[n={n}]", "grid", f"grid__{n}", body, outputs=out, environment="e", instance=Instance(n, (("n", n),)))
        for n in range(2)
    ]
    made = plan(
        "modules",
        *instances,
        step("some", body, foreach=ForEach(None, (), (1, 2)), environment="e", outputs=out),
        environments={"e": Environment("e", pythonpath=("lib",))},
    )
    done = build(tmp_path, made)
    assert done.result == "SUCCESS", done.log
    for name in ("grid/0", "grid/1", "some/0", "some/1"):
        assert output(tmp_path, made, done, f"{name}/out") == b"called"
