"""What is written for `mlspec exec` is what it reads: for every spec of the corpora, and for drawn ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlspec import api
from mlspec.durations import duration_text, seconds_of
from mlspec.expr.limits import Limits
from mlspec.invocation.arguments import options, step_options, to_arguments
from mlspec.invocation.from_plan import cacheable, fan_out, invocation, list_invocation, run_of
from mlspec.invocation.model import (
    Answered,
    Cache,
    Command,
    Invocation,
    Item,
    Joined,
    Param,
    Policy,
    Reference,
    Run,
    Start,
    StepEnvironment,
    Tracking,
    Wiring,
)
from mlspec.invocation.parse import parse
from mlspec.ir.bodies import Approval, Call, Gate, Instance, Output, Retry, Shell, Uses
from mlspec.ir.model import Plan, Step
from mlspec.terms import ANSWERS, PARAM_TYPES
from tests.conformance.corpus import FOLDER, read
from tests.conformance.drawn import Life
from tests.conformance.render import project
from tests.conformance.strategy import lives

HERE = Path(__file__).parents[3]
SPECS = sorted([
    *HERE.glob("examples/*/mlspec.yaml"),
    *HERE.glob("tests/conformance/specs/*.yaml"),
    *HERE.glob("tests/conformance/specs/*/mlspec.yaml"),
    *HERE.glob("tests/diagnostics/ok/*.yaml"),
])  # fmt: skip
CORPUS = sorted(FOLDER.glob("*.yaml"))


def planned(text: str) -> Plan:
    plan = api.check("mlspec.yaml", text=text).plan
    assert plan is not None
    return plan


def told(plan: Plan) -> Iterator[Invocation]:
    """All that the steps of a plan may be told, by orchestrators and by runs here."""
    run = run_of(plan)._replace(run_id="a run/1", project="some where", executor_input=None)
    for step in plan.all_steps():
        known = invocation(plan, step)
        known = known._replace(run=run, cache=Cache("0123456789ab") if cacheable(plan, step) else None)
        if isinstance(step.body, Approval):
            for answer in ANSWERS:
                yield known._replace(body=Answered(answer, "some body" if answer == "approved" else ""))
            continue
        yield known._replace(start=Start(fail_fast=True))
        yield known._replace(start=Start(final=True, run_status="failed"), environment=StepEnvironment("e", "d", (), "/python"))
        if step.foreach is not None:
            one = known._replace(instance=Instance(3))
            yield instance_invocation(plan, step, one)
            yield one._replace(wiring=one.wiring._replace(item=Item({"a": [1, None, "x"]})))
            yield list_invocation(plan, step)._replace(run=run)
            yield Invocation(step=step.name, run=run, body=Joined())


def instance_invocation(plan: Plan, step: Step, known: Invocation) -> Invocation:
    """What an instance of a `foreach` is told that takes its own element from the list."""
    listed, wiring = fan_out(plan, step, known=True), known.wiring
    return known._replace(wiring=wiring._replace(values=(*wiring.values, *listed.values), items=listed.items))


def check(plan: Plan) -> None:
    for one in told(plan):
        arguments = to_arguments(one)
        assert parse(arguments) == one
        assert [argument for option in options(one) for argument in option] == arguments
        assert all("\n" not in option[0] for option in step_options(one))


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.parent.name if path.name == "mlspec.yaml" else path.stem)
def test_written_specs(path: Path) -> None:
    checked = api.check(path)
    assert checked.plan is not None
    check(checked.plan)


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_the_corpus(path: Path) -> None:
    check(planned(project(read(path))["mlspec.yaml"]))


@settings(max_examples=150)
@given(lives())
def test_drawn_specs(life: Life) -> None:
    check(planned(project(life)["mlspec.yaml"]))


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12)
NAME = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
VARIABLES = st.dictionaries(NAME, st.just("") | TEXT, max_size=2).map(lambda d: tuple(d.items()))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
SECONDS = st.one_of(st.integers(1, 10**7).map(float), st.floats(0.001, 10**6))
URI = TEXT.filter(bool)


def named(values: st.SearchStrategy[tuple[object, ...]]) -> st.SearchStrategy[list[tuple[object, ...]]]:
    return st.lists(values, max_size=3, unique_by=lambda one: one[0])


RESTARTS = st.none() | st.integers(0, 9)


def placed(index: int, values: dict[str, object], places: list[int]) -> Instance:
    """An instance in which each mapping has a place."""
    mappings = sum(isinstance(value, dict) for value in values.values())
    return Instance(index, tuple(values.items()), tuple([*places, *range(mappings)][:mappings]))


@st.composite
def invocations(draw: st.DrawFn) -> Invocation:
    """Any invocation, what no plan says included."""
    references = st.tuples(NAME, URI | st.lists(URI, max_size=3).map(tuple))
    addresses = st.tuples(st.tuples(NAME, NAME).map(".".join), URI | st.lists(URI, max_size=3).map(tuple))
    body = draw(
        st.one_of(
            st.builds(Shell, TEXT),
            st.builds(Call, st.from_regex(r"[a-z.]{1,5}:[a-z]{1,5}", fullmatch=True)),
            st.builds(Uses, TEXT),
            st.builds(Gate, st.lists(TEXT, min_size=1, max_size=3).map(tuple), st.sampled_from(["stop", "skip"])),
            st.builds(Command, st.lists(TEXT, min_size=1, max_size=3).map(tuple)),
            st.builds(Answered, st.sampled_from(["asked", "refused"]), st.just("") | TEXT),
            st.just(Joined()),
        )
    )
    floats = st.none() | st.floats(allow_nan=False, allow_infinity=False)
    limit = st.builds(
        Limits, st.sampled_from(PARAM_TYPES), floats, floats, st.lists(JSON, max_size=2).map(tuple), st.none() | TEXT
    )
    limits = st.dictionaries(NAME, limit, max_size=2).map(lambda d: tuple(d.items()))
    retry = st.builds(Retry, st.integers(1, 9), SECONDS, st.floats(1, 100), st.none() | SECONDS, st.integers(0, 9))
    return Invocation(
        step=draw(NAME),
        run=draw(
            st.builds(
                Run,
                NAME,
                TEXT,
                URI,
                st.none() | TEXT,
                st.none() | TEXT,
                st.sampled_from([None, "{}"]),
                limits,
                st.none() | TEXT,
                st.lists(NAME, max_size=2).map(tuple),
                st.none() | TEXT,
            )
        ),
        instance=draw(
            st.none()
            | st.builds(placed, st.integers(0, 99), st.dictionaries(TEXT, JSON, max_size=2), st.lists(st.integers(0, 9)))
        ),
        start=draw(
            st.builds(
                Start, st.booleans(), st.booleans(), st.sampled_from([None, "failed"]), st.lists(NAME).map(tuple), RESTARTS
            )
        ),
        cache=draw(st.none() | st.just(Cache()) | st.builds(Cache, NAME, st.none() | SECONDS, st.just("") | NAME)),
        wiring=Wiring(
            inputs=tuple(Reference(*one) for one in draw(named(references))),  # type: ignore[arg-type]
            outputs=tuple(
                Output(*one)  # type: ignore[arg-type]
                for one in draw(named(st.tuples(NAME, st.sampled_from(["model", "metrics"]), st.none())))
            ),
            with_=tuple(draw(st.dictionaries(NAME, JSON, max_size=3)).items()),
            values=tuple(Reference(*one) for one in draw(named(addresses))),  # type: ignore[arg-type]
            params=tuple(
                Param(*one)  # type: ignore[arg-type]
                for one in draw(named(st.tuples(NAME, st.sampled_from(["string", "list"]), st.none() | st.just("") | TEXT)))
            ),
            given=draw(st.dictionaries(NAME, TEXT, max_size=2).map(lambda d: tuple(d.items()))),
            item=draw(st.none() | st.builds(Item, JSON)),
            secrets=tuple(draw(st.lists(NAME, max_size=2))),
            env=draw(VARIABLES),
            locked=draw(st.lists(st.tuples(NAME, st.just(f"sha256:{'0' * 64}")), max_size=2).map(tuple)),
            timezone=draw(st.none() | TEXT),
        ),
        policy=draw(st.builds(Policy, st.none() | TEXT, st.just(Retry()) | retry, st.none() | SECONDS)),
        environment=draw(
            st.builds(
                StepEnvironment, NAME, st.none() | NAME, st.lists(TEXT, max_size=2).map(tuple), st.none() | TEXT, VARIABLES
            )
        ),
        tracking=draw(st.builds(Tracking, st.none() | TEXT, st.none() | TEXT)),
        body=body,
    )


@settings(max_examples=300)
@given(invocations())
def test_any_invocation(one: Invocation) -> None:
    assert parse(to_arguments(one)) == one


def test_a_list_that_is_known_is_not_told_twice() -> None:
    plan = planned(
        "apiVersion: mlspec/v1\nkind: Lifecycle\nmetadata: {name: demo}\nsteps:\n"
        "  split: {run: 'echo 1 > ${{ outputs.v }}', outputs: {v: values}}\n"
        "  work: {foreach: split.v.list, with: {n: '${{ split.v.n }}'}, run: 'true'}\n"
    )
    step = plan.by_id["work"]
    assert [value.name for value in fan_out(plan, step).values] == ["split.v"]
    assert fan_out(plan, step, known=True) == Wiring(items="split.v.list")
    assert [value.name for value in instance_invocation(plan, step, invocation(plan, step)).wiring.values] == ["split.v"]


def test_bodies_equal_others_of_their_kind_alone() -> None:
    assert Shell("x") == Shell("x") and Shell("x") != Call("x") and Call("x") != Uses("x")
    assert len({Shell("x"), Shell("x"), Call("x")}) == 2


@given(st.one_of(st.integers(0, 10**9).map(float), st.floats(0, 10**9), st.floats(0, 1e-3)))
def test_durations_are_read_back(seconds: float) -> None:
    text = duration_text(seconds)
    assert seconds_of(text) == seconds
    assert "e" not in text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(92.99999999999999, "1m32.99999999999999s"), (86400.1, "1d0.1s"), (2.5e-7, "0.00000025s"), (1e-9, "0.000000001s")],
)
def test_durations_keep_every_digit(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("digits", [400, 5000])
def test_durations_beyond_every_number_are_read(digits: int) -> None:
    assert seconds_of("9" * digits + "d") == seconds_of("1h" + "9" * digits + ".5s") == float("inf")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (30, "30s"), (600, "10m"), (5400, "1h30m"), (90.5, "1m30.5s"), (0.5, "0.5s"), (259200, "3d"), (86401, "1d1s")],
)
def test_durations_have_the_largest_units(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text
