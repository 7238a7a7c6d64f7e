"""Real runs: order, parallelism, failures, conditions, params, logs, the cache."""

from __future__ import annotations

import json
import sys

import pytest

from mlspec.engine import RunError, StoreError, local_outcome
from mlspec.engine.events import RunEnded, RunStarted
from mlspec.engine.outcome import existing
from mlspec.exec.changes import in_words
from mlspec.expr.limits import ParameterError
from mlspec.ir.bodies import Retry
from mlspec.ir.declarations import Parameter
from tests.unit.engine.conftest import Project
from tests.unit.engine.plans import call, every, gate, matrix, plan, step, value
from tests.waiting import is_alive, until_there

COPY = "cat ${{ inputs.o }} > ${{ outputs.o }}"


def test_the_sides_of_a_diamond_run_at_once_and_the_join_after_both(project: Project) -> None:
    """Each side waits for the other: one after the other they would never end."""
    diamond = plan(
        step("top", "echo top > ${{ outputs.o }}", outputs={"o": "artifact"}),
        step("left", f"touch l; {until_there('r')}; {COPY}", inputs={"o": "top.o"}, outputs={"o": "artifact"}),
        step("right", f"touch r; {until_there('l')}; {COPY}", inputs={"o": "top.o"}, outputs={"o": "artifact"}),
        step(
            "join",
            "cat ${{ inputs.l }} ${{ inputs.r }} > ${{ outputs.o }}",
            inputs={"l": "left.o", "r": "right.o"},
            outputs={"o": "artifact"},
        ),
    )
    ran = project.run(diamond, jobs=2)
    assert ran.outcome.status == "succeeded"
    assert project.read(diamond, ran, "join", "o") == "top\ntop\n"
    assert ran.started[0] == "top"
    assert ran.started[-1] == "join"
    assert isinstance(ran.events[0], RunStarted)
    assert isinstance(ran.events[-1], RunEnded)


def test_one_job_runs_one_step_at_a_time_in_the_order_of_the_plan(project: Project) -> None:
    steps = [step(f"s{number}", "mkdir lock; sleep 0.1; rmdir lock") for number in range(3)]
    ran = project.run(plan(*steps, on_failure="continue"), jobs=1)
    assert ran.outcome.status == "succeeded"
    assert ran.started == ["s0", "s1", "s2"]


@pytest.mark.parametrize(
    ("on_failure", "independent", "status"), [("stop", "blocked", "failed"), ("continue", "succeeded", "failed")]
)
def test_a_failing_branch(project: Project, on_failure: str, independent: str, status: str) -> None:
    # The run knows of the failure when it has reaped the process of `bad`: only then may `running` end.
    gone = f"{until_there('.mlspec/store/life/R/_failed/bad')}; while kill -0 $(cat bad.pid) 2>/dev/null; do sleep 0.02; done"
    failing = plan(
        step("running", f"touch up; {gone}; echo o > ${{{{ outputs.o }}}}", outputs={"o": "artifact"}),
        step("bad", f"{until_there('up')}; sed -n 's/^PPid://p' /proc/$PPID/status > bad.pid; exit 7"),
        step("below", "true", "bad"),
        step("apart", "true", "running"),
        finals=(
            step("report", "echo ${{ run.status }} > ${{ outputs.o }}", outputs={"o": "artifact"}),
            step("broken", "exit 1"),
            step("after_broken", "true", "broken"),
        ),
        on_failure=on_failure,
    )
    ran = project.run(failing, jobs=2, run_id="R")
    assert ran.states == {
        "running": "succeeded",
        "bad": "failed",
        "below": "blocked",
        "apart": independent,
        "report": "succeeded",
        "broken": "failed",
        "after_broken": "blocked",
    }
    assert ran.outcome.status == status
    assert project.read(failing, ran, "report", "o") == "failed\n"
    assert ran.ended["bad"].error == "its process ended with exit status 7"
    assert ran.record("bad")["exit_code"] == 7
    assert ran.record("below") is None


def test_a_failing_finally_step_fails_the_run_and_sees_that_the_steps_succeeded(project: Project) -> None:
    ran = project.run(plan(step("a"), finals=(step("clean", "echo status=${{ run.status }}; exit 1"),)))
    assert ran.states == {"a": "succeeded", "clean": "failed"}
    assert ran.outcome.status == "failed"
    assert "status=succeeded" in ran.said("clean")


