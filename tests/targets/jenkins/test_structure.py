"""The harness itself: it must refuse what a controller refuses, or the runs prove nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from mlspec.ir.declarations import Parameter
from mlspec.ir.model import Plan
from mlspec.targets.jenkins import TARGET, size
from mlspec.targets.jenkins.size import METHOD_LIMIT
from tests.engines import jenkins
from tests.targets.built import plan
from tests.targets.jenkins.plans import FORMS, PLANS, chain, step, take, tree

pytestmark = pytest.mark.groovy

GOOD = """
pipeline {
    agent any
    parameters {
        string(name: 'P', defaultValue: 'x', description: 'd')
    }
    stages {
        stage('a') {
            when { expression { true } }
            steps { sh 'true' }
        }
        stage('b') {
            parallel {
                stage('c') {
                    steps { sh 'true' }
                }
                stage('d') {
                    stages {
                        stage('e') {
                            steps { sh 'true' }
                        }
                    }
                }
            }
        }
    }
    post {
        always { sh 'true' }
    }
}
"""

BROKEN = {
    "two stages of one name": ("stage('d')", "stage('c')", "two stages are named 'c'"),
    "parallel inside parallel": ("                    stages {", "                    parallel {", "parallel inside parallel"),
    "an agent on a parallel stage": (
        "            parallel {",
        "            agent any\n            parallel {",
        "may not have agent",
    ),
    "no agent": ("    agent any\n", "", "a pipeline needs agent"),
    "empty steps": ("steps { sh 'true' }", "steps { }", "steps of 'a' is empty"),
    "empty post": ("always { sh 'true' }", "", "post is empty"),
    "empty when": ("when { expression { true } }", "when { }", "when is empty"),
    "an if in steps": ("steps { sh 'true' }", "steps { if (true) { sh 'true' } }", "put Groovy into script"),
    "a def in steps": ("steps { sh 'true' }", "steps { def x = 1 }", "put Groovy into script"),
    "a call on an object": ("steps { sh 'true' }", "steps { foo.bar() }", "called on an object"),
    "a computed stage name": ("stage('a')", 'stage("a${1}")', "literal name"),
    "a stage without a body": (
        "            steps { sh 'true' }\n        }\n        stage('b')",
        "        }\n        stage('b')",
        "needs one of",
    ),
    "an unknown section": ("    post {", "    posts {", "may not hold posts"),
    "an unknown condition": ("always {", "allways {", "may not hold allways"),
    "a section twice": ("    agent any\n", "    agent any\n    agent any\n", "has agent twice"),
    "sections on one line": ("    agent any\n    parameters", "    agent any; parameters", "share a line"),
    "a number as a string's default": ("defaultValue: 'x'", "defaultValue: 3", "needs a value of type String"),
    "an unknown type of parameter": ("string(name", "strung(name", "no parameter type strung"),
    "retry of a string": ("steps { sh 'true' }", "steps { retry('3') { sh 'true' } }", "retry takes a number"),
    "a timeout in weeks": ("steps { sh 'true' }", "steps { timeout(time: 1, unit: 'WEEKS') { sh 'true' } }", "no unit WEEKS"),
    "no pipeline": ("pipeline {", "node {", "not 0"),
    "no stages": (
        "        stage('e') {\n                            steps { sh 'true' }\n                        }\n",
        "",
        "stages is empty",
    ),
    "a step among stages": ("        stage('a') {", "        sh 'true'\n        stage('a') {", "only stage may stand here"),
    "a stage without a name": ("stage('a')", "stage('')", "a stage has no name"),
    "an option of pipelines on a stage": (
        "            when {",
        "            options { disableConcurrentBuilds() }\n            when {",
        "disableConcurrentBuilds is no option of a stage",
    ),
    "an option twice": (
        "            when {",
        "            options {\n                timestamps()\n                timestamps()\n            }\n            when {",
        "options has timestamps twice",
    ),
    "empty options": ("            when {", "            options { }\n            when {", "options is empty"),
    "an empty environment": ("            when {", "            environment { }\n            when {", "environment is empty"),
    "a list in the environment": (
        "            when {",
        "            environment { A = [1] }\n            when {",
        "environment holds NAME",
    ),
    "an agent of two arguments": ("    agent any\n", "    agent('a', 'b')\n", "agent takes one argument"),
    "an empty expression": ("expression { true }", "expression { }", "expression is empty"),
    "no parameters": ("        string(name: 'P', defaultValue: 'x', description: 'd')\n", "", "parameters is empty"),
    "a parameter without a name": ("name: 'P', ", "", "a parameter needs a name of its own"),
    "a parameter of an unknown key": ("description: 'd'", "describe: 'd'", "a parameter has no describe"),
    "a trigger of two arguments": (
        "    parameters {",
        "    triggers {\n        cron('H 3 * * *', 'x')\n    }\n    parameters {",
        "cron takes one string",
    ),
    "an unknown trigger": (
        "    parameters {",
        "    triggers {\n        often('x')\n    }\n    parameters {",
        "may not hold often",
    ),
    "a trigger twice": (
        "    parameters {",
        "    triggers {\n        cron('H 3 * * *')\n        cron('H 4 * * *')\n    }\n    parameters {",
        "triggers has cron twice",
    ),
    "a timeout of two numbers": (
        "steps { sh 'true' }",
        "steps { timeout(1, 2) { sh 'true' } }",
        "timeout takes time: and unit:",
    ),
    "a map too long": (
        "expression { true }",
        "expression { [" + ", ".join(f"k{n}: 1" for n in range(126)) + "] }",
        "126 entries",
    ),
    "a list too long": ("expression { true }", "expression { [" + "1, " * 251 + "] }", "251 elements"),
}


def test_a_good_file_passes() -> None:
    assert jenkins.check(GOOD).problems == ()


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_refused(name: str) -> None:
    old, new, message = BROKEN[name]
    assert old in GOOD
    problems = jenkins.check(GOOD.replace(old, new, 1)).problems
    assert any(message in problem for problem in problems), problems


def test_a_pipeline_of_many_stages_is_too_large() -> None:
    stage = "        stage('s%d') {\n            steps { sh 'true' }\n        }\n"
    many = GOOD.replace("    stages {\n", "    stages {\n" + "".join(stage % number for number in range(300)), 1)
    assert any("64" in problem or str(METHOD_LIMIT) in problem for problem in jenkins.check(many).problems)


@pytest.mark.parametrize("name", PLANS)
def test_generated_files_keep_to_the_rules(name: str) -> None:
    assert jenkins.check(TARGET.emit(PLANS[name])[0].content).problems == ()


def test_the_code_of_every_method_is_measured() -> None:
    """What Groovy compiles is read from the class files; a method over the limit it does not compile at all."""
    long = "\ndef work() {\n" + "    sh 'true'\n" * 1500 + "}\n"
    code = jenkins.check(GOOD + long).code
    assert 20_000 < code["Jenkinsfile.work"] < METHOD_LIMIT
    assert max(jenkins.check(GOOD).code.values()) < 1_000
    with pytest.raises(AssertionError, match="Method too large"):
        jenkins.check(GOOD + long.replace("    sh 'true'\n", "    sh 'true'\n" * 4))


@pytest.mark.parametrize(
    "made", [chain(62), tree(60), chain(136), tree(100), chain(160), chain(1000), tree(1000)], ids=lambda made: made.lifecycle
)
def test_large_plans_fit_a_controller(made: Plan) -> None:
    checked = jenkins.check(TARGET.emit(made)[0].content)
    assert checked.problems == ()
    assert max(checked.bytes.values()) < 0.9 * METHOD_LIMIT
    assert checked.constants < 5_000  # a class holds 65,535; the transform adds some for each method
    assert max(checked.code.values()) < METHOD_LIMIT / 10


@pytest.mark.parametrize(("length", "whens", "stages"), [(60, 59, 60), (66, 0, 66), (135, 0, 135), (140, 0, 1)])
def test_steps_are_stages_up_to_some_135(length: int, whens: int, stages: int) -> None:
    text = TARGET.emit(chain(length))[0].content
    pipeline = text[: text.index("\n}\n")]
    assert (pipeline.count("when {"), pipeline.count("stage('")) == (whens, stages)


STEPS = """
pipeline {
    agent any
    stages {
        stage('all') {
            steps { all() }
        }
    }
    post {
        always { sh 'echo post > post' }
    }
}

