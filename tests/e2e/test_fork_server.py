"""Steps of a local run are forked from one process that is ready: no step sees that, and its end is theirs."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_cli import mlspec
from tests.run_folders import run_folders
from tests.waiting import LIMIT, is_alive, until, until_there

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each step process is started afresh")

HEAD = "apiVersion: mlspec/v1\nkind: Lifecycle\nmetadata: {name: warm}\n"
LOOK = """\
params: {word: "a b"}
secrets: {token: {env: TOKEN}, other: {env: OTHER}}
steps:
  look:
    secrets: [token]
    env: {OWN: "${{ params.word }}"}
    run: |
      env | grep -v -e MLSPEC_LEASE -e MLSPEC_SPEC -e MLSPEC_RUN_ID -e MLSPEC_OUTPUT -e '^_=' | sort > ${{ outputs.seen }}
      { pwd; umask; ulimit -a; trap; readlink /proc/self/fd/0; ls /proc/self/fd; id; nice; } >> ${{ outputs.seen }}
    outputs: {seen: report}
  short:
    run: "ABOVE > ${{ outputs.above }}"
    outputs: {above: report}
  long:
    run: "ABOVE > ${{ outputs.above }} # LONG"
    outputs: {above: report}
""".replace(
    "ABOVE",
    "at=$PPID; while [ $at -gt 1 ]; do tr '\\\\0' ' ' < /proc/$at/cmdline; echo; at=$(cut -d ' ' -f 4 /proc/$at/stat); done",
)


def made(folder: Path, *address: str) -> str:
    (path,) = folder.glob("/".join((".mlspec/store/warm/2*", *address)))
    return path.read_text()


def outcome(folder: Path) -> Any:
    return json.loads(mlspec("runs", "show", "--format", "json", cwd=folder).stdout)


def test_a_step_sees_the_same_in_a_process_that_was_forked_and_in_one_that_was_started(tmp_path: Path) -> None:
    seen = {}
    for name, filler in (("forked", ""), ("started", "#" * 101_000)):  # words that the kernel may refuse are its to judge
        folder = tmp_path / name / "project"
        folder.mkdir(parents=True)
        text = LOOK.replace("| sort > ${{ outputs.seen }}", "| sort > ${{ outputs.seen }} " + filler)
        (folder / "mlspec.yaml").write_text(HEAD + text.replace("LONG", "x" * 101_000))
        done = mlspec("run", "-q", cwd=folder, env={"TOKEN": "shown-here", "OTHER": "not-shown"})
        assert done.returncode == 0, done.stderr
        seen[name] = made(folder, "look", "seen").replace(str(folder), "HERE")
    for step in ("short", "long"):
        above = made(tmp_path / "forked/project", step, "above").splitlines()
        assert [" serve" in line for line in above].count(True) == (step == "short")
        assert re.search(rf" mlspec exec .*--step {step} ", above[0])
    assert "not-shown" not in seen["forked"]
    assert "OWN=a b" in seen["forked"]
    assert seen["forked"] == seen["started"]


def running(folder: Path, *words: str) -> tuple[subprocess.Popen[str], int, int]:
    """A run, what forks its steps, and the body of its step, which waits for a file called `go`."""
    run = subprocess.Popen(
        [sys.executable, "-m", "mlspec", "run", *words], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    until(lambda: (folder / "body").exists())
    (server,) = [int(path.name) for path in Path("/proc").glob("[0-9]*") if serves(path, run.pid)]
    return run, server, int((folder / "body").read_text())


def serves(path: Path, runner: int) -> bool:
    try:
        parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
        return parent == runner and b"serve" in (path / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


def waiting(folder: Path, lost: str) -> None:
    body = f"echo $$ > body.new; mv body.new body; {until_there('go')}; echo done > ${{{{ outputs.o }}}}"
    (folder / "mlspec.yaml").write_text(f"{HEAD}steps:\n  wait: {{run: {json.dumps(body)}, outputs: {{o: artifact}}{lost}}}\n")


def test_steps_whose_server_is_killed_have_vanished_with_all_that_they_started(tmp_path: Path) -> None:
    waiting(tmp_path, "")
    run, server, body = running(tmp_path)
    os.kill(server, signal.SIGKILL)
    assert "left no record" in run.communicate(timeout=LIMIT)[0]
    assert run.returncode == 1
    assert not is_alive(body)
    assert outcome(tmp_path)["steps"]["wait"]["status"] == "failed"


def test_steps_that_may_be_lost_are_started_again_by_a_new_server(tmp_path: Path) -> None:
    waiting(tmp_path, ", retry: {lost: 1}")
    run, server, body = running(tmp_path)
    (tmp_path / "body").unlink()
    os.kill(server, signal.SIGKILL)
    until(lambda: (tmp_path / "body").exists())
    assert not is_alive(body)
    (tmp_path / "go").touch()
    said = run.communicate(timeout=LIMIT)[0]
    assert "2 attempts" in said
    assert run.returncode == 0, said
    assert made(tmp_path, "wait", "o") == "done\n"


def test_nothing_outlives_a_run_that_is_killed(tmp_path: Path) -> None:
    waiting(tmp_path, "")
    run, server, body = running(tmp_path)
    run.kill()
    run.communicate(timeout=LIMIT)
    until(lambda: not is_alive(server) and not is_alive(body))


WATCH = """\
import os, sys
def watch(event, args):
    if event in ("os.fork", "subprocess.Popen"):
        with open(os.environ["WATCHED"], "a") as log:
            log.write(f"{event} {args[1:2]}\\n")