def test_a_retry_that_succeeds_counts_its_attempts(project: Project) -> None:
    script = "[ -e again ] || { touch again; echo half > ${{ outputs.o }}; exit 3; }; echo whole > ${{ outputs.o }}"
    flaky = plan(step("flaky", script, outputs={"o": "artifact"}, retry=Retry(2)))
    ran = project.run(flaky)
    assert ran.outcome.steps["flaky"].attempts == ran.ended["flaky"].attempts == 2
    assert project.read(flaky, ran, "flaky", "o") == "whole\n"


AUC = step("train", "echo '{\"auc\": 0.9}' > ${{ outputs.metrics }}", outputs={"metrics": "metrics"})


@pytest.mark.parametrize(
    ("line", "otherwise", "states", "status"),
    [
        ("train.metrics.auc >= 0.5", "stop", ("succeeded", "succeeded", "succeeded"), "succeeded"),
        ("train.metrics.auc >= 0.95", "skip", ("skipped", "skipped", "skipped"), "succeeded"),
        ("train.metrics.auc >= 0.95", "stop", ("failed", "blocked", "blocked"), "failed"),
        ("train.metrics.nothing >= 0.5", "skip", ("failed", "blocked", "blocked"), "failed"),
    ],
)
def test_a_gate(project: Project, line: str, otherwise: str, states: tuple[str, ...], status: str) -> None:
    quality = gate("quality", line, value("train.metrics"), otherwise=otherwise)
    ran = project.run(plan(AUC, quality, step("deploy", "true", "quality"), step("after", "true", "deploy")))
    assert tuple(ran.states[name] for name in ("quality", "deploy", "after")) == states
    assert ran.outcome.status == status


PARAMS = (
    Parameter("n", "integer", 3, minimum=1),
    Parameter("who", "string", 'it\'s $HOME `id` "q"'),
    Parameter("list", "list", [1, "é"]),
)


def test_params_reach_conditions_and_bodies_as_they_are(project: Project) -> None:
    spec = plan(
        step("yes", "true", when="params.n > 3", params=("n",)),
        step(
            "say",
            "printf '%s|' ${{ params.who }} > ${{ outputs.o }}",
            params=("list", "who"),
            with_={"list": "${{ params.list }}"},
            outputs={"o": "artifact"},
        ),
        params=PARAMS,
    )
    ran = project.run(spec)
    assert ran.states == {"yes": "skipped", "say": "succeeded"}
    assert project.read(spec, ran, "say", "o") == 'it\'s $HOME `id` "q"|'
    assert ran.record("say")["with"] == {"list": [1, "é"]}
    again = project.run(spec, params={"n": 4, "who": "you"})
    assert again.states == {"yes": "succeeded", "say": "succeeded"}
    assert project.read(spec, again, "say", "o") == "you|"
    assert again.outcome.manifest is not None
    assert again.outcome.manifest["params"] == {"n": 4, "who": "you", "list": [1, "é"]}
    with pytest.raises(ParameterError):
        project.run(spec, params={"n": 0})


def test_a_fan_in_reads_the_instances_that_succeeded_in_matrix_order(project: Project) -> None:
    train = matrix(
        "train", 4, "echo ${{ matrix.k }} > ${{ outputs.o }}", outputs={"o": "artifact"}, when="matrix.k != 1.0", parallel=2
    )
    join = step(
        "join", "cat ${{ inputs.all }} > ${{ outputs.o }}", inputs={"all": every(train, "o")}, outputs={"o": "artifact"}
    )
    spec = plan(*train, join)
    ran = project.run(spec, jobs=4)
    assert ran.states["train[k=1]"] == "skipped"
    assert project.read(spec, ran, "join", "o") == "0\n2\n3\n"
    assert ran.record("train[k=2]")["instance"] == {"k": 2}


def test_a_log_has_what_a_step_wrote_to_both_streams(project: Project) -> None:
    spec = plan(step("loud", "echo out; echo err >&2; printf 'no end'; printf '\\377' >&2; exit 1"))
    ran = project.run(spec)
    log = project.folder / ".mlspec/store/life" / ran.outcome.run_id / "loud" / "_log.txt"
    assert log.read_bytes().startswith(b"out\nerr\nno end\xff")
    assert ran.said("loud")[:3] == ["out", "err", "no end\ufffdmlspec: step loud failed: its process ended with exit status 1"]
    assert str(log) == ran.ended["loud"].log
    assert not list(log.parent.parent.glob(".logs-*"))


