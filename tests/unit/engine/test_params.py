"""Parameters of a run: read by type, held to their bounds, given to step processes as text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mlspec.engine.params import complete_params, param_variables, params_from_text, refuse_secrets
from mlspec.expr.limits import ParameterError
from mlspec.ir.declarations import Parameter, Secret
from mlspec.ir.model import Plan

PLAN = Plan(
    "l",
    "mlspec.yaml",
    "sha256:0",
    (),
    params=(
        Parameter("seed", "integer", 7, minimum=1, maximum=9),
        Parameter("rate", "number", 0.5),
        Parameter("name", "string", "a", pattern="^[a-z]+$"),
        Parameter("loss", "string", "log", enum=("log", "hinge")),
        Parameter("promote", "boolean", True),
        Parameter("regions", "list", []),
        Parameter("extra", "object", {}),
    ),
)


def test_texts_are_read_by_the_declared_type() -> None:
    texts = {"seed": "3", "rate": "2", "name": "c", "promote": "false", "regions": '["é"]', "extra": '{"a":1}'}
    values = params_from_text(PLAN, texts)
    assert values == {"seed": 3, "rate": 2, "name": "c", "promote": False, "regions": ["é"], "extra": {"a": 1}}


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ({"sede": "1"}, "no parameter 'sede'; did you mean 'seed'"),
        ({"seed": "x"}, "seed: 'x'"),
        ({"promote": "1"}, "promote: '1'"),
    ],
)
def test_texts_that_are_refused(texts: dict[str, str], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        params_from_text(PLAN, texts)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("seed", 0, "seed: 0 is below its minimum 1"),
        ("seed", 10, "seed: 10 is above its maximum 9"),
        ("seed", True, "seed: true is not of its type integer"),
        ("seed", None, "seed: null is not of its type integer"),
        ("name", "A1", 'name: "A1" does not match'),
        ("loss", "l2", 'loss: "l2" is none of "log", "hinge"'),
        ("other", 1, "no parameter 'other'"),
    ],
)
def test_values_that_are_refused(name: str, value: Any, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        complete_params(PLAN, {name: value})


def test_values_are_what_step_processes_read_of_their_texts() -> None:
    params = complete_params(PLAN, {"regions": [{"b": 1.0, "a": {"z": 0, "y": 1}}], "rate": 2.0})
    assert list(params["regions"][0]) == ["a", "b"]
    assert list(params["regions"][0]["a"]) == ["y", "z"]
    assert [repr(params["regions"][0]["b"]), repr(params["rate"])] == ["1", "2"]


def test_the_rest_keep_their_defaults_and_the_plan_its_order() -> None:
    params = complete_params(PLAN, {"loss": "hinge", "seed": 1})
    assert list(params.items())[:4] == [("seed", 1), ("rate", 0.5), ("name", "a"), ("loss", "hinge")]
    assert param_variables({"name": "it's", "promote": True, "regions": ["é", 1]}) == {
        "MLSPEC_PARAM_NAME": "it's",
        "MLSPEC_PARAM_PROMOTE": "true",
        "MLSPEC_PARAM_REGIONS": '["é",1]',
    }


def test_a_value_that_holds_a_secret_is_refused() -> None:
    plan = replace(PLAN, secrets={"token": Secret("token", "TOKEN")})
    refuse_secrets(plan, {"name": "abcdefsecret"}, {})
    refuse_secrets(plan, {"name": "ab"}, {"TOKEN": "ab"})
    with pytest.raises(ParameterError, match="extra holds the value of the secret 'token'"):
        refuse_secrets(plan, {"extra": {"a": ["pw is abcdefsecret"]}}, {"TOKEN": "abcdefsecret"})


def test_a_key_that_stands_twice_is_refused() -> None:
    with pytest.raises(ParameterError, match="has a key twice"):
        params_from_text(PLAN, {"extra": '{"a": 1, "a": 2}'})
