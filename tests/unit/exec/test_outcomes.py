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
    from tests.unit.exec.conftest import Project

WRITE = "echo '%s' > ${{ outputs.out }}"


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


def test_after_a_failure_a_fail_fast_step_is_blocked_without_a_record(project: Project) -> None:
    fast = ("--step", "s", "--fail-fast", "--shell", "true")
    project.fails("--step", "bad", "--shell", "false")
    end = project.exec(*fast)
    assert (end.returncode, end.stderr) == (98, "mlspec: step s blocked: step bad of this run has failed\n")
    assert project.files("s") == set()
    project.done("--step", "s", "--shell", "true")
    project.done(*fast, run="another")
    project.fails("--step", "bad", "--shell", "false")
    project.done("--step", "bad", "--fail-fast", "--shell", "true")  # its own failure does not block it
    project.done(*fast)


def test_what_looks_back_on_a_failed_run_is_not_blocked(project: Project) -> None:
    project.fails("--step", "bad", "--shell", "false")
    project.done("--step", "clean", "--fail-fast", "--final", "--shell", "true")
    project.done("--step", "each", "--instance", "0", "--shell", "true")
    project.done("--step", "each", "--fail-fast", "--joined")


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
    assert "mlspec.exec.main" in imported
    slow = {"argparse", "dataclasses", "inspect", "shutil", "tempfile", "asyncio", "importlib.metadata", "logging"}
    assert imported & slow == set()


def test_an_output_may_say_what_its_file_is_called(project: Project) -> None:
    words = ("--step", "s", "--output", "picture=report/picture.png", "--output", "m=metrics/m.json")
    printed = project.done(
        *words, "--shell", "echo p > ${{ outputs.picture }}; echo '{}' > ${{ outputs.m }}; echo $MLSPEC_OUTPUT_PICTURE"
    )
    assert printed.rstrip().endswith("/picture.png")
    assert project.files("s") == {"picture.png", "m.json", "_record.json"}
    assert project.record("s")["outputs"]["picture"]["uri"] == "store/lifecycle/r/s/picture.png"
    project.done("--step", "t", "--input", "p=run:s/picture.png", "--shell", "cat ${{ inputs.p }}")
    (project.path("s") / "picture.png").write_text("forged")
    assert "has been changed since" in project.fails("--step", "t", "--input", "p=run:s/picture.png", "--shell", "true")


@pytest.mark.parametrize(
    ("output", "written", "told"),
    [
        ("picture=report", "picture.png", "picture.png was: declare it as `picture: {type: report, path: picture.png}`"),
        (
            "picture=report/picture.png",
            "picture",
            "picture was: write to the path that the step is given, which ends with picture.png",
        ),
        (
            "picture=report/plot.png",
            "plot.png.gz",
            "plot.png.gz was: write to the path that the step is given, which ends with plot.png",
        ),
        ("picture=report", "other.png", ""),
    ],
)
def test_a_file_of_nearly_the_right_name_is_named(project: Project, output: str, written: str, told: str) -> None:
    script = f'echo > "$(dirname "$MLSPEC_OUTPUT_PICTURE")/{written}"'
    message = project.fails("--step", "s", "--output", output, "--shell", script)
    assert message.partition("was not written")[2] == (f", but {told}" if told else "")


@pytest.mark.parametrize("file", ["a/b", "_record.json", "..", "", "7", "a b"])
def test_what_is_no_name_of_a_file(project: Project, file: str) -> None:
    assert project.exec("--step", "s", "--output", f"o=report/{file}", "--shell", "true").returncode == 2
