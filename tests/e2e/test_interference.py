"""What people, full disks and paused pagers do to `mlspec run`: one sentence, nothing left running, the rest can be done later."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import disks
from tests.e2e.test_cli import mlspec
from tests.run_folders import run_folders
from tests.waiting import LIMIT, is_alive, until

SPEC = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: small}
lint: {ignore: [MLS417]}
steps:
  make: {run: "echo 1 > ${{ outputs.table }}", outputs: {table: artifact}}
  slow: {needs: [make], run: "[ ! -e mended ] || exit 0; echo $$ > pid.new; mv pid.new pid; sleep 300"}
finally:
  clean: {run: "touch cleaned"}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "mlspec.yaml").write_text(SPEC, encoding="utf-8")
    return tmp_path


def start(project: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "mlspec", "run", *words],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "NO_COLOR": "1"},
    )


def store(project: Path) -> Path:
    (found,) = (project / ".mlspec/store/small").glob("2*")
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT])
def test_an_interrupted_run_says_what_did_not_run_and_how_to_do_the_rest(project: Path, number: signal.Signals) -> None:
    with start(project) as run:
        until(lambda: (project / "pid").exists() or run.poll() is not None)
        run.send_signal(number)
        out, err = run.communicate(timeout=LIMIT)
    assert (run.returncode, err.strip()) == (130, "interrupted")
    run_id = store(project).name
    assert out.endswith(
        f"run {run_id} interrupted; these `finally` steps did not run: clean\nfor the rest: mlspec run --resume {run_id}\n"
    )
    assert not (project / "cleaned").exists()
    assert "interrupted" in mlspec("runs", "list", cwd=project).stdout
    (project / "mended").touch()
    assert mlspec("run", "--resume", run_id, cwd=project).returncode == 0
    assert (project / "cleaned").exists()


def test_a_live_run_is_running_and_cannot_be_resumed_and_a_dead_one_is_interrupted(project: Path) -> None:
    with start(project) as run:
        until(lambda: (project / "pid").exists() or run.poll() is not None)
        assert mlspec("runs", "show", cwd=project).stdout.startswith(f"run {store(project).name} running\n")
        refused = mlspec("run", "--resume", "latest", cwd=project)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert refused.stderr.startswith(f"Error: run {store(project).name} is in progress: process {run.pid} on ")
        assert refused.stderr.count("\n") == 1
        run.kill()
    shown = json.loads(mlspec("runs", "show", "--format", "json", cwd=project).stdout)
    assert shown["status"] == "interrupted"
    listed = json.loads(mlspec("runs", "list", "--format", "json", cwd=project).stdout)
    assert [row["status"] for row in listed] == ["interrupted"]
    (project / "mended").touch()
    resumed = mlspec("run", "--resume", "latest", cwd=project)
    assert resumed.returncode == 0
    assert "1 kept" in resumed.stdout


@pytest.mark.parametrize("file", ["_run.json", "make/_record.json"])
@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"status": []}', '{"status": "succeeded", "steps": {"a": 1}}'])
def test_what_is_damaged_is_the_fault_of_one_run(project: Path, file: str, text: str) -> None:
    (project / "mended").touch()
    for _ in range(2):
        assert mlspec("run", cwd=project).returncode == 0
    damaged, whole = run_folders(project / ".mlspec/store/small")
    (damaged / file).write_text(text)
    listed = mlspec("runs", "list", cwd=project)
    assert (listed.returncode, listed.stderr) == (0, "")
    first, second = sorted(listed.stdout.splitlines()[1:], key=lambda line: line.split()[0] != damaged.name)
    assert first.split()[:2] == [damaged.name, "damaged"]
    assert f"{damaged.name}/{file} is damaged: it" in first
    assert second.split()[:2] == [whole.name, "succeeded"]
    rows = {row["run_id"]: row for row in json.loads(mlspec("runs", "list", "--format", "json", cwd=project).stdout)}
    assert (rows[damaged.name]["status"], "is damaged" in rows[damaged.name]["error"]) == ("failed", True)
    assert "error" not in rows[whole.name]
    shown = mlspec("runs", "show", damaged.name, cwd=project)
    if file == "_run.json":
        assert (shown.returncode, shown.stdout) == (1, "")
    else:  # what is whole of the run is shown
        assert shown.returncode == 1
        assert f"run {damaged.name} failed" in shown.stdout
        assert [line.split()[:2] for line in shown.stdout.splitlines() if "damaged" in line] == [["make", "damaged"]]
    assert shown.stderr.startswith("Error: ")
    assert shown.stderr.count("\n") == 1
    assert mlspec("runs", "show", whole.name, cwd=project).returncode == 0
    resumed = mlspec("run", "--resume", damaged.name, cwd=project)
    if file == "_run.json":
        assert (resumed.returncode, resumed.stderr) == (1, shown.stderr)
    else:
        assert resumed.returncode == 0
        assert "↻ make runs again: " in resumed.stdout
        assert mlspec("runs", "show", damaged.name, cwd=project).returncode == 0


LOUD = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: small}
steps:
  loud: {run: "yes $(printf '%01000d' 0) | head -n 100000; touch written"}
"""


