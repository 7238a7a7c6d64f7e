"""What an editor shows, by the real yaml-language-server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.editors.documents import SEEN, UNMARKED, VALID, name_of
from tests.editors.language_server import LanguageServer

pytestmark = pytest.mark.node
HEAD = "apiVersion: mlspec/v1\nkind: Lifecycle\nmetadata: {name: demo}\n"
STEP = HEAD + "steps:\n  train:\n"
BODIES = {"run", "call", "uses", "gate", "approval"}


@pytest.fixture(scope="module")
def server() -> Iterator[LanguageServer]:
    running = LanguageServer()
    yield running
    running.close()


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("¦", {"apiVersion", "kind", "metadata", "params", "steps", "finally", "monitor", "targets", "profiles"}),
        (STEP + "    ¦", {*BODIES, "with", "inputs", "outputs", "needs", "when", "retry", "x-airflow", "x-jenkins"}),
        (HEAD + "finally:\n  clean:\n    ¦", {*BODIES, "with"}),
        (HEAD + "monitor:\n  steps:\n    drift:\n      ¦", {*BODIES, "with"}),
        (HEAD + "profiles:\n  prod:\n    steps:\n      train:\n        ¦", {*BODIES, "with"}),
        ("include: [base.yaml]\nsteps:\n  train:\n    ¦", {*BODIES, "with"}),
        (HEAD + "params:\n  depth:\n    ¦", {"type", "default", "minimum", "maximum", "enum", "pattern", "description"}),
        (HEAD + "targets:\n  airflow:\n    ¦", {"version", "runner", "pool", "dag_id"}),
        (STEP + "    uses: evaluate/classifier\n    with:\n      ¦", {"target", "positive", "threshold"}),
        (STEP + "    uses: evaluate/classifier\n    inputs:\n      ¦", {"model", "data"}),
    ],
)
def test_it_completes_keys(text: str, offered: set[str], server: LanguageServer) -> None:
    assert offered <= set(server.complete(text))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (HEAD + "on_failure: ¦", {"stop", "continue"}),
        (STEP + "    stage: ¦", {"data", "model", "service"}),
        (STEP + "    run_if: ¦", {"success", "failure", "always"}),
        (STEP + "    outputs:\n      table: ¦", {"dataset", "model", "report", "artifact", "metrics", "values"}),
        (HEAD + "targets:\n  airflow:\n    runner: ¦", {"bash", "docker", "kubernetes"}),
    ],
)
def test_it_completes_exactly_the_values_there_are(text: str, values: set[str], server: LanguageServer) -> None:
    assert set(server.complete(text)) == values


def test_it_completes_library_steps_and_says_what_they_do(server: LanguageServer) -> None:
    offered = server.complete(STEP + "    uses: ¦")
    assert {"data/validate", "evaluate/classifier", "fairness/assess"} <= set(offered)
    assert str(offered["fairness/assess"]["documentation"]).startswith("Compares a classifier's decisions")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("st¦eps: {train: {run: python train.py}}\n", "What runs: steps by name."),
        ("steps:\n  train:\n    run: python train.py\n    time¦out: 5m\n", "How long one attempt may take"),
        ("steps:\n  train:\n    run: python train.py\n    time¦out: 5m\n", "2h"),
        ("steps:\n  train:\n    run: python train.py\n    run_if: al¦ways\n", "All steps before it have ended"),
        ("steps:\n  check:\n    uses: data/validate\n    with: {con¦tract: a.yaml}\n", "The contract, a YAML file"),
        ("params:\n  auc: {default: 0.7, mini¦mum: 0.5}\n", "The least a number may be."),
        ("profiles:\n  prod:\n    st¦ore: s3://acme/store\n", "Where artifacts live between steps"),
    ],
)
def test_hover_shows_what_a_key_is(text: str, shown: str, server: LanguageServer) -> None:
    assert shown in server.hover(HEAD + text)


@pytest.mark.parametrize("document", VALID, ids=name_of)
def test_it_marks_nothing_in_what_is_valid(document: Path, server: LanguageServer) -> None:
    assert server.diagnose(document.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("document", [path for path in SEEN if path.stem not in UNMARKED], ids=name_of)
def test_it_marks_mistakes_where_mlspec_does(document: Path, server: LanguageServer) -> None:
    marks = server.diagnose(document.read_text(encoding="utf-8"))
    places = re.findall(
        rf"/{re.escape(document.name)}:(\d+):\d+: error", document.with_suffix(".out").read_text(encoding="utf-8")
    )
    # mlspec points to a key where a mapping is wrong, the server to the value, which may begin a line further down.
    assert {int(line) + further for line in places for further in (0, 1)} & {mark.line for mark in marks}


@pytest.mark.parametrize(
    ("text", "marked", "message"),
    [
        ("    {}\n", "train", "A step has exactly one body: run, call, uses, gate or approval."),
        ("    run: a\n    call: b:c\n", "call", "A step has exactly one body: run, call, uses, gate or approval."),
        ("    run: a\n    retires: 5\n", "retires", "Property retires is not allowed."),
        ("    run: a\n    timeout: 5 minutes\n", "5 minutes", "A duration: 30s, 20m, 1h30m or 3d."),
        ("    gate: [a.b.c > 1]\n    retry: {limit: 1}\n", "retry", "This key has no meaning in a step with gate."),
        (
            "    uses: data/validate\n    with: {contrct: a}\n    inputs: {data: a.b}\n",
            "contrct",
            "Property contrct is not allowed.",
        ),
    ],
)
def test_messages_name_the_fix(text: str, marked: str, message: str, server: LanguageServer) -> None:
    assert (marked, message) in [(mark.text, mark.message) for mark in server.diagnose(STEP + text)]
