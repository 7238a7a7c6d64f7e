"""How steps end: exit status, record, what is left in the store."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import mlspec

if TYPE_CHECKING:
    from conftest import Project

WRITE = "echo '%s' > ${{ outputs.out }}"


def test_a_lifecycle_may_begin_with_a_digit(project: Project) -> None:
    project.done("--lifecycle", "9-lives", "--step", "s", "--shell", "true")


def test_the_record_says_what_went_in_and_what_came_out(project: Project) -> None:
    project.write("in.txt", "a\n")
    project.write("folder/b", "b\n")
    project.write("folder/sub/a", "a\n")
    project.done(
        *("--lifecycle", "lifecycle", "--step", "s", "--instance", '1={"depth": 2}', "--input", "file=in.txt"),
        *("--input", "list[]=folder", "--output", "out=dataset", "--with", "n=é"),
        *("--shell", "mkdir ${{ outputs.out }}; cp ${{ inputs.file }} ${{ outputs.out }}/x"),
    )
    record = json.loads((project.path("s") / "1" / "_record.json").read_text(encoding="utf-8"))
    moment = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
    assert moment.fullmatch(record.pop("started")) and moment.fullmatch(record.pop("ended"))
    a = "sha256:87428fc522803d31065e7bce3cf03fe475096631e5e07bbd7a0fde60c4cf25c7"  # printf 'a\n' | sha256sum
    folder = "sha256:" + checksum("cd folder && sha256sum b sub/a | LC_ALL=C sort | sha256sum", project)
    out = "sha256:" + checksum("cp in.txt x && sha256sum x | sha256sum", project)
    assert record == {
        "version": 1,
        "lifecycle": "lifecycle",
        "run_id": "r",
        "step": "s",
        "instance": {"depth": 2},
        "status": "succeeded",
        "attempts": 1,
        "exit_code": 0,
        "error": None,
        "inputs": {"file": {"uri": "in.txt", "digest": a}, "list": [{"uri": "folder", "digest": folder}]},
        "outputs": {"out": {"uri": "store/lifecycle/r/s/1/out", "digest": out, "type": "dataset"}},
        "with": {"n": "é"},
        "cached_from": None,
    }


def checksum(command: str, project: Project) -> str:
    return subprocess.check_output(["sh", "-ec", command], cwd=project.root, text=True).split()[0]


@pytest.mark.parametrize(
    ("outputs", "script", "reason"),
    [
        (["out=model"], "true", "output out was not written"),
        (["a=model", "b=model"], "echo > ${{ outputs.a }}", "output b was not written"),
        (["out=model"], "mkfifo ${{ outputs.out }}", "output out is neither a file nor a folder"),
        (["out=metrics"], "mkdir ${{ outputs.out }}", "output out is a folder, not a JSON file"),
        (["out=metrics"], WRITE % "{", "output out is not JSON"),
        (["out=metrics"], WRITE % "[1]", "output out is not a JSON object of numbers"),
        (["out=metrics"], WRITE % '{"a": {"b": 1}}', "output out is not a flat JSON object of numbers: 'a' is {\"b\":1}"),
        (["out=metrics"], WRITE % '{"a": "1"}', "'a' is \"1\""),
        (["out=metrics"], WRITE % '{"a": true}', "'a' is true"),
        (["out=metrics"], WRITE % '{"a": null}', "'a' is null"),
        (["out=values"], WRITE % "nope", "output out is not JSON"),
        (["out=values"], "printf '\\377' > ${{ outputs.out }}", "output out is not JSON"),
        (["out=values"], f"{sys.executable} -c 'print(\"[\" * 100000)' > ${{{{ outputs.out }}}}", "is nested too deeply"),
    ],
)
def test_outputs_that_are_not_what_was_declared_fail_the_step_and_none_is_kept(
    project: Project, outputs: list[str], script: str, reason: str
) -> None:
    options = [word for output in outputs for word in ("--output", output)]
    assert reason in project.fails("--step", "s", *options, "--shell", script)


@pytest.mark.parametrize("text", ['{"a": NaN, "b": Infinity, "c": -1e999, "d": 1}', "{}"])
def test_metrics_may_be_any_numbers(project: Project, text: str) -> None:
    project.done("--step", "s", "--output", "out=metrics", "--shell", WRITE % text)
    assert project.read("s", "out") == text + "\n"


def test_an_output_that_is_a_link_is_kept_as_what_it_points_to(project: Project) -> None:
    project.write("big", "content")
    project.done("--step", "s", "--output", "out=model", "--shell", "ln -s big here; ln -s $PWD/here ${{ outputs.out }}")
    assert not (project.path("s") / "out").is_symlink()
    assert project.read("s", "out") == "content"


def test_an_output_goes_where_the_orchestrator_wants_it_in_the_place_of_an_earlier_one(project: Project) -> None:
    project.write("there/m/old", "old")
    project.done("--step", "s", "--output", "m=model:there/m", "--shell", "echo new > ${{ outputs.m }}")
    assert (project.root / "there" / "m").read_text() == "new\n"
    assert [path.name for path in (project.root / "there").iterdir()] == ["m"]
    assert project.record("s")["outputs"]["m"]["uri"] == "there/m"
    assert project.files("s") == {"_record.json"}
    project.fails("--step", "s", "--output", "m=model:there/m", "--shell", "echo > ${{ outputs.m }}; false")
    assert list((project.root / "there").iterdir()) == []


def test_a_step_that_starts_again_forgets_its_former_end(project: Project) -> None:
    project.done("--step", "s", "--output", "out=model", "--shell", "echo 1 > ${{ outputs.out }}")
    project.fails("--step", "s", "--output", "out=model", "--shell", "false")
    project.done("--step", "s", "--output", "other=model", "--shell", "echo 2 > ${{ outputs.other }}")
    assert project.files("s") == {"other", "_record.json"}


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ("a=missing.csv", "input a: there is no missing.csv"),
        ("a=run:up/model", "input a: there is no store/lifecycle/r/up/model"),
        ("a=run:up", "input a: run:up is not of the form run:STEP[/INDEX]/OUTPUT"),
        ("a=run:../../x", "is not of the form"),
    ],
)
def test_an_input_that_is_not_there_fails_the_step(project: Project, inputs: str, reason: str) -> None:
    assert reason in project.fails("--step", "s", "--input", inputs, "--shell", "true")


def test_steps_read_each_other_through_the_store(project: Project) -> None:
    for index in (0, 1):
        project.done(
            *("--step", "up", "--instance", f"{index}", "--output", "m=metrics"),
            *("--shell", f"echo '{{\"auc\": 0.{index}}}' > ${{{{ outputs.m }}}}"),
        )
    assert json.loads((project.path("up") / "1" / "_record.json").read_text())["instance"] == 1
    out = project.done(
        *("--step", "down", "--input", "all[]=run:up/0/m", "--input", "all[]=run:up/1/m", "--value", "up.m[]=run:up/0/m"),
        *("--value", "up.m[]=run:up/1/m", "--with", "aucs=${{ up.m.auc }}", "--when", "up.m.auc.all(x, x < 0.5)"),
        *("--shell", "cat ${{ inputs.all }}; echo ${{ with.aucs }}"),
    )
    assert out == '{"auc": 0.0}\n{"auc": 0.1}\n[0.0,0.1]\n'
    assert project.record("down")["with"] == {"aucs": [0.0, 0.1]}


def test_a_list_of_no_files_is_empty_in_every_form(project: Project) -> None:
    out = project.done(
        *("--step", "s", "--input", "all[]=", "--value", "up.m[]=", "--with", "aucs=${{ up.m.auc }}"),
        *("--shell", "printf '%s|' ${{ inputs.all }} \"$MLSPEC_INPUT_ALL\" ${{ with.aucs }}"),
    )
    assert out == "[]|[]|"
    when = "size(up.m.auc) == 0 && up.m.auc.all(x, x > 1)"
    assert project.exec("--step", "t", "--value", "up.m[]=", "--when", when, "--shell", "true").returncode == 0


def test_a_field_of_a_fan_in_is_a_list_whatever_the_field_holds(project: Project) -> None:
    for name in ("a", "b"):
        project.write(name, json.dumps({"deep": {"x": name}}))
    words = ("--value", "up.v[]=a", "--value", "up.v[]=b", "--with", "v=${{ up.v.deep }}|${{ up.v.deep.x }}")
    out = project.done("--step", "s", *words, "--shell", "printf %s ${{ with.v }}")
    assert out == '[{"x":"a"},{"x":"b"}]|["a","b"]'
    for when in ("size(up.v.deep) == 2", "up.v.deep.x[1] == 'b'", "up.v.deep.exists(one, one.x == 'a')"):
        assert project.exec("--step", "t", *words, "--when", when, "--shell", "true").returncode == 0
    assert "cannot be decided" in project.fails("--step", "u", *words, "--when", "size(up.v.y) == 2", "--shell", "true")


def test_a_condition_that_does_not_hold_skips_the_step(project: Project) -> None:
    words = ("--step", "s", "--output", "o=model", "--when", "params.n > 3", "--shell", "touch ran")
    end = project.exec("--param", "n:integer=3", *words)
    assert (end.returncode, end.stderr) == (
        99,
        "mlspec: step s skipped: its condition does not hold: params.n > 3 (params.n = 3)\n",
    )
    assert (project.record("s")["status"], project.record("s")["attempts"]) == ("skipped", 0)
    assert not (project.root / "ran").exists()
    end = project.exec("--param", "n:integer", *words, MLSPEC_PARAM_N="4")
    assert end.returncode == 1
    assert (project.root / "ran").exists()


def test_a_condition_is_decided_before_anything_else_is_looked_at(project: Project) -> None:
    words = ("--when", "false", "--secret", "NOT_SET", "--input", "a=missing", "--with", "x=${{ no.such }}")
    assert project.exec("--step", "s", *words, "--shell", "true").returncode == 99


GATE = ("--value", "train.metrics=m.json", "--param", "min:number=0.8")


def test_a_gate_that_holds_succeeds(project: Project) -> None:
    project.write("m.json", '{"auc": 0.8}')
    project.done("--step", "g", *GATE, "--gate", "train.metrics.auc >= params.min", "--gate", "true", "--cache")
    record = project.record("g")
    assert (record["status"], record["attempts"], record["exit_code"]) == ("succeeded", 1, None)


def test_a_gate_that_does_not_hold_stops_or_skips_and_says_why(project: Project) -> None:
    project.write("m.json", '{"auc": 0.7}')
    words = ("--step", "g", *GATE, "--gate", "true", "--gate", "train.metrics.auc >= params.min")
    why = "the gate does not hold: train.metrics.auc >= params.min (train.metrics.auc = 0.7, params.min = 0.8)"
    assert project.fails(*words) == f"mlspec: step g failed: {why}"
    end = project.exec(*words, "--otherwise", "skip")
    assert (end.returncode, end.stderr) == (99, f"mlspec: step g skipped: {why}\n")
    assert project.record("g")["status"] == "skipped"


@pytest.mark.parametrize(
    ("metrics", "line", "named"),
    [
        ('{"auc": 0.9}', "train.metrics.f1 > 0.5", "f1"),
        ('{"auc": NaN}', "train.metrics.auc > 0.5", "NaN"),
        ('{"auc": 0.9}', "test.metrics.auc > 0.5", "test"),
        ('{"auc": "x"}', "train.metrics.auc > 0.5", "string"),
        ("{", "train.metrics.auc > 0.5", "train.metrics: m.json is not JSON"),
        ('{"auc": 0.9}', "train.metrics.auc", "neither true nor false"),
        ('{"auc": 0.9}', "train.metrics.auc >", "ends too early"),
    ],
)
def test_a_condition_that_cannot_be_decided_fails_the_step_and_is_never_taken_for_false(
    project: Project, metrics: str, line: str, named: str
) -> None:
    project.write("m.json", metrics)
    assert named in project.fails("--step", "g", *GATE, "--gate", line, "--otherwise", "skip")
    assert named in project.fails("--step", "g", *GATE, "--when", line, "--shell", "true")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--with", "x=${{ train.metrics.f1 }}"), "with.x: train.metrics has no 'f1'"),
        (("--with", 'x={"a": ["${{ params.no }}"]}'), "with.x: params.no has no value here"),
        (("--with", "x=${{ run.no }}"), "with.x: run.no has no value here"),
        (("--with", "x=${{ oops"), "with.x: `${{` without `}}`"),
        (("--param", "n:integer"), "params.n has no value: MLSPEC_PARAM_N is not set"),
        (("--param", "n:integer=x"), "params.n: 'x' is not an integer"),
        (("--secret", "TOKEN", "--secret", "OTHER"), "the secret variable OTHER is not set"),
        (("--python", "no-such-python"), "there is no interpreter no-such-python on the PATH"),
        (("--with", 'x="a\\u0000b"'), "embedded null byte"),
    ],
)
def test_what_cannot_be_resolved_fails_the_step_before_it_starts(project: Project, words: tuple[str, ...], reason: str) -> None:
    project.write("m.json", '{"auc": 0.9}')
    value = ("--value", "train.metrics=m.json")
    assert reason in project.fails("--step", "s", *value, *words, "--shell", "touch ran", TOKEN="x")
    assert not (project.root / "ran").exists()


def test_placeholders_of_with_keep_types_and_resolve_only_once(project: Project) -> None:
    project.done(
        *("--step", "s", "--param", "n:number=1", "--param", "s:string=${{ params.n }}", "--param", 'l:list=[1,"a"]'),
        *(
            "--with",
            "n=${{ params.n }}",
            "--with",
            "s=<${{ params.s }}>",
            "--with",
            "l=[${{ params.l }}]",
            "--with",
            "d=$${{ x }}",
        ),
        *(
            "--with",
            'deep={"${{ params.n }}": ["${{ params.l }}"]}',
            "--with",
            "null=null",
            "--with",
            'text="4"',
            "--shell",
            "true",
        ),
    )
    assert project.record("s")["with"] == {
        "n": 1,
        "s": "<${{ params.n }}>",
        "l": '[[1,"a"]]',
        "d": "${{ x }}",
        "deep": {"${{ params.n }}": [[1, "a"]]},
        "null": None,
        "text": "4",
    }


def test_after_a_failure_a_fail_fast_step_is_blocked_without_a_record(project: Project) -> None:
    fast = ("--step", "s", "--fail-fast", "--shell", "true")
    project.fails("--step", "bad", "--shell", "false")
    end = project.exec(*fast)
    assert (end.returncode, end.stderr) == (99, "mlspec: step s blocked: step bad of this run has failed\n")
    assert project.files("s") == set()
    project.done("--step", "s", "--shell", "true")
    project.done(*fast, run="another")
    project.fails("--step", "bad", "--shell", "false")
    project.done("--step", "bad", "--fail-fast", "--shell", "true")  # its own failure does not block it
    project.done(*fast)


def test_a_skip_clears_the_mark_of_a_former_failure_too(project: Project) -> None:
    project.exec("--step", "bad", "--instance", "1", "--shell", "false")
    assert [path.name for path in (project.root / "store/lifecycle/r/_failed").iterdir()] == ["bad.1"]
    project.exec("--step", "bad", "--instance", "1", "--when", "false", "--shell", "false")
    assert list((project.root / "store/lifecycle/r/_failed").iterdir()) == []


def test_the_status_of_the_run_is_what_the_store_shows_or_what_is_said(project: Project) -> None:
    words = ("--step", "f", "--shell", "echo ${{ run.status }}")
    project.fails("--step", "end", "--final", "--shell", "false")
    assert project.done(*words) == "succeeded\n"
    project.fails("--step", "bad", "--shell", "false")
    assert project.done(*words) == "failed\n"
    assert project.done("--run-status", "succeeded", *words) == "succeeded\n"
    assert project.exec("--step", "f", "--when", "run.status == 'failed'", "--shell", "true").returncode == 0


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ((), "--step is missing"),
        (("--step", "s"), "one body is needed"),
        (("--step", "s", "--shell", "true", "--call", "a:b"), "one body is needed"),
        (("--step", "../s", "--shell", "true"), "'../s' is no name"),
        (("--lifecycle", "../s", "--step", "s", "--shell", "true"), "'../s' is no name"),
        (("--step", "s", "--nonsense"), "there is no option '--nonsense'"),
        (("--step", "s", "--shell"), "--shell needs a value"),
        (("--step", "s", "--"), "no command after --"),
        (("--step", "s", "--call", "a.b", "--", "x"), "MODULE:FUNCTION"),
        (("--step", "s", "--output", "o=modle", "--shell", "true"), "the type is one of"),
        (("--step", "s", "--output", "o=model", "--output", "o=model", "--shell", "true"), "o is given twice"),
        (("--step", "s", "--output", "o=model:x", "--output", "p=model:x", "--shell", "true"), "same path"),
        (("--step", "s", "--input", "a", "--shell", "true"), "NAME=URI"),
        (("--step", "s", "--input", "a=b", "--input", "a[]=b", "--shell", "true"), "a is given twice"),
        (("--step", "s", "--param", "a:str=b", "--shell", "true"), "the type is one of"),
        (("--step", "s", "--retry", "-1", "--shell", "true"), "no whole number"),
        (("--step", "s", "--retry", "1,pause=2", "--shell", "true"), "LIMIT[,delay=S]"),
        (("--step", "s", "--timeout", "0", "--shell", "true"), "more than 0"),
        (("--step", "s", "--instance", "x", "--shell", "true"), "no whole number"),
        (("--step", "s", "--run-status", "ok", "--shell", "true"), "succeeded or failed"),
        (("--step", "s", "--project", "nowhere", "--shell", "true"), "nowhere: No such file"),
        (("--step", "s", "--item", "[" * 100_000, "--shell", "true"), "nested too deeply"),
    ],
)
def test_a_wrong_call_ends_with_2_and_leaves_nothing(project: Project, words: tuple[str, ...], reason: str) -> None:
    end = project.exec(*words)
    assert end.returncode == 2
    assert reason in end.stderr
    assert len(end.stderr.splitlines()) == 1
    assert not (project.root / "store").exists()


def test_help_names_every_option_of_the_reference(project: Project) -> None:
    command = [sys.executable, "-m", "mlspec", "exec", "--help"]
    text = subprocess.check_output(command, env=project.environment, text=True)
    reference = (Path(__file__).parents[3] / "docs" / "step-process.md").read_text(encoding="utf-8")
    assert set(re.findall(r"--[a-z-]+", text)) == set(re.findall(r"`(--[a-z-]+)", reference))


def test_values_that_look_like_options_are_values(project: Project) -> None:
    words = ("--step", "s", "--with=x=-v", "--item", "-1", "--shell=echo ${{ with.x }} ${{ item }}")
    assert project.done(*words) == "-v -1\n"


def test_a_store_that_cannot_be_written_is_a_failure_and_no_traceback(project: Project) -> None:
    project.write("store", "a file")
    end = project.exec("--step", "s", "--shell", "true")
    assert end.returncode == 1
    assert end.stderr.startswith("mlspec: step s failed: ")


def test_a_step_needs_nothing_but_the_standard_library_and_little_of_that(project: Project) -> None:
    source = str(Path(mlspec.__file__).parents[1])  # all there is to import beside the standard library, with `-S`
    words = ["--run-id", "r", "--store", "store", "--step", "s", "--output", "o=model", "--shell", "echo > ${{ outputs.o }}"]
    command = [sys.executable, "-S", "-X", "importtime", "-m", "mlspec", "exec", *words]
    end = subprocess.run(
        command, cwd=project.root, env=project.environment | {"PYTHONPATH": source}, capture_output=True, text=True
    )
    assert end.returncode == 0, end.stderr
    imported = {line.rpartition("|")[2].strip() for line in end.stderr.splitlines()}
    assert "mlspec.runtime.process" in imported
    slow = {"argparse", "dataclasses", "inspect", "shutil", "tempfile", "asyncio", "importlib.metadata", "logging"}
    assert imported & slow == set()