def test_a_reader_that_pauses_takes_bounded_memory_and_the_log_its_head_and_tail(project: Path) -> None:
    (project / "mlspec.yaml").write_text(LOUD, encoding="utf-8")
    with start(project, "-v") as run:
        until((project / "written").exists)
        memory = Path(f"/proc/{run.pid}/status").read_text().split("VmHWM:")[1].split()[0]
        assert int(memory) < 150_000, "kB; the lines are 100 MB"
        out, err = run.communicate(timeout=LIMIT)
    assert (run.returncode, err) == (0, "")
    assert " lines are not shown, for nobody read them in time; the log has them\n" in out
    log = (store(project) / "loud/_log.txt").read_text().splitlines()
    assert 8_000 < len(log) < 20_000, "16 MB at most, of 100"
    assert any("cut" in line for line in log if len(line) < 500)


def test_a_run_whose_reader_has_paused_can_be_ended(project: Path) -> None:
    (project / "mlspec.yaml").write_text(LOUD.replace("touch written", "touch written; sleep 300"), encoding="utf-8")
    with start(project, "-v") as run:
        until((project / "written").exists)
        run.terminate()
        assert run.wait(LIMIT) == 130
    shown = json.loads(mlspec("runs", "show", "--format", "json", cwd=project).stdout)
    assert (shown["status"], shown["steps"]["loud"]["status"]) == ("interrupted", "failed")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with disks.small_disk(tmp_path / "disk") as disk:
        yield disk


FULL = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: small}
store: disk/store
steps:
  make: {run: "echo 1 > ${{ outputs.table }}", outputs: {table: artifact}}
  other: {run: "[ -e mended ] || { echo $$ > pid; sleep 300; }"}
  fill:
    needs: [make]
    run: "[ -e mended ] && exit; %s"
finally:
  clean: {run: "true"}