def test_a_second_run_takes_what_has_not_changed_from_the_cache(project: Project) -> None:
    project.write("src/mine.py", "def make(o, n):\n    o.write_text(str(n))\n")
    spec = plan(
        call("made", "src.mine:make", outputs={"o": "artifact"}, with_={"n": "${{ params.n }}"}, params=("n",)),
        step("copy", COPY, inputs={"o": "made.o"}, outputs={"o": "artifact"}),
        step("never", "echo o > ${{ outputs.o }}", outputs={"o": "artifact"}, cache=False),
        finals=(step("last", "echo o > ${{ outputs.o }}", outputs={"o": "artifact"}),),
        params=PARAMS,
    )

    def cached(**options: object) -> dict[str, bool]:
        ran = project.run(spec, **options)
        assert ran.outcome.status == "succeeded"
        why.append(in_words(ran.ended["made"].changes))
        return {name: event.cached for name, event in ran.ended.items()}

    why: list[str] = []
    assert cached() == {"made": False, "copy": False, "never": False, "last": False}
    assert cached() == {"made": True, "copy": True, "never": False, "last": False}
    assert cached(params={"n": 4})["made"] is False
    assert cached(cache=False)["made"] is False
    project.write("src/mine.py", "def make(o, n):\n    o.write_text(str(int(n)))\n")
    assert cached()["made"] is False
    assert why == ["", "", "params.n is 4, was 3", "", "src/mine.py has changed"]


def test_runs_are_listed_by_age_and_the_newest_is_the_latest(project: Project) -> None:
    spec = plan(step("a"))
    runs = project.runs(spec)
    with pytest.raises(RunError, match=r"^life has no run in /"):
        existing(runs, "latest")
    for run_id in ("z", "b", "a/b ü", "latest?"):
        project.run(spec, run_id=run_id)
    assert runs.ids() == ["z", "b", "a/b ü", "latest?"]
    assert existing(runs, "latest") == runs.find("latest") == "latest?"
    assert local_outcome(runs, "a/b ü").run_id == "a/b ü"
    with pytest.raises(RunError, match="no run 'zz'"):
        existing(runs, "zz")
    with pytest.raises(RunError, match="already"):
        project.run(spec, run_id="z")


def test_the_json_of_an_outcome(project: Project) -> None:
    spec = plan(AUC, step("below", "exit 1", "train"), step("last", "true", "below"))
    found = json.loads(json.dumps(project.run(spec, run_id="R").outcome.as_json()))
    metrics = found["steps"]["train"]["outputs"].pop("metrics")
    assert metrics["uri"] == ".mlspec/store/life/R/train/metrics"
    assert metrics["type"] == "metrics"
    assert metrics["digest"].startswith("sha256:")
    assert found == {
        "run_id": "R",
        "status": "failed",
        "steps": {
            "train": {"status": "succeeded", "attempts": 1, "outputs": {}},
            "below": {"status": "failed", "attempts": 1, "outputs": {}},
            "last": {"status": "blocked", "attempts": 0, "outputs": {}},
        },
    }


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere what leaves its group is not found")
def test_a_process_left_behind_does_not_hold_up_the_run_and_is_ended(project: Project) -> None:
    """It has the step's output open, and a session of its own."""
    ran = project.run(plan(step("a", "setsid sleep 60 & echo $! > pid"), step("b", "true", "a")))
    assert not is_alive(int((project.folder / "pid").read_text()))
    assert ran.states == {"a": "succeeded", "b": "succeeded"}


def test_a_store_elsewhere(project: Project) -> None:
    spec = plan(AUC, gate("g", "train.metrics.auc > 0.5", value("train.metrics")), store=f"file://{project.folder}/else/where")
    ran = project.run(spec)
    assert ran.outcome.status == "succeeded"
    assert (project.folder / "else/where/life" / ran.outcome.run_id / "train/_record.json").exists()


def test_a_store_that_only_fsspec_reaches(project: Project) -> None:
    spec = plan(
        AUC,
        gate("g", "train.metrics.auc > 0.5", value("train.metrics")),
        step("read", "cat ${{ inputs.m }}", "g", inputs={"m": "train.metrics"}),
        store=f"local://{project.folder}/far",
    )
    ran = project.run(spec)
    assert ran.outcome.status == "succeeded"
    assert ran.said("read") == ['{"auc": 0.9}']
    assert (project.folder / "far/life" / ran.outcome.run_id / "read/_log.txt").read_text() == '{"auc": 0.9}\n'
    with pytest.raises(StoreError, match="nowhere://"):
        project.run(plan(AUC, store="nowhere://x"))
