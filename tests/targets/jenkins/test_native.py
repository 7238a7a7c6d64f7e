"""Options and steps of Jenkins' own: marked in the file, of a form that Jenkins takes, and run by it."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlspec import api
from mlspec.targets.jenkins import TARGET
from mlspec.targets.jenkins.native import OWN, native_call
from tests.engines import jenkins

HEAD = "apiVersion: mlspec/v1\nkind: Lifecycle\nmetadata: {name: native}\n"
STEPS = "environments: {ml: {image: 'a:1'}}\nsteps: {s: {run: 'true', resources: {cpu: 2}}}\n"


def emitted(folder: Path, options: dict[str, Any], steps: str = STEPS) -> tuple[str | None, list[str]]:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mlspec.yaml").write_text(f"{HEAD}targets: {json.dumps({'jenkins': options})}\n{steps}")
    files, findings = api.emit(api.plan(api.load(folder / "mlspec.yaml")), TARGET)
    return (files[0].content if files is not None else None), [one.code for one in findings if one.severity == "error"]


@pytest.mark.parametrize(
    ("value", "call"),
    [
        (30, "name(30)"),
        (True, "name(true)"),
        ("it's\n\\x", "name('''\\\nit's\n\\\\x''')"),
        ({}, "name()"),
        ({"a": 1.5, "b c": None, "d": {"e": ["x", {}]}}, "name(a: 1.5, 'b c': null, d: [e: ['x', [:]]])"),
        (["a", 2], "name('a', 2)"),
    ],
)
def test_a_call_is_of_what_the_spec_gives(value: Any, call: str) -> None:
    assert native_call("name", value) == call


def test_options_are_marked_and_those_that_jenkins_knows(tmp_path: Path) -> None:
    text, _ = emitted(
        tmp_path, {"options": {"quietPeriod": 30, "preserveStashes": {"buildCount": 5}, "overrideIndexTriggers": False}}
    )
    assert text is not None
    marked = "        // As `targets.jenkins.options` says.\n        quietPeriod(30)\n        preserveStashes(buildCount: 5)\n"
    assert marked in text


@pytest.mark.groovy
def test_jenkins_takes_them(tmp_path: Path) -> None:
    text, _ = emitted(tmp_path, {"options": {"quietPeriod": 30, "preserveStashes": {"buildCount": 5}}})
    assert text is not None
    assert jenkins.check(text).problems == ()


@pytest.mark.groovy
def test_steps_after_all_stages_run_by_the_result(tmp_path: Path) -> None:
    post = {"always": [{"sh": "touch always"}], "failure": [{"sh": {"script": "touch failure"}}], "success": [{"echo": "well"}]}
    steps = "steps: {s: {run: '[ -e good ]', outputs: {}}}\nfinally: {bye: {run: 'touch bye'}}\n"
    text, _ = emitted(tmp_path, {"post": post}, steps)
    assert text is not None
    assert "            finish()\n            // As `targets.jenkins.post` says.\n            sh('touch always')\n" in text
    assert jenkins.build(tmp_path, text).result == "FAILURE"
    assert {path.name for path in tmp_path.iterdir()} >= {"bye", "always", "failure"}
    (tmp_path / "failure").unlink()
    (tmp_path / "good").touch()
    assert jenkins.build(tmp_path, text).result == "SUCCESS"
    assert not (tmp_path / "failure").exists()


def test_arguments_of_docker_are_behind_what_the_resources_come_to(tmp_path: Path) -> None:
    steps = STEPS.replace("run: 'true'", "run: 'true', environment: ml")
    text, _ = emitted(tmp_path, {"agent": {"docker": True, "args": "--shm-size 8g -v /c:/c"}}, steps)
    assert text is not None
    assert "limits: '--cpus 2'" in text
    assert (
        "// As `targets.jenkins.agent.args` says: what Docker gets for each step, behind its limits.\n"
        "@Field String dockerArgs = '--shm-size 8g -v /c:/c'\n"
    ) in text
    done = jenkins.build(tmp_path, text)
    assert done.result == "SUCCESS"
    assert re.search(r"inside \S+ --cpus 2 --shm-size 8g -v /c:/c$", done.log, re.MULTILINE)


@pytest.mark.parametrize(
    "options",
    [*({"options": {name: 1}} for name in OWN), {"agent": {"args": "-v /c:/c"}}, {"post": {"always": [{"sh('x'); sh": "y"}]}}],
)
def test_what_is_set_already_or_changes_the_run_is_refused(tmp_path: Path, options: dict[str, Any]) -> None:
    assert emitted(tmp_path, options) == (None, ["MLS559"])


@pytest.mark.parametrize(
    "options", [{"options": {"not a name": 1}}, {"post": {"alwys": []}}, {"post": {"always": {"sh": "x"}}}]
)
def test_a_wrong_form_is_an_error_of_the_spec(tmp_path: Path, options: dict[str, Any]) -> None:
    with pytest.raises(api.SpecError):
        emitted(tmp_path, options)


def test_a_file_without_them_has_no_line_of_them(tmp_path: Path) -> None:
    text, _ = emitted(tmp_path, {})
    assert text is not None
    assert "targets.jenkins." not in text


@pytest.mark.groovy
def test_a_pod_has_what_the_spec_adds_to_it(tmp_path: Path) -> None:
    more = {"tolerations": [{"key": "gpu", "operator": "Exists"}], "hostname": 'it\'s $HOME ${x} \\ "q" é'}
    steps = STEPS.replace("run: 'true'", "run: 'true', environment: ml") + "store: s3://a/b\n"
    text, codes = emitted(tmp_path, {"agent": {"kubernetes": {"pod": more}}}, steps)
    assert text is not None, codes
    begin = text.index("String podOf(")
    function = text[begin : text.index("\n}\n", begin) + 3]
    pod = yaml.safe_load(jenkins.evaluate(f"{function}\nreturn podOf([image: 'a:1'])"))
    assert {key: pod["spec"][key] for key in more} == more
    assert pod["spec"]["containers"][0]["image"] == "a:1"


@pytest.mark.parametrize("key", ["containers", "serviceAccountName", "imagePullSecrets"])
def test_a_pod_keeps_what_the_file_says_of_it(tmp_path: Path, key: str) -> None:
    options = {"agent": {"kubernetes": {"image": "a:1", "pod": {key: []}}}}
    assert emitted(tmp_path, options, STEPS + "store: s3://a/b\n") == (None, ["MLS559"])


@pytest.mark.parametrize(
    ("options", "at"),
    [
        ({"options": {"timestamps": {}}}, "options.timestamps"),
        ({"options": {"disableConcurrentBuilds": {"a": 1}}}, "options.disableConcurrentBuilds"),
        ({"post": {"failure": [{"a b": 1}]}}, "post.failure"),
        ({"agent": {"docker": True, "kubernetes": {}}}, "agent.docker"),
        ({"agent": {"args": "-v /c:/c"}}, "agent.args"),
    ],
)
def test_what_is_refused_is_found_where_it_stands(tmp_path: Path, options: dict[str, Any], at: str) -> None:
    written = textwrap.indent(yaml.safe_dump(options, default_flow_style=False), "    ")
    text = f"{HEAD}targets:\n  jenkins:\n{written}{STEPS}"
    (tmp_path / "mlspec.yaml").write_text(text)
    _, findings = api.emit(api.plan(api.load(tmp_path / "mlspec.yaml")), TARGET)
    found = next(one for one in findings if one.severity == "error" and one.path == f"targets.jenkins.{at}")
    key = at.rpartition(".")[2]
    first = next(number for number, line in enumerate(text.splitlines(), 1) if f"{key}:" in line)
    assert first <= found.span.line <= first + 1
