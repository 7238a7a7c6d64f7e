"""Models of declarations: the findings that a spec gets, from what a target says of an option."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

import pytest
import yaml

from mlspec import api
from mlspec.checking.check import Checked
from mlspec.checking.declared import language, model_of
from mlspec.source.reader import read as read_yaml
from mlspec.spec.validate import validate_section
from mlspec.targets.base import secret_forms, targets
from mlspec.targets.options import ExactlyOne, Setting, misfits, read


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    """What is inside."""

    key: Annotated[str, Setting(description="Its key.", blank=False)]
    how: Annotated[Literal["one", "two"], Setting(description="How.")] = "one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """All that an option can be."""

    name: Annotated[str | None, Setting(description="Its name.", pattern="^[a-z]+$", min_length=2, max_length=4)] = None
    count: Annotated[int, Setting(description="How many.", exclusive_minimum=0, maximum=9)] = 1
    share: Annotated[float | None, Setting(description="How much.", minimum=0.5)] = None
    words: Annotated[dict[str, str], Setting(description="Words.")] = field(default_factory=dict)
    parts: Annotated[tuple[Inner, ...], Setting(description="Parts.")] = ()
    inner: Annotated[Inner, Setting(description="What is inside.")] = Inner(key="k")
    other: Annotated[Inner | None, Setting(description="What else is inside.")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of two."""

    left: Annotated[str | None, Setting(description="The left one.")] = None
    right: Annotated[str | None, Setting(description="The right one.")] = None

    exactly_one: ClassVar = ExactlyOne(("left", "right"), "a choice is `left` or `right`")


def found(kind: type, text: str) -> list[tuple[str, str, str | None]]:
    node, _ = read_yaml(text, "f.yaml")
    assert node is not None
    _, findings = validate_section(model_of(kind), node, ("targets", "x"))
    return [(finding.code, finding.path, finding.hint) for finding in findings]


@pytest.mark.parametrize(
    ("text", "code", "path"),
    [
        ("{nam: ab}", "MLS201", "targets.x.nam"),
        ("{name: AB}", "MLS205", "targets.x.name"),
        ("{name: a}", "MLS206", "targets.x.name"),
        ("{count: 0}", "MLS206", "targets.x.count"),
        ("{count: 10}", "MLS206", "targets.x.count"),
        ("{share: 0.4}", "MLS206", "targets.x.share"),
        ("{words: {a: 1}}", "MLS203", "targets.x.words.a"),
        ("{parts: {key: a}}", "MLS203", "targets.x.parts"),
        ("{parts: [{}]}", "MLS202", "targets.x.parts.0.key"),
        ("{inner: {key: a, how: three}}", "MLS204", "targets.x.inner.how"),
        ("{other: {key: ' '}}", "MLS206", "targets.x.other.key"),
        ("{other: }", "MLS203", "targets.x.other"),
    ],
)
def test_each_bound_is_held_at_its_place(text: str, code: str, path: str) -> None:
    assert [finding[:2] for finding in found(Options, text)] == [(code, path)]


def test_an_unknown_key_is_told_the_nearest() -> None:
    assert found(Options, "{cuont: 3}") == [("MLS201", "targets.x.cuont", "did you mean `count`?")]


@pytest.mark.parametrize(("text", "codes"), [("{}", 1), ("{left: a, right: b}", 1), ("{left: a}", 0), ("{right: b}", 0)])
def test_exactly_one_of_a_choice(text: str, codes: int) -> None:
    assert [finding[0] for finding in found(Choice, text)] == ["MLS213"] * codes


def test_what_a_model_lets_through_is_read_into_the_dataclass() -> None:
    given = {"count": 3, "parts": [{"key": "a"}, {"key": "b", "how": "two"}], "inner": {"key": "c"}, "words": {"a": "b"}}
    model = model_of(Options).model_validate(given)
    expected = Options(count=3, parts=(Inner(key="a"), Inner(key="b", how="two")), inner=Inner(key="c"), words={"a": "b"})
    assert read(Options, model.model_dump(mode="json")) == read(Options, given) == expected
    assert read(Options, model_of(Options)().model_dump(mode="json")) == Options()


def test_a_model_is_made_once() -> None:
    assert model_of(Options) is model_of(Options)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"count": 3, "inner": {"key": "a"}, "parts": [{"key": "b"}], "words": {"a": "b"}, "share": 1.0, "other": None}, []),
        ({"cuont": 3}, [("cuont", False)]),
        ({"count": "3"}, [("count", True)]),
        ({"count": True}, [("count", True)]),
        ({"words": 1}, [("words", True)]),
        ({"parts": [1]}, [("parts", True)]),
        ({"inner": {"kye": "a", "how": "three"}}, [("inner.kye", False), ("inner.how", True), ("inner.key", True)]),
    ],
)
def test_what_a_plan_made_by_hand_gets_wrong(given: dict[str, Any], expected: list[tuple[str, bool]]) -> None:
    assert list(misfits(Options, given)) == expected


HEAD = {"apiVersion": "mlspec/v1", "kind": "Lifecycle", "metadata": {"name": "demo"}, "steps": {"a": {"run": "true"}}}


def checked(**more: Any) -> Checked:
    return api.check("mlspec.yaml", text=yaml.safe_dump({**HEAD, **more}, sort_keys=False))


def secret(**forms: Any) -> list[tuple[str, str, str | None]]:
    findings = checked(secrets={"token": {"env": "TOKEN", **forms}}).findings
    return [(finding.code, finding.message, finding.hint) for finding in findings]


def test_a_secret_has_the_forms_that_targets_declare() -> None:
    kubernetes, airflow = {"secret": "mlflow", "key": "token"}, {"connection": "mlflow"}
    made = checked(secrets={"token": {"env": "TOKEN", "airflow": airflow, "kubernetes": kubernetes}}).plan
    assert made is not None
    assert made.secrets["token"].forms == {"kubernetes": kubernetes, "airflow": airflow}


def test_a_wrong_form_of_a_secret() -> None:
    known = "known keys: kind, env, kubernetes, airflow, jenkins"
    assert secret(vault="x") == [("MLS201", "unknown key `vault` in `secrets.token`", known)]
    assert secret(kubernets={}) == [("MLS201", "unknown key `kubernets` in `secrets.token`", "did you mean `kubernetes`?")]
    assert secret(jenkins={}) == [("MLS202", "`secrets.token.jenkins` lacks `credentials`", None)]
    either = "an Airflow secret is a `connection` or a `variable`"
    assert secret(airflow={}) == [("MLS213", either, "write one of them")]
    assert secret(airflow={"connection": "a", "variable": "b"}) == [("MLS213", either, "write one of them")]


def test_a_target_of_another_package_brings_a_form() -> None:
    made = language({**secret_forms(targets()), "choice": Choice}).model_validate(
        {**HEAD, "secrets": {"token": {"env": "TOKEN", "choice": {"left": "a"}}}}
    )
    assert made.secrets["token"].forms == {"choice": {"left": "a"}}


def test_what_a_step_says_to_a_target_reaches_the_plan_as_the_target_reads_it() -> None:
    steps = {"a": {"run": "true", "x-kubeflow": {"deadline": "2h"}, "x-airflow": {"pool": "ml"}}}
    made = checked(steps=steps, monitor={"schedule": {"cron": "0 * * * *"}, "steps": steps}).plan
    assert made is not None
    assert made.steps[0].extensions == {"kubeflow": {"deadline": 7200.0}, "airflow": {"pool": "ml"}}
    assert made.monitor is not None
    assert made.monitor.plan.steps[0].extensions == made.steps[0].extensions
