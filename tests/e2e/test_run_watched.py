"""What people and programs see of a run while it goes on and after: events, logs, failures."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator

from mlspec.cli.run_events import INTERRUPTED, name_of
from mlspec.engine.events import Event
from tests.e2e.test_cli import mlspec
from tests.waiting import LIMIT, until

ROOT = Path(__file__).parents[2]
SPEC = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: watched}
params: {good: "no"}
on_failure: continue
steps:
  train:
    run: |
      echo x >> tries; echo "try $(wc -l < tries)"; printf '\\033[31mred\\n'
      test ${{ params.good }} = yes
    retry: {limit: 1}
  work: {foreach: [a, b], run: 'echo "item ${{ item }}"'}
  after: {needs: [train], run: "true"}
lint: {ignore: [MLS417]}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "mlspec.yaml").write_text(SPEC)
    return tmp_path


def events(text: str) -> list[dict[str, Any]]:
    shape = Draft202012Validator(json.loads((ROOT / "schemas/mlspec.run-events.v1.schema.json").read_text()))
    found = [json.loads(line) for line in text.splitlines()]
    for event in found:
        assert not list(shape.iter_errors(event)), event
    return found


def test_events_are_lines_of_the_schema_and_nothing_else_is_printed(project: Path) -> None:
    done = mlspec("run", "--json", cwd=project)
    found = events(done.stdout)
    assert done.returncode == 1
    assert [event["event"] for event in found if "step" not in event] == ["run_started", "run_ended"]
    assert found[0]["steps"] == ["train", "work", "after"]
    ended = {event["step"]: event for event in found if event["event"] == "step_ended"}
    assert {step: event["status"] for step, event in ended.items()} == {
        "train": "failed",
        "work[0]": "succeeded",
        "work[1]": "succeeded",
        "after": "blocked",
    }
    assert (ended["train"]["attempts"], ended["train"]["error"]) == (2, "its process ended with exit status 1")
    assert "try 2" in Path(ended["train"]["log"]).read_text()
    assert [event["line"] for event in found if event["event"] == "step_output" and event["step"] == "work[1]"] == ["item b"]
    quiet = events(mlspec("run", "--json", "-q", cwd=project).stdout)
    assert "step_output" not in {event["event"] for event in quiet}


def test_an_interrupt_is_the_last_event(project: Path) -> None:
    (project / "mlspec.yaml").write_text(SPEC.replace("test $", "sleep 60; test $"))
    command = [sys.executable, "-m", "mlspec", "run", "--json"]
    process = subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, text=True)
    until(lambda: (project / "tries").exists() or process.poll() is not None)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=LIMIT)
    assert process.returncode == 130
    assert events(out)[-1]["event"] == INTERRUPTED


def test_every_event_is_documented_and_the_schema_is_what_they_are() -> None:
    page = (ROOT / "docs/run-events.md").read_text()
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == {INTERRUPTED, *map(name_of, get_args(Event))}
    for kind in get_args(Event):
        (row,) = [line for line in page.splitlines() if line.startswith(f"| `{name_of(kind)}` ")]
        assert all(f"`{name}`" in row for name in kind.__dataclass_fields__), row
    assert mlspec("schema", "--events", "--check", cwd=ROOT).returncode == 0


def test_a_failure_says_its_command_and_how_to_run_that_step_alone(project: Path) -> None:
    done = mlspec("run", "-p", "good=still not", cwd=project)
    assert done.returncode == 1
    assert "    mlspec: step train failed: its process ended with exit status 1\n" in done.stdout
    (again,) = re.findall(r"it alone: +mlspec (.*)", done.stdout)
    (command,) = re.findall(r"its command: +(.*?)\n +it alone", done.stdout, re.DOTALL)
    before = (project / "tries").read_text().count("x")
    ran = subprocess.run(command, shell=True, cwd="/", capture_output=True, text=True)
    assert (ran.returncode, (project / "tries").read_text().count("x")) == (1, before + 2), ran.stderr
    alone = mlspec(*shlex.split(again), cwd=project)
    assert alone.returncode == 1
    assert ", 1 step\n" in alone.stdout and "work[" not in alone.stdout
    assert mlspec(*shlex.split(again.replace("still not", "yes")), cwd=project).returncode == 0


def test_logs_are_kept_by_step_and_attempt(project: Path) -> None:
    mlspec("run", cwd=project)
    whole = mlspec("runs", "logs", "latest", "train", cwd=project)
    assert whole.returncode == 0
    assert [line for line in whole.stdout.splitlines() if line.startswith("try")] == ["try 1", "try 2"]
    assert "\x1b[31mred" in whole.stdout, "as it is, for a file"
    second = mlspec("runs", "logs", "latest", "train", "--attempt", "2", cwd=project).stdout.splitlines()
    assert (second[0], "try 1" in second) == ("try 2", False)
    assert mlspec("runs", "logs", "latest", "work[1]", "--follow", cwd=project).stdout == "item b\n"
    for step, options, said in (
        ("train", ["--attempt", "3"], "its log has 2"),
        ("after", [], "it is blocked"),
        ("nothing", [], "has no step nothing"),
    ):
        done = mlspec("runs", "logs", "latest", step, *options, cwd=project)
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr


def test_a_log_is_followed_while_its_step_runs(project: Path) -> None:
    (project / "mlspec.yaml").write_text(SPEC.replace("test $", "while [ ! -e go ]; do sleep 0.1; done; echo gone; test $"))
    run = subprocess.Popen([sys.executable, "-m", "mlspec", "run", "-q"], cwd=project, stdout=subprocess.DEVNULL)
    until(lambda: (project / "tries").exists())
    command = [sys.executable, "-m", "mlspec", "runs", "logs", "latest", "train", "-f"]
    follow = subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, text=True)
    assert follow.stdout is not None
    assert follow.stdout.readline() == "try 1\n"
    (project / "go").touch()
    out, _ = follow.communicate(timeout=LIMIT)
    assert (follow.returncode, out.count("gone"), "try 2" in out) == (0, 2, True)
    assert run.wait(LIMIT) == 1


@pytest.mark.parametrize("words", [(), ("-v",), ("--json",)], ids=str)
def test_the_last_lines_of_a_flood_tell_why_it_failed(tmp_path: Path, words: tuple[str, ...]) -> None:
    body = "seq 1 300000; echo 'IMPORTANT ERROR' >&2; exit 1"
    (tmp_path / "mlspec.yaml").write_text(
        f"apiVersion: mlspec/v1\nkind: Lifecycle\nmetadata: {{name: flood}}\nsteps: {{a: {{run: {json.dumps(body)}}}}}\n"
    )
    done = mlspec("run", *words, cwd=tmp_path)
    assert done.returncode == 1
    assert "IMPORTANT ERROR" in done.stdout.replace(body, "")


def test_a_parameter_that_holds_a_secret_is_kept_nowhere(tmp_path: Path) -> None:
    (tmp_path / "mlspec.yaml").write_text(
        "apiVersion: mlspec/v1\nkind: Lifecycle\nmetadata: {name: leak}\nparams: {note: hello}\n"
        "secrets: {tok: {env: MY_TOKEN}}\nsteps: {a: {secrets: [tok], run: 'exit 1'}}\n"
    )
    done = mlspec("run", "-p", "note=pw is abcdefsecret", cwd=tmp_path, env={"MY_TOKEN": "abcdefsecret"})
    assert done.returncode == 2
    assert "note holds the value of the secret 'tok'" in done.stderr
    assert not (tmp_path / ".mlspec").exists()


def test_what_a_body_and_a_spec_call_things_is_obeyed_by_nobody(tmp_path: Path) -> None:
    shell = "mkdir ${{ outputs.o }}; ln -s / \"${{ outputs.o }}/$(printf 'a\\n::error::x\\033[31m')\""
    words = ("--run-id", "r", "--lifecycle", "w", "--step", "a", "--store", "st", "--output", "o=artifact", "--shell", shell)
    done = mlspec("exec", *words, cwd=tmp_path)
    wrong = mlspec("exec", "--run-id", "r", "--input", "a=\n::error::", "--", "\x1b[31mx", cwd=tmp_path)
    for text in (done.stderr, wrong.stderr):
        assert "\x1b" not in text
        assert not re.search(r"^\s*::", text, re.MULTILINE)
    assert "'a\\n::error::x\\x1b[31m' -> /" in done.stderr
    (tmp_path / "mlspec.yaml").write_text(
        "apiVersion: mlspec/v1\nkind: Lifecycle\nmetadata: {name: rows}\n"
        'steps: {m: {matrix: {k: ["x\\n::error::boo\\n  deploy  succeeded"]}, run: "true"}}\n'
    )
    assert mlspec("run", "-q", cwd=tmp_path).returncode == 0
    shown = mlspec("runs", "show", cwd=tmp_path).stdout
    assert "m[k=x␊::error::boo␊  deploy  succeeded]" in shown