def all() {
    sh 'mkdir -p folder; echo 0 > count'
    retry(3) { sh 'echo x >> tries; [ "$(wc -l < tries)" -eq 3 ]' }
    def answer = input(message: 'Go?')
    withEnv(['SAID=it is = ' + answer]) {
        dir('folder') { sh 'printf %s "$SAID" > said' }
    }
    def text = sh(script: 'echo out; echo err >&2', returnStdout: true).trim()
    def status = sh(script: 'exit 42', returnStatus: true)
    sh "echo ${text} ${status} > report"
    parallel([
        slow: { sh 'until [ -e order ]; do sleep 0.05; done; echo slow >> order' },
        fast: { sh 'echo fast >> order' },
        bad: { error('bad branch') },
    ])
}
"""


def test_steps_do_what_their_documentation_says(tmp_path: Path) -> None:
    done = jenkins.build(tmp_path, STEPS, answers={"Go?": "yes"})
    assert (tmp_path / "tries").read_text() == "x\n" * 3
    assert (tmp_path / "folder/said").read_text() == "it is = yes"
    assert (tmp_path / "report").read_text() == "out 42\n"
    assert (tmp_path / "order").read_text() == "fast\nslow\n", "a failing branch lets the others end"
    assert (tmp_path / "post").exists()
    assert (done.result, done.stages) == ("FAILURE", {"all": "FAILURE"})
    assert "ERROR: bad branch" in done.log


@pytest.mark.parametrize("answers", [{"Go?": False}, {}])
def test_without_consent_nothing_follows(tmp_path: Path, answers: dict[str, object]) -> None:
    done = jenkins.build(tmp_path, STEPS, answers=answers)
    assert done.result == ("ABORTED" if answers else "FAILURE")
    assert not (tmp_path / "folder/said").exists()
    assert (tmp_path / "post").exists()


def test_a_timeout_ends_the_process(tmp_path: Path) -> None:
    text = STEPS.replace(
        "sh 'mkdir -p folder; echo 0 > count'", "timeout(time: 1, unit: 'SECONDS') { sh 'sleep 120; touch late' }"
    )
    assert jenkins.build(tmp_path, text).result == "ABORTED"
    assert not (tmp_path / "late").exists(), "a build that waits for its process sees it"


AGENTLESS = """
pipeline {
    agent none
    stages {
        stage('all') {
            steps { all() }
        }
    }
}

