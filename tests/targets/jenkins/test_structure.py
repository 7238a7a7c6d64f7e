"""The harness itself: it must refuse what a controller refuses, or the runs prove nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlspec.ir.model import Plan
from mlspec.targets.jenkins import TARGET
from mlspec.targets.jenkins.size import METHOD_LIMIT
from tests.engines import jenkins
from tests.targets.jenkins.plans import PLANS, chain, tree

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
    "made", [chain(65), tree(65), chain(150), tree(100), chain(160), chain(1000), tree(1000)], ids=lambda made: made.lifecycle
)
def test_large_plans_fit_a_controller(made: Plan) -> None:
    checked = jenkins.check(TARGET.emit(made)[0].content)
    assert checked.problems == ()
    assert max(checked.bytes.values()) < 0.9 * METHOD_LIMIT
    assert checked.constants < 5_000  # a class holds 65,535; the transform adds some for each method
    assert max(checked.code.values()) < METHOD_LIMIT / 10


@pytest.mark.parametrize(("length", "whens", "stages"), [(70, 69, 70), (80, 0, 80), (150, 0, 150), (160, 0, 1)])
def test_steps_are_stages_up_to_some_150(length: int, whens: int, stages: int) -> None:
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