sys.addaudithook(watch)
"""
CACHED = f"""\
{HEAD}steps:
  first: {{run: "echo a > ${{{{ outputs.o }}}}", outputs: {{o: artifact}}, cache: true}}
  second:
    matrix: {{n: [1, 2, 3, 4, 5]}}
    run: "mkdir ${{{{ outputs.o }}}}; cp ${{{{ inputs.i }}}} ${{{{ outputs.o }}}}/${{{{ matrix.n }}}}"
    inputs: {{i: first.o}}
    outputs: {{o: artifact}}
  score: {{run: "echo '{{\\"a\\": 1}}' > ${{{{ outputs.m }}}}", inputs: {{i: second.o}}, outputs: {{m: metrics}}}}
"""


def test_a_run_for_which_all_is_there_starts_no_process_for_a_step(tmp_path: Path) -> None:
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook/sitecustomize.py").write_text(WATCH)
    (tmp_path / "mlspec.yaml").write_text(CACHED)
    first = mlspec("run", "-q", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    path = os.pathsep.join(filter(None, [str(tmp_path / "hook"), os.environ.get("PYTHONPATH")]))
    again = mlspec("run", cwd=tmp_path, env={"PYTHONPATH": path, "WATCHED": str(tmp_path / "watched")})
    assert again.returncode == 0, again.stderr
    started = (tmp_path / "watched").read_text().splitlines()
    assert [line for line in started if "'git'" not in line and "--serve" not in line] == [], (
        "the run asks git, the server forks nothing"
    )
    assert sum("--serve" in line for line in started) == 1
    one, other = run_folders(tmp_path / ".mlspec/store/warm")
    files = [{path.relative_to(run) for path in run.rglob("*") if path.is_file()} for run in (one, other)]
    assert files[0] == files[1]
    for step in ("first", "second/4", "score"):
        records = [json.loads((run / step / "_record.json").read_text()) for run in (one, other)]
        assert records[1]["cached_from"] == one.name
        for record in records:
            for name in ("run_id", "started", "ended", "cached_from", "attempts", "exit_code", "changes"):
                record.pop(name, None)
        for name in ("inputs", "outputs"):
            assert json.dumps(records[0].pop(name)).replace(one.name, other.name) == json.dumps(records[1].pop(name))
        assert records[0] == records[1]
    assert "its outputs are taken" in (other / "first/_log.txt").read_text()


def test_what_was_altered_since_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "mlspec.yaml").write_text(CACHED)
    assert mlspec("run", "-q", cwd=tmp_path).returncode == 0
    (made_by_second,) = tmp_path.glob(".mlspec/store/warm/2*/second/2/o/3")
    made_by_second.chmod(0o644)
    made_by_second.write_text("poison")
    assert mlspec("run", "-q", cwd=tmp_path).returncode == 0
    newest = run_folders(tmp_path / ".mlspec/store/warm")[-1]
    assert (newest / "second/2/o/3").read_text() == "a\n"
    states = {path.parent.name: json.loads(path.read_text())["cached_from"] for path in newest.glob("second/*/_record.json")}
    assert [index for index, run in states.items() if run is None] == ["2"]


def test_what_a_link_leads_to_is_not_in_the_store(tmp_path: Path) -> None:
    project, evil = tmp_path / "project", tmp_path / "evil"
    project.mkdir()
    (project / "data").write_text("good\n")
    evil.write_text("evil\n")
    (project / "mlspec.yaml").write_text(
        HEAD
        + "steps: {a: {inputs: {i: {path: data}}, run: 'cat ${{ inputs.i }} > ${{ outputs.o }}', outputs: {o: artifact}}}\n"
    )
    assert mlspec("run", "-q", cwd=project).returncode == 0
    (run,) = run_folders(project / ".mlspec/store/warm")
    record = json.loads((run / "a/_record.json").read_text())
    (run / "a/o").unlink()
    (run / "a/o").symlink_to(evil)
    record["outputs"]["o"]["digest"] = f"sha256:{hashlib.sha256(evil.read_bytes()).hexdigest()}"
    (run / "a/_record.json").write_text(json.dumps(record))
    foreseen = mlspec("plan", "--cached", cwd=project).stdout
    assert "is not in the store" in foreseen
    assert mlspec("run", "-q", cwd=project).returncode == 0
    assert (run_folders(project / ".mlspec/store/warm")[-1] / "a/o").read_text() == "good\n"