def all() {
    %s
}
"""


def agentless(project: Path, body: str, **answers: object) -> jenkins.Build:
    return jenkins.build(project, AGENTLESS % body, answers=answers)


def test_agents_have_workspaces_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "source").touch()
    (tmp_path / ".mlspec").mkdir()
    first = "node('a') {\n checkout scm\n sh 'test -e source; test ! -e .mlspec; touch made'\n }"
    second = "node('b') { sh 'test ! -e source; test ! -e made; touch made' }"
    done = agentless(tmp_path, f"{first}\n{second}\nparallel([x: {{ {second} }}, y: {{ {second} }}])")
    assert done.result == "SUCCESS", done.log
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("sh 'true'", "FilePath is missing"),
        ("checkout scm", "FilePath is missing"),
        ("node(POD_LABEL) { sh 'true' }", "POD_LABEL"),
        ("input(id: 'x', message: 'Go?')\n input(id: 'x', message: 'Go?')", "two questions have the id 'x'"),
    ],
)
def test_what_needs_more_than_the_controller_fails(tmp_path: Path, body: str, reason: str) -> None:
    done = agentless(tmp_path, body, **{"Go?": "ada"})
    assert done.result == "FAILURE"
    assert reason in done.log


def test_an_executor_that_is_held_by_a_question_is_told_of(tmp_path: Path) -> None:
    note = "an executor is held"
    assert note in agentless(tmp_path, "node('') { input(message: 'Go?') }", **{"Go?": "ada"}).log
    assert note not in agentless(tmp_path, "input(message: 'Go?')", **{"Go?": "ada"}).log


@pytest.mark.parametrize("fits", [("stage", 194), ("when", 92), ("parameter", 239)])
def test_no_more_is_estimated_to_fit_than_was_measured(fits: tuple[str, int]) -> None:
    """What fitted a controller, with the transform of a sandboxed job; estimates stay below that."""
    kind, most = fits
    weights = {"stage": size._STAGE, "when": size._STAGE + size._WHEN + size._NEED, "parameter": size._PARAMETER}
    assert (size._PIPELINE + most * weights[kind]) * 0.8 > size.BUDGET
    stage = "        stage('s%d') {\n            WHENsteps { sh 'true' }\n        }\n"
    stage = stage.replace("WHEN", "when { expression { ready('a', ['b']) } }\n            " if kind == "when" else "")
    parameter = "        string(name: 'P%d', defaultValue: 'x', description: 'd')\n"
    text = GOOD.replace(
        "        string(name: 'P', defaultValue: 'x', description: 'd')\n", parameter * (most if kind == "parameter" else 1)
    )
    text = text.replace("    stages {\n", "    stages {\n" + stage * (0 if kind == "parameter" else most), 1)
    names = iter(range(1000))
    assert jenkins.check("".join(part + str(next(names)) for part in text.split("%d")[:-1]) + text.split("%d")[-1]).problems


def test_long_lists_and_many_final_steps_are_cut() -> None:
    """A block or a call has at most 255 arguments, a list 250 elements."""
    many = [step(f"s{number}", stage="data") for number in range(300)]
    wide = plan("wide", *many, step("join", "true", *(one.id for one in many)), finals=tuple(step(f"f{n}") for n in range(270)))
    small = replace(
        plan("small", step("a"), finals=wide.finals), params=(Parameter("p", "string", "0", enum=tuple(map(str, range(300)))),)
    )
    for made in (wide, small):
        assert jenkins.check(TARGET.emit(made)[0].content).problems == ()
    text = TARGET.emit(small)[0].content
    assert text.count("def runFinalSteps") == 3
    assert "block has 251 statements" in str(jenkins.check(GOOD + "\ndef f() {\n" + "    g()\n" * 251 + "}\n").problems)
    with pytest.raises(AssertionError):  # Groovy itself refuses it
        jenkins.check(GOOD + f"\ndef f() {{ g({', '.join('1' * 256)}) }}\n")


def test_all_of_many_final_steps_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlspec.targets.jenkins.emit.FINALS_IN_A_FUNCTION", 2)
    made = plan("many", step("a"), finals=tuple(step(f"f{n}", f"touch f{n}") for n in range(5)))
    done = jenkins.build(tmp_path, TARGET.emit(made)[0].content)
    assert done.result == "SUCCESS", done.log
    assert {path.name for path in tmp_path.glob("f*")} == {f"f{n}" for n in range(5)}


TROUBLE = """
@groovy.transform.Field int tries = 0

