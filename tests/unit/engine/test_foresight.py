"""What a run would take from the cache is said before it starts, and then it does just that."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from mlspec.cli.main import main
from mlspec.store.files import remove

SPEC = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: life}
params: {n: 3, places: [north, south]}
environments: {ml: {pythonpath: [src]}}
steps:
  made:
    environment: ml
    call: work:make
    inputs: {i: {path: raw}}
    with: {n: "${{ params.n }}"}
    outputs: {o: artifact, m: metrics}
  copy: {run: "cat ${{ inputs.i }} > ${{ outputs.o }}", inputs: {i: made.o}, outputs: {o: artifact}}
  good: {gate: [made.m.auc > 1]}
  rare: {when: params.n > 5, run: "cat ${{ inputs.i }} > ${{ outputs.o }}", inputs: {i: made.o}, outputs: {o: artifact}}
  either: {run: "cat ${{ inputs.i }} > ${{ outputs.o }}", inputs: {i: {any: [rare.o, copy.o]}}, outputs: {o: artifact}}
  each: {foreach: params.places, run: "echo ${{ item }} > ${{ outputs.o }}", inputs: {i: copy.o}, outputs: {o: artifact}}
  tell: {needs: [copy], run: "true"}
  never: {cache: false, run: "cat ${{ inputs.i }} > ${{ outputs.o }}", inputs: {i: copy.o}, outputs: {o: artifact}}
"""
CODE = "def make(i, o, n):\n    o.write_text(i.read_text() + 'a')\n    return {'auc': n}\n"


class Here:
    """The current folder, as users have one, and what the commands print there."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys

    def printed(self, *words: str) -> str:
        assert main(list(words)) == 0, self._capsys.readouterr()
        return self._capsys.readouterr().out

    def foreseen(self, *words: str) -> dict[str, Any]:
        found = {}
        for step in json.loads(self.printed("plan", "--cached", "--format", "json", *words))["steps"]:
            found |= step["cached"].get("instances") or {step["id"]: step["cached"]}
        return found

    def reused(self, *words: str) -> set[str]:
        return {name for name, one in self.foreseen(*words).items() if one["would"] == "reuse"}

    def taken(self, *words: str) -> set[str]:
        """What a run takes from the cache."""
        return {line.split()[1] for line in self.printed("run", *words).splitlines() if line.endswith("from the cache")}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mlspec.yaml").write_text(SPEC)
    (tmp_path / "raw").write_text("raw")
    (tmp_path / "src").mkdir()
    (tmp_path / "src/work.py").write_text(CODE)
    return Here(tmp_path, capsys)


@pytest.mark.slow
def test_a_run_does_what_was_foreseen(here: Here) -> None:
    first = here.foreseen()
    assert {name for name, one in first.items() if one["would"] != "run"} == {"rare"}
    assert (first["made"]["why"], first["copy"]["why"]) == ("it has not been made yet", "made.o is made anew")
    assert here.taken() == set()

    again = here.foreseen()
    assert {name: one["would"] for name, one in again.items()} == {
        **dict.fromkeys(("made", "copy", "either", "each[0]", "each[1]"), "reuse"),
        **dict.fromkeys(("good", "tell", "never"), "run"),
        "rare": "skip",
    }
    assert again["rare"]["why"] == "its condition does not hold: params.n > 5 (params.n = 3)"
    assert here.taken() == here.reused() != set()

    other = here.foreseen("-p", "n=4", "-p", 'places=["north", "west"]')
    assert told(other["made"]) == {("values", "params.n", "3", "4")}
    assert other["copy"]["why"] == "made.o is made anew"  # and may turn out to be what it was
    assert told(other["each[1]"]) == {("values", "item", '"south"', '"west"')}
    assert here.taken("-p", "n=4", "-p", 'places=["north", "west"]') == {"copy", "either", "each[0]"}

    (here.folder / "src/work.py").write_text(CODE.replace("'a'", "'b'"))
    (here.folder / "raw").write_text("other")
    changed = here.foreseen()
    assert {(kind, name) for kind, name, _, _ in told(changed["made"])} == {("inputs", "i"), ("code", "src/work.py")}
    text = here.printed("plan", "--cached")
    assert "runs: the input i has changed, src/work.py has changed since run " in text
    assert "each[0] runs: src/work.py has changed since run " in text

    (here.folder / "src/work.py").write_text(CODE)
    (here.folder / "raw").write_text("raw")
    for run in (here.folder / ".mlspec/store/life").glob("2*"):
        remove(run / "copy/o")
        (run / "copy/o").write_text("poisoned")
    poisoned = here.foreseen()
    assert (poisoned["made"]["would"], poisoned["copy"]["would"]) == ("reuse", "run")
    assert poisoned["copy"]["why"].endswith("cannot lend it: its output o is not what it made: it has another digest")
    said = here.printed("run")
    assert "✓ copy " in said
    assert "copy/o is not what its record says" in said
    assert here.reused() == {"made", "copy", "either", "each[0]", "each[1]"}

    shutil.rmtree(here.folder / ".mlspec/store/life/_cache")
    assert here.reused() == set()


def told(foreseen: dict[str, Any]) -> set[tuple[str, str, str | None, str | None]]:
    assert foreseen["would"] == "run"
    return {(one["kind"], one["name"], one["was"], one["now"]) for one in foreseen["changes"]}


def test_which_package_another_requirement_would_bring_is_said(here: Here) -> None:
    """Before the environment is made, that is: what was installed is known, and what is asked for."""
    spec = SPEC.replace("pythonpath: [src]", "pythonpath: [src], requirements: [pluggy>=1]")
    (here.folder / "mlspec.yaml").write_text(spec)
    here.printed("run", "--only", "made")
    assert here.foreseen()["made"]["would"] == "reuse"
    (here.folder / "mlspec.yaml").write_text(spec.replace("pluggy>=1", "pluggy==99.1, notyet==2"))
    ((kind, name, was, now), *others) = sorted(told(here.foreseen()["made"]), reverse=True)
    assert (kind, name, now, was is not None) == ("packages", "pluggy", "99.1", True)
    assert others == [("packages", "notyet", None, "2")]


def test_what_goes_with_the_cache_is_said(here: Here, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--cached", "--format", "dot"]) == 2
    assert main(["plan", "-p", "n=1"]) == 2
    assert main(["plan", "--cached", "-p", "m=1"]) == 2
    assert "there is no parameter 'm'; the spec has: n, places" in capsys.readouterr().err
