"""What runs keep of their steps: written and read back, in a folder and in a place that only fsspec reaches."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from mlspec.errors import StoreError
from mlspec.store.cache import CacheEntries
from mlspec.store.ending import Ending
from mlspec.store.marks import new_mark
from mlspec.store.questions import Questions
from mlspec.store.records import Records
from mlspec.store.runs import Runs


@pytest.fixture(params=["store", "local://{}/far"])
def runs(request: pytest.FixtureRequest, tmp_path: Path) -> Runs:
    return Runs("life", request.param.format(tmp_path), tmp_path)


def ended(status: str = "succeeded") -> Ending:
    ending = Ending()
    ending.status = status  # type: ignore[assignment]
    return ending


def damage(runs: Runs, relative: str, text: str = "{") -> None:
    runs.store.write(relative, text.encode())


def manifest(resumed: str | None) -> dict[str, object]:
    times = {"started": "2026-01-01T00:00:00.000Z", "resumed": resumed}
    return {"status": "failed", "params": {}, "steps": {}, "meanings": {}, **times}


def test_a_record_has_all_that_is_documented(runs: Runs) -> None:
    records = runs.records("r/1")
    ending = ended()
    ending.attempts, ending.exit_code, ending.with_ = 2, 0, {"text": "\udcff"}
    ending.started = 1767225600.5
    records.end("train", 3, {"depth": 2}, ending)
    record = records.read("train", 3)
    assert record is not None
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record["ended"])
    assert {**record, "ended": None} == {
        "version": 1,
        "lifecycle": "life",
        "run_id": "r/1",
        "step": "train",
        "instance": {"depth": 2},
        "status": "succeeded",
        "attempts": 2,
        "started": "2026-01-01T00:00:00.500Z",
        "ended": None,
        "exit_code": 0,
        "error": None,
        "inputs": {},
        "outputs": {},
        "with": {"text": "\udcff"},
        "cached_from": None,
    }
    assert json.loads(runs.store.read("life/r%2F1/train/3/_record.json") or b"") == record


def test_all_records_of_a_run(runs: Runs) -> None:
    records = runs.records("r")
    assert (records.all(), records.read("a"), records.instances("work")) == ({}, None, [])
    records.end("a", None, None, ended())
    for index in (10, 2):
        records.end("work", index, index, ended("skipped"))
    runs.write_manifest("r", {"version": 1})
    assert list(records.all()) == [("a", None), ("work", 2), ("work", 10)]
    assert records.instances("work") == [2, 10]
    assert [records.succeeded("a", 0), records.succeeded("work", 2)] == [False, False]


def test_failures_are_those_of_the_last_ends(runs: Runs) -> None:
    records = runs.records("r")
    records.end("a", None, None, ended("failed"))
    records.end("work", 1, 1, ended("failed"))
    records.end("clean", None, None, ended("failed"), final=True)
    assert records.failures() == ["a", "work.1"]
    records.end("a", None, None, ended())
    assert records.failures() == ["work.1"]


def test_what_is_forgotten_leaves_nothing(runs: Runs) -> None:
    records = runs.records("r")
    for place in (("work", 0), ("work", 1), ("works", None)):
        records.end(*place, None, ended("failed"))
    records.forget("work", 0)
    assert (list(records.all()), records.failures()) == ([("work", 1), ("works", None)], ["work.1", "works"])
    records.forget("work", None)
    assert (list(records.all()), records.failures()) == ([("works", None)], ["works"])
    records.start("works", None, new_mark(final=False))
    assert (records.all(), records.failures()) == ({}, [])


def test_a_list_and_a_log_stand_beside_the_records(runs: Runs, tmp_path: Path) -> None:
    records = runs.records("r")
    assert records.items("work") is None
    records.keep_items("work", [1, {"a": "é"}])
    assert records.items("work") == [1, {"a": "é"}]
    assert records.items_uri("work").endswith("/life/r/work/_items.json")
    log = tmp_path / "log.txt"
    log.write_text("said\n")
    assert records.keep_log("work", 1, log).endswith("/life/r/work/1/_log.txt")
    assert runs.store.read("life/r/work/1/_log.txt") == b"said\n"
    assert records.instances("work") == [1]


def test_the_json_of_an_output(runs: Runs) -> None:
    records = runs.records("r")
    damage(runs, "life/r/a/values", '{"n": [1]}')
    damage(runs, "life/r/a/text", "n")
    assert records.read_output("run:a/values") == {"n": [1]}
    assert runs.read_uri(str(runs.store.uri("life/r/a/values"))) == {"n": [1]}
    with pytest.raises(StoreError, match=r"^there is no run:b/values$"):
        records.read_output("run:b/values")
    with pytest.raises(StoreError, match=r"^there is no run:a$"):
        records.read_output("run:a")
    with pytest.raises(StoreError, match=r"^run:a/text is not JSON: "):
        records.read_output("run:a/text")
    with pytest.raises(StoreError, match=r"life/r/a/text cannot be read: "):
        runs.read_uri(str(runs.store.uri("life/r/a/text")))
    with pytest.raises(StoreError, match="life/r/b/values"):
        runs.read_uri(str(runs.store.uri("life/r/b/values")))


def test_a_damaged_file_is_named(runs: Runs) -> None:
    records = runs.records("r")
    for name in ("a/_record.json", "a/_items.json", "_run.json", "_approvals/ok.json"):
        damage(runs, f"life/r/{name}", "[" * 100_000 if "items" in name else "7")
    for read in (lambda: records.read("a"), lambda: runs.manifest("r"), lambda: Questions(records).all()):
        with pytest.raises(StoreError, match=r"/life/r/.*\.json is damaged: it is not a JSON object$"):
            read()
    with pytest.raises(StoreError, match=r"/life/r/a/_items\.json is damaged: it is not a JSON list$"):
        records.items("a")


def test_the_newest_run_is_the_latest(runs: Runs) -> None:
    assert (runs.ids(), runs.find("latest"), runs.find("a"), runs.holds("a")) == ([], None, None, False)
    runs.write_manifest("b", manifest(resumed=None))
    ending = ended()
    ending.started = 1767225700.0
    runs.records("a").end("train", None, None, ending)
    damage(runs, "life/c/.attempt", "")
    assert (runs.ids(), runs.find("latest"), runs.find("c")) == (["b", "a"], "a", "c")
    assert (runs.holds("c"), runs.holds("d")) == (True, False)
    runs.write_manifest("b", manifest(resumed="2026-01-02T00:00:00.000Z"))
    assert runs.find("latest") == "b"
    runs.records("latest").end("train", None, None, ending)
    assert runs.find("latest") == "latest"


def test_questions_stand_beside_each_other(runs: Runs) -> None:
    questions = Questions(runs.records("r"))
    assert (questions.all(), questions.read("ok")) == ({}, None)
    questions.write("ok", {"step": "ok"})
    questions.write("ok.1", {"step": "ok[a=1]"})
    assert questions.all() == {"ok": {"step": "ok"}, "ok.1": {"step": "ok[a=1]"}}
    questions.remove("ok")
    assert list(questions.all()) == ["ok.1"]


def test_a_cache_entry_leads_to_the_record_of_a_step_that_succeeded(runs: Runs) -> None:
    entries = CacheEntries(runs.store, "life")
    assert entries.find("key") is None
    entries.put("key", "r", ("work", 1), "2026-01-01T00:00:00.000Z")
    with pytest.raises(StoreError, match="run r has no result of it any more"):
        entries.find("key")
    records = Records(runs.store, "life", "r")
    records.end("work", 1, 1, ended("failed"))
    with pytest.raises(StoreError, match="run r has no result of it any more"):
        entries.find("key")
    ending = ended()
    records.end("work", 1, 1, ending)
    with pytest.raises(StoreError, match="was made in another way"):
        entries.find("key")
    ending.cache_key = "key"
    records.end("work", 1, 1, ending)
    assert entries.find("key") == ("r", records.read("work", 1), "2026-01-01T00:00:00.000Z")
    damage(runs, "life/_cache/key.json", "[]")
    with pytest.raises(StoreError, match=r"_cache/key\.json is damaged"):
        entries.find("key")


def test_what_is_being_written_is_no_step_of_the_run(runs: Runs) -> None:
    records = runs.records("r")
    for folder in ("_started", "_failed"):
        runs.store.write(f"life/r/{folder}/.a.0123456789abcdef", b"{")
    assert (records.failed(over=True), records.failures()) == ([], [])


def test_marks_of_steps_that_have_a_record_are_taken_away(runs: Runs) -> None:
    records = runs.records("R")
    for step, index in (("done", None), ("each", 1), ("runs", None), ("torn", None)):
        records.start(step, index, new_mark(final=False))
    for step, index in (("done", None), ("each", 1)):
        mark = records.started(step, index)
        assert mark is not None
        records.end(step, index, index, ended())
        records.mark(step, index, mark)  # its process was killed before it took the mark away
    damage(runs, "life/R/torn/_record.json")
    records.leave_ended()
    left = [
        step for step, index in (("done", None), ("each", 1), ("runs", None), ("torn", None)) if records.started(step, index)
    ]
    assert left == ["runs", "torn"]
