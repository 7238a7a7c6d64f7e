"""The harness itself: it must refuse what a controller refuses, or the runs prove nothing."""

from __future__ import annotations

import pytest

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


@pytest.mark.parametrize("made", [chain(65), tree(65), chain(1000), tree(1000)], ids=lambda made: made.lifecycle)
def test_large_plans_fit_a_controller(made: object) -> None:
    checked = jenkins.check(TARGET.emit(made)[0].content)  # type: ignore[arg-type]
    assert checked.problems == ()
    assert max(checked.bytes.values()) < 0.9 * METHOD_LIMIT
    assert checked.constants < 5_000  # a class holds 65,535; the transform adds some for each method
