"""What people press and what clusters do, around a build: none of it makes a build green whose steps did not all end well.

Groovy, `/bin/sh` and `mlspec exec` are the real ones; who aborts, which agent vanishes and where the branch moves is told to the harness,
which does what the plugins' sources say.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlspec.engine import Runs, outcome
from mlspec.ir.bodies import Approval, Gate, Retry
from mlspec.ir.model import Plan, Step
from mlspec.targets.jenkins import TARGET
from tests.engines import jenkins
from tests.targets.built import plan
from tests.targets.jenkins.plans import DIAMOND, of, reads, step, writes

pytestmark = [pytest.mark.groovy, pytest.mark.usefixtures("form")]

ASK = "Promote?"
END = step("end", "echo ${{ run.status }} > ${{ outputs.status }}", **writes(status="artifact"))
KILL = "kill -9 $(ps -o ppid= -p $(ps -o ppid= -p $$)); sleep 20; touch outlived"
"""A body that ends the `mlspec exec` above it and the process that this one keeps for it."""


def build(project: Path, made: Plan, *, change: tuple[str, str] | None = None, **more: Any) -> jenkins.Build:
    assert [finding for finding in TARGET.check(made) if finding.severity == "error"] == []
    text = TARGET.emit(made)[0].content
    if change:
        text, count = re.subn(*change, text)
        assert count
    return jenkins.build(project, text, **more)


def states(project: Path, made: Plan, done: jenkins.Build) -> dict[str, str]:
    found = outcome(made, Runs(made.lifecycle, made.store, project), done.run_id)
    return {name: one.status for name, one in found.steps.items()}


def status_seen_at_the_end(project: Path, made: Plan, done: jenkins.Build) -> str:
    root = project / made.store.removeprefix(f"local://{project}/")
    return (root / made.lifecycle / done.run_id / "end/status").read_text().strip()


def test_a_stage_cannot_be_restarted(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="not allowed to restart"):
        raise AssertionError(build(tmp_path, DIAMOND, events={"restart": "join"}).log)


def test_a_restarted_stage_fails_where_what_it_needs_is_not_in_its_build(form: str, tmp_path: Path) -> None:
    """Were the option taken out: the fields of a script start empty, and the stages before are left out."""
    made = plan("restarted", step("a"), step("b", "true", "a"), step("c", "true", "b"))
    stage = {"data": "steps"}.get(form, "c")
    done = build(tmp_path, made, change=(r" +disableRestartFromStage\(\)\n", ""), events={"restart": stage})
    if form == "data":
        assert (done.result, set(states(tmp_path, made, done).values())) == ("SUCCESS", {"succeeded"})  # all of it ran
    else:
        assert done.result == "FAILURE"
        assert "what it needs has not run in this build" in done.log


def asked(project: Path, *more: Step, timeout: float | None = 60.0) -> Plan:
    question = Step("sign_off", "sign_off", "sign_off", Approval(ASK, ("ada",), timeout), upstream=("train",))
    return plan(
        "asked",
        step("train"),
        question,
        step("deploy", "true", "sign_off"),
        *more,
        finals=(END,),
        store=f"local://{project}/store",
    )


@pytest.mark.parametrize("timeout", [60.0, None])
def test_an_abort_while_a_question_waits_is_no_refusal(tmp_path: Path, timeout: float | None) -> None:
    made = asked(tmp_path, timeout=timeout)
    done = build(tmp_path, made, answers={ASK: jenkins.ABORT})
    assert done.result == "ABORTED", done.log
    record = json.loads((tmp_path / "store/asked" / done.run_id / "sign_off/_record.json").read_text())
    assert (record["status"], record["error"]) == ("failed", "the run was aborted while it waited for an answer")
    assert states(tmp_path, made, done) == {"train": "succeeded", "sign_off": "failed", "deploy": "blocked", "end": "succeeded"}
    assert status_seen_at_the_end(tmp_path, made, done) == "failed"


def test_an_aborted_build_waits_for_no_agent_for_ever(tmp_path: Path) -> None:
    made = asked(tmp_path)
    done = build(tmp_path, made, answers={ASK: jenkins.ABORT}, events={"busy": True})
    assert done.result == "ABORTED"
    assert done.log.count("waiting for an agent") == 2
    assert states(tmp_path, made, done)["deploy"] != "succeeded"


def test_an_abort_during_a_step_starts_no_other(tmp_path: Path) -> None:
    made = plan(
        "aborted",
        step("long", "touch sign; sleep 60; touch outlived"),
        step("beside", "sleep 60; touch outlived"),
        step("later", "touch later", "long"),
        finals=(END,),
        on_failure="continue",
    )
    done = build(tmp_path, made, events={"abort": "long", "sign": str(tmp_path / "sign")})
    assert done.result == "ABORTED", done.log
    assert not (tmp_path / "later").exists()
    assert not (tmp_path / "outlived").exists()
    assert status_seen_at_the_end(tmp_path, made, done) == "failed"


def test_an_abort_during_a_step_on_an_agent_of_its_own_starts_it_on_no_other(tmp_path: Path) -> None:
    made = on_agents(tmp_path, f"echo x >> {tmp_path}/tries; touch {tmp_path}/sign; sleep 60")
    done = build(tmp_path, made, events={"abort": "train", "sign": str(tmp_path / "sign"), "busy": False})
    assert done.result == "ABORTED", done.log
    assert (tmp_path / "tries").read_text() == "x\n"
    found = states(tmp_path, made, done)
    assert (found["train"], found["deploy"], found["end"]) == ("failed", "blocked", "succeeded")


@pytest.mark.parametrize("on_failure", ["stop", "continue"])
def test_a_killed_step_process_is_a_failed_step(tmp_path: Path, on_failure: Any) -> None:
    made = plan(
        "killed",
        step("a"),
        step("b", KILL, "a", retry=Retry(lost=0)),
        step("c", "true", "b"),
        step("d", "sleep 1", "a"),
        step("e", "true", "d"),
        finals=(END,),
        on_failure=on_failure,
    )
    done = build(tmp_path, made)
    assert done.result == "FAILURE", done.log
    assert done.stages["b"] == "FAILURE"
    unneeded = "succeeded" if on_failure == "continue" else "blocked"
    assert states(tmp_path, made, done) == {
        "a": "succeeded",
        "b": "failed",
        "c": "blocked",
        "d": "succeeded",
        "e": unneeded,
        "end": "succeeded",
    }
    assert status_seen_at_the_end(tmp_path, made, done) == "failed"
    assert not (tmp_path / "outlived").exists()


@pytest.mark.parametrize(("kills", "lost"), [(1, 2), (2, 2), (1, 0), (2, 1)])
@pytest.mark.parametrize("label", [None, "gpu"])
def test_a_killed_step_process_is_started_again(tmp_path: Path, kills: int, lost: int, label: str | None) -> None:
    """As on Airflow: `retry.lost` times, its attempts are counted on, and its retries are left to it."""
    body = f"echo x >> {tmp_path}/tries; test $(wc -l < {tmp_path}/tries) -gt {kills} || {{ {KILL}; }}; echo > ${{{{ outputs.o }}}}"
    one = step("train", body, retry=Retry(lost=lost), **writes(o="model"))
    one = replace(one, extensions={"jenkins": {"label": label}} if label else {})
    made = plan("killed-once", one, step("deploy", "true", "train"), finals=(END,), store=f"local://{tmp_path}/store")
    done = build(tmp_path, made)
    good = kills <= lost
    assert done.result == ("SUCCESS" if good else "FAILURE"), done.log
    assert (tmp_path / "tries").read_text().count("x") == min(kills, lost) + 1
    found = states(tmp_path, made, done)
    assert (found["train"], found["deploy"]) == (("succeeded", "succeeded") if good else ("failed", "blocked"))
    assert done.log.count("its process has vanished; it is started again") == min(kills, lost)
    if good:
        record = json.loads((tmp_path / "store/killed-once" / done.run_id / "train/_record.json").read_text())
        assert record["attempts"] == kills + 1


def test_an_abort_ends_a_step_that_was_started_again(tmp_path: Path) -> None:
    tries = tmp_path / "tries"
    body = f"echo x >> {tries}; test $(wc -l < {tries}) -gt 1 || {{ {KILL}; }}; touch sign; sleep 60"
    made = plan("aborted-again", step("train", body), step("deploy", "true", "train"), finals=(END,))
    done = build(tmp_path, made, events={"abort": "train", "sign": str(tmp_path / "sign")})
    assert done.result == "ABORTED", done.log
    assert tries.read_text().count("x") == 2
    assert states(tmp_path, made, done) == {"train": "failed", "deploy": "blocked", "end": "succeeded"}
    assert status_seen_at_the_end(tmp_path, made, done) == "failed"


def test_a_step_on_the_lost_agent_of_the_build_has_failed(tmp_path: Path) -> None:
    made = plan("lost", step("a", "touch sign; sleep 60"), step("b", "true", "a"), step("c"), finals=(END,))
    done = build(tmp_path, made, events={"lost": {"a": 1}, "sign": str(tmp_path / "sign")})
    assert done.result not in ("SUCCESS", "UNSTABLE"), done.log
    found = states(tmp_path, made, done)
    assert (found["a"], found["b"]) == ("failed", "blocked")


def on_agents(project: Path, body: str, lost: int = 2) -> Plan:
    train = step("train", body, retry=Retry(lost=lost), timeout=600, **writes(model="model"))
    deploy = step("deploy", "true", "train", **reads(model=of("train", "model", "model")))
    train = replace(train, extensions={"jenkins": {"label": "gpu"}})
    return plan("agents", train, deploy, finals=(END,), store=f"local://{project}/store")


@pytest.mark.parametrize(("lost", "tries", "good"), [(1, 2, True), (2, 2, True), (1, 0, False), (3, 2, False)])
def test_a_step_whose_agent_vanished_is_started_again_elsewhere(tmp_path: Path, lost: int, tries: int, good: bool) -> None:
    made = on_agents(
        tmp_path, f"echo x >> {tmp_path}/tries; touch {tmp_path}/sign; sleep 2; echo done > ${{{{ outputs.model }}}}", tries
    )
    done = build(tmp_path, made, events={"lost": {"train": lost}, "sign": str(tmp_path / "sign")})
    assert done.result == ("SUCCESS" if good else "FAILURE"), done.log
    assert (tmp_path / "tries").read_text().count("x") == min(lost, tries) + 1
    if good:
        ended = json.loads((tmp_path / "store/agents" / done.run_id / "train/_record.json").read_text())
        assert ended["attempts"] == lost + 1
    found = states(tmp_path, made, done)
    assert (found["train"], found["deploy"]) == (("succeeded", "succeeded") if good else ("failed", "blocked"))
    assert status_seen_at_the_end(tmp_path, made, done) == ("succeeded" if good else "failed")


@pytest.mark.parametrize("body", ["exit 1", "exit 137", "kill -9 $$"])
def test_a_process_that_ended_is_not_started_again(tmp_path: Path, body: str) -> None:
    made = on_agents(tmp_path, f"echo x >> {tmp_path}/tries; {body}")
    done = build(tmp_path, made)
    assert done.result == "FAILURE"
    assert (tmp_path / "tries").read_text() == "x\n"


def test_what_hangs_beyond_its_timeout_holds_no_executor(tmp_path: Path) -> None:
    made = plan("hangs", step("a", "sleep 60; touch outlived", timeout=60.0), step("b", "true", "a"), finals=(END,))
    text = TARGET.emit(made)[0].content
    assert re.search(r"minutes\"?: ?12", text)
    text = (
        re.sub(r"(minutes\"?: ?)12", r"\g<1>1", text).replace("unit: 'MINUTES'", "unit: 'SECONDS'").replace("60000L", "1000L")
    )
    done = jenkins.build(tmp_path, text)
    assert (done.result, done.stages["a"]) == ("FAILURE", "FAILURE"), done.log
    assert states(tmp_path, made, done) == {"a": "failed", "b": "blocked", "end": "succeeded"}
    assert status_seen_at_the_end(tmp_path, made, done) == "failed"


def test_what_runs_after_a_question_is_what_the_build_began_with(tmp_path: Path) -> None:
    revisions = [tmp_path / name for name in ("first", "second", "third")]
    for revision in revisions:
        revision.mkdir()
        (revision / "source.txt").write_text(revision.name)
    made = asked(tmp_path, step("late", "cat source.txt > ${{ outputs.o }}", "sign_off", **writes(o="artifact")))
    given = {"answers": {ASK: "ada"}, "events": {"revisions": list(map(str, revisions))}}
    done = build(tmp_path, made, **given)
    assert done.result == "SUCCESS", done.log
    assert (tmp_path / "store/asked" / done.run_id / "late/o").read_text() == "first"
    assert "checkout second" not in done.log
    merged = {"answers": {ASK: "ada"}, "events": {"revisions": list(map(str, revisions)), "multibranch": True}}
    assert build(tmp_path, made, **merged).result == "SUCCESS"
    gone = {"answers": {ASK: "ada"}, "events": {"revisions": list(map(str, revisions)), "svn": True}}
    assert build(tmp_path, made, **gone).result == "FAILURE"


def test_an_old_pipeline_does_not_run_new_files(tmp_path: Path) -> None:
    """Replay and Rebuild start the Jenkinsfile of the old build; a branch may have moved on."""
    made = plan("moved", step("a"), step("b", "touch ran", "a"), finals=(END,))
    newer = TARGET.emit(plan("moved", step("a"), step("b", "touch ran anew", "a"), finals=(END,)))[0].content
    (tmp_path / "pipelines/jenkins").mkdir(parents=True)
    (tmp_path / "pipelines/jenkins/moved.Jenkinsfile").write_text(newer, encoding="utf-8")
    done = build(tmp_path, made)
    assert done.result == "FAILURE"
    assert "are of different specs: start it anew" in done.log
    assert not (tmp_path / "ran").exists()


def test_steps_that_did_not_run_are_shown_as_not_built(form: str, tmp_path: Path) -> None:
    made = plan(
        "not-built",
        step("a"),
        step("when_false", "true", "a", when="1.0 > 2.0"),
        step("skipped", "true", "when_false"),
        step("gate", Gate(("1.0 > 2.0",), "skip"), "a"),
        step("bad", "exit 1", "a"),
        step("blocked", "true", "bad"),
        on_failure="continue",
    )
    done = build(tmp_path, made)
    shown = {name: done.stages[name] for name in ("a", "when_false", "skipped", "gate", "bad", "blocked")}
    assert shown == {
        "a": "SUCCESS",
        "bad": "FAILURE",
        **dict.fromkeys(("when_false", "skipped", "gate", "blocked"), "NOT_BUILT"),
    }
    assert done.result == "FAILURE"


def test_the_console_has_a_line_a_step_and_the_command_of_one_that_failed(tmp_path: Path) -> None:
    made = plan("console", step("good", "true # well"), step("bad", "exit 3 # badly", "good"))
    done = build(tmp_path, made)
    lines = done.log.splitlines()
    assert [line for line in lines if "sh (" in line] == ["[Pipeline] sh (good)", "[Pipeline] sh (bad)"]
    assert not [line for line in lines if line.startswith("+")]
    assert "# well" not in done.log
    assert "exit 3 # badly" in done.log


def test_reports_and_metrics_are_on_the_page_of_the_build(tmp_path: Path) -> None:
    folder = (
        "mkdir ${{ outputs.page }} && echo page > ${{ outputs.page }}/index.html; echo '{\"x\": 1}' > ${{ outputs.numbers }}"
    )
    made = plan(
        "pages",
        step(
            "a", f"{folder}; echo rows > ${{{{ outputs.table }}}}", **writes(page="report", numbers="metrics", table="dataset")
        ),
        step("b", "exit 1", "a", **writes(page="report")),
        target_options={"jenkins": {"project": "."}},
    )
    done = build(tmp_path, made)
    root = f".mlspec/store/pages/{done.run_id}"
    assert list(done.archived) == [f"{root}/a/numbers", f"{root}/a/page/index.html"], done.log
    quiet = build(tmp_path, replace(made, target_options={"jenkins": {"archive": False}}))
    assert (list(quiet.archived), "archiveArtifacts" in TARGET.emit(made)[0].content) == ([], True)