pipeline {
    agent any
    options {
        %s
    }
    stages {
        stage('a') {
            steps { a() }
        }
        stage('b') {
            steps { sh 'touch b' }
        }
    }
    post {
        always { sh 'touch post' }
    }
}

def a() { %s }
"""


@pytest.mark.parametrize(
    ("body", "events", "result", "stages"),
    [
        # An expired timeout and a lost agent are caught, and have a result of their own; an abort is not caught.
        (
            "catchError(catchInterruptions: false) { timeout(time: 1, unit: 'SECONDS') { sh 'sleep 60' } }",
            {},
            "ABORTED",
            "ABORTED",
        ),
        (
            "catchError(catchInterruptions: false) { sh(label: 'x', script: 'touch sign; sleep 60') }",
            {"lost": {"x": 1}},
            "FAILURE",
            "x",
        ),
        (
            "catchError(catchInterruptions: false) { sh(label: 'x', script: 'touch sign; sleep 60') }",
            {"abort": "x"},
            "ABORTED",
            "-",
        ),
        ("catchError(buildResult: 'SUCCESS', stageResult: 'NOT_BUILT') { error('x') }", {}, "SUCCESS", "NOT_BUILT"),
        # Conditions choose what is tried again; without any it is all but interruptions of the build.
        ("retry(count: 3, conditions: [agent(), nonresumable()]) { tries++; error('x') }", {}, "FAILURE", "1"),
        ("retry(3) { tries++; if (tries < 3) { error('x') } }; echo('tries ' + tries)", {}, "SUCCESS", "SUCCESS"),
        ("retry(3) { sh(label: 'x', script: 'echo x >> tries; touch sign; sleep 60') }", {"abort": "x"}, "ABORTED", "-"),
    ],
)
def test_trouble_is_what_the_plugins_make_of_it(
    tmp_path: Path, body: str, events: dict[str, object], result: str, stages: str
) -> None:
    done = jenkins.build(tmp_path, TROUBLE % ("timestamps()", body), events={**events, "sign": str(tmp_path / "sign")})
    if stages == "x":  # without an agent nothing else runs
        assert done.result != "SUCCESS" and not (tmp_path / "b").exists()
        return
    assert done.result == result, done.log
    assert (tmp_path / "post").exists()
    assert (tmp_path / "b").exists() is (done.result != "FAILURE" and stages != "-")
    if stages in ("ABORTED", "NOT_BUILT", "SUCCESS"):
        assert done.stages["a"] == stages


def test_what_a_restart_of_the_controller_could_not_resume_is_told(tmp_path: Path) -> None:
    text = (TROUBLE % ("timestamps()", "kept = Optional.of(1)\n sh 'true'")).replace("int tries = 0", "Object kept = null")
    done = jenkins.build(tmp_path, text)
    assert done.result == "FAILURE"
    assert "java.util.Optional" in done.log


def test_a_timeout_of_the_whole_ends_it(tmp_path: Path) -> None:
    text = TROUBLE % ("timeout(time: 1, unit: 'SECONDS')", "sh 'sleep 60'")
    done = jenkins.build(tmp_path, text)
    assert (done.result, (tmp_path / "b").exists(), (tmp_path / "post").exists()) == ("ABORTED", False, True)


SANDBOX = {
    *(
        "add",
        "collect",
        "collectEntries",
        "collectMany",
        "contains",
        "containsValue",
        "endsWith",
        "every",
        "findAll",
        "flatten",
    ),
    *("isEmpty", "join", "keySet", "remove", "replace", "replaceAll", "size", "split", "startsWith", "toList", "toString"),
    *("image", "inside", "JsonSlurper", "parseText"),  # of `docker`, and of groovy.json
}
"""The methods of objects that files call: on the lists of script-security (`generic-whitelist`, `jenkins-whitelist`), which are all
that a sandboxed job may call."""


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("form", FORMS)
def test_files_call_what_the_sandbox_knows(name: str, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    take(form, monkeypatch)
    text = TARGET.emit(PLANS[name])[0].content
    functions = text[text.index("// Whether a step may start") :]
    code = re.sub(r"(?m)//.*$|'''(?s:.*?)'''|'(?:[^'\\\n]|\\.)*'|\"\"\"(?s:.*?)\"\"\"", "''", functions)
    assert set(re.findall(r"\.(\w+)\s*[({]", code)) <= SANDBOX
