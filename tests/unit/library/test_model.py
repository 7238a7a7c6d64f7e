import math

import pytest

from mlspec.errors import StepError
from mlspec.library.model import LibraryStep, Option, Port, suggestion

STEP = LibraryStep(
    name="test/step",
    summary="Does what a test wants",
    stage="model",
    inputs={"data": Port("dataset", "Rows"), "more": Port("dataset", "More rows", required=False, many=True)},
    outputs={"metrics": Port("metrics", "all"), "report": Port("report", "HTML")},
    options={
        "target": Option("string", "The column", required=True),
        "rows": Option("integer", "How many", default=10, minimum=1, maximum=100),
        "mode": Option("string", "How", default="fail", enum=("fail", "report")),
        "columns": Option("list", "Which", items="string"),
        "label": Option("scalar", "Which one"),
    },
    requirements=("some-package",),
    function=lambda inputs, outputs, with_: dict(with_),
)


@pytest.mark.parametrize(
    ("option", "value", "fault"),
    [
        ("rows", 4, None),
        ("rows", 4.0, None),
        ("rows", 4.5, "must be an integer, not 4.5"),
        ("rows", math.nan, "must be an integer, not nan"),
        ("rows", True, "must be an integer, not True"),
        ("rows", "4", "must be an integer, not '4'"),
        ("rows", 0, "must be at least 1, not 0"),
        ("rows", 101, "must be at most 100, not 101"),
        ("rows", None, None),
        ("target", None, "must not be null"),
        ("mode", "warn", "must be one of 'fail', 'report', not 'warn'"),
        ("columns", ["a", "b"], None),
        ("columns", ["a", 1], "must be a list whose elements are each a string"),
        ("columns", "a", "must be a list, not 'a'"),
        ("label", 1, None),
        ("label", ">50K", None),
        ("label", [1], "must be a scalar, not [1]"),
    ],
)
def test_option_values(option, value, fault):
    assert STEP.options[option].problem(value) == fault


def test_all_problems_are_found_at_once():
    found = STEP.problems({"row": 3, "mode": 1})
    assert [(problem.option, problem.message) for problem in found] == [
        ("row", "test/step has no option 'row'"),
        ("mode", "option 'mode' of test/step must be a string, not 1"),
        (None, "test/step needs the option 'target'"),
    ]
    assert found[0].hint == "did you mean 'rows'?"


def test_a_value_known_only_when_it_runs_is_given_but_not_judged():
    assert STEP.problems({"target": "${{ params.target }}", "rows": "${{ params.rows }}"}, unknown={"target", "rows"}) == []


def test_run_fills_in_defaults_and_makes_integers(tmp_path):
    done = STEP.run({"data": tmp_path}, {"report": tmp_path / "r"}, {"target": "y", "rows": 4.0})
    assert done == {"target": "y", "rows": 4, "mode": "fail", "columns": None, "label": None}
    assert isinstance(done["rows"], int)


@pytest.mark.parametrize(
    ("inputs", "with_", "message"),
    [
        ({}, {"target": "y"}, "needs the input 'data': Rows"),
        ({"data": 1, "dat": 1}, {"target": "y"}, "has no input 'dat'; did you mean 'data'?"),
        ({"data": [1, 2]}, {"target": "y"}, "input 'data' of test/step is one dataset, not a list of 2"),
        ({"data": 1}, {}, "needs the option 'target'"),
        ({"data": 1}, {"target": "y", "rows": 0, "mode": "x"}, "at least 1, not 0; option 'mode' of test/step must be one of"),
    ],
)
def test_run_refuses(inputs, with_, message, tmp_path):
    with pytest.raises(StepError) as caught:
        STEP.run(inputs, {"report": tmp_path / "r"}, with_)
    assert message in str(caught.value)


def test_run_names_an_output_without_a_place(tmp_path):
    with pytest.raises(StepError, match="needs a place for its output 'report'"):
        STEP.run({"data": tmp_path}, {}, {"target": "y"})


def test_run_says_what_is_not_installed(tmp_path):
    def needs_it(inputs, outputs, with_):
        import no_such_module_here  # noqa: F401

    step = LibraryStep("test/needy", "Needs", "model", {}, {}, needs_it, requirements=("that-package",))
    with pytest.raises(StepError, match=r"needs that-package, and the module 'no_such_module_here' is not installed here"):
        step.run({}, {}, {})


def test_extra_inputs():
    step = LibraryStep("t/x", "X", "model", {}, {}, lambda i, o, w: None, extra_inputs=Port("metrics", "Any"))
    assert step.input("whatever") == Port("metrics", "Any")
    assert STEP.input("whatever") is None


@pytest.mark.parametrize(
    ("name", "known", "words"),
    [
        ("agee", ["age", "sex"], "did you mean 'age'?"),
        ("q", ["age", "sex"], "there are 'age', 'sex'"),
        ("q", [], "there are none"),
    ],
)
def test_suggestion(name, known, words):
    assert suggestion(name, known) == words