"""


@pytest.mark.parametrize(
    "script",
    [
        "yes | head -c 3000000",  # the log
        "dd if=/dev/zero of=disk/filler bs=1k count=4000; true",  # nothing of ours, then the record
        "dd if=/dev/zero of=${{ outputs.o }} bs=1k count=4000",
    ],
    ids=["log", "record", "output"],
)
def test_a_full_disk_ends_the_run_with_one_sentence(project: Path, small_disk: Path, script: str) -> None:
    spec = FULL % script
    if "outputs.o" in script:
        spec = spec.replace("needs: [make]", "needs: [make]\n    outputs: {o: artifact}")
        spec = spec.replace("&& exit", "&& { echo > ${{ outputs.o }}; exit; }")
    (project / "mlspec.yaml").write_text(spec, encoding="utf-8")
    with start(project, "-j", "2", "--no-cache") as run:
        until(lambda: (project / "pid").exists() or run.poll() is not None)
        out, err = run.communicate(timeout=LIMIT)
    assert run.returncode == 1, (out, err)
    assert "Traceback" not in out + err
    assert "No space left on device" in out + err
    pid = int((project / "pid").read_text())
    until(lambda: not is_alive(pid))
    (small_disk / "filler").unlink(missing_ok=True)
    subprocess.run(["mount", "-o", "remount,size=9m", str(small_disk)], check=True)
    (project / "mended").touch()
    resumed = mlspec("run", "--resume", "latest", cwd=project)
    assert resumed.returncode == 0, (resumed.stdout, resumed.stderr)
    assert list((small_disk / "store").rglob(".*")) == []


KILLED = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: small}
steps:
  hard:
    run: |
      echo x >> tries
      n=$(wc -l < tries)
      echo "try $n" > ${{ outputs.o }}
      echo $PPID $n
      [ $n -le 2 ] || { [ $n -ge 5 ] || exit 7; exit 0; }
      echo $$ > pid.new; mv pid.new pid.$n
      sleep 300
    outputs: {o: artifact}
    retry: {limit: 2, lost: LOST}
  after: {needs: [hard], run: "true"}
finally:
  clean: {run: "echo ${{ run.status }} > status"}
"""


def step_process_of(body: int) -> int:
    """The `mlspec exec` above a body: it and its keeper are started with the same mark."""
    keeper = int(Path(f"/proc/{body}/stat").read_text().rpartition(")")[2].split()[1])
    return int(Path(f"/proc/{keeper}/stat").read_text().rpartition(")")[2].split()[1])


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_step_process_that_is_killed_has_failed_where_the_spec_says_nothing_else(project: Path) -> None:
    (project / "mlspec.yaml").write_text(KILLED.replace(", lost: LOST", ""), encoding="utf-8")
    with start(project) as run:
        until(lambda: (project / "pid.1").exists() or run.poll() is not None)
        os.kill(step_process_of(int((project / "pid.1").read_text())), signal.SIGKILL)
        run.communicate(timeout=LIMIT)
    assert (run.returncode, (project / "status").read_text(), (project / "tries").read_text()) == (1, "failed\n", "x\n")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(("lost", "ends"), [("2", "succeeded"), ("1", "failed")])
def test_a_step_process_that_is_killed_is_started_again(project: Path, lost: str, ends: str) -> None:
    (project / "mlspec.yaml").write_text(KILLED.replace("LOST", lost), encoding="utf-8")
    with start(project, "-v") as run:
        for number in (1, 2):
            until(lambda number=number: (project / f"pid.{number}").exists() or run.poll() is not None)
            body = int((project / f"pid.{number}").read_text())
            os.kill(step_process_of(body), signal.SIGKILL)
            until(lambda body=body: not is_alive(body))
        out, _ = run.communicate(timeout=LIMIT)
    assert run.returncode == (ends == "failed"), out
    assert "its process was ended by signal 9; it is started again (1 of " in out
    assert (project / "status").read_text() == f"{ends}\n"
    shown = json.loads(mlspec("runs", "show", "--format", "json", cwd=project).stdout)
    hard = shown["steps"]["hard"]
    assert (shown["status"], hard["status"]) == (ends, ends)
    if ends == "succeeded":
        assert hard["attempts"] == 5, "two were lost, two failed: `limit` counts those alone"
        assert (store(project) / "hard/o").read_text() == "try 5\n"
        log = (store(project) / "hard/_log.txt").read_text()
        assert [line.split()[1] for line in log.splitlines() if not line.startswith("mlspec")] == list("12345")
    else:
        assert shown["steps"]["after"]["status"] == "blocked"
        assert len((project / "tries").read_text().split()) == 2
