"""Plans: the order of steps, matrices, defaults, and a digest of what is meant rather than of how it is written."""

from __future__ import annotations

import pytest

from mlspec import api
from mlspec.ir.bodies import Retry
from mlspec.ir.model import Plan
from mlspec.planning.check import MAX_INSTANCES

HEAD = "apiVersion: mlspec/v1\nkind: Lifecycle\nmetadata: {name: demo}\n"


def planned(text: str) -> Plan:
    checked = api.check("mlspec.yaml", text=HEAD + text)
    assert checked.plan is not None, checked.findings
    return checked.plan


def codes(text: str) -> list[str]:
    return [finding.code for finding in api.check("mlspec.yaml", text=HEAD + text).findings]


def ids(plan: Plan) -> list[str]:
    return [step.id for step in plan.steps]


def test_steps_are_in_topological_order_and_else_in_that_of_the_file() -> None:
    plan = planned(
        "steps:\n  d: {run: a, needs: [c]}\n  b: {run: a}\n  c: {run: a, needs: [a]}\n  a: {run: a}\n  e: {run: a}\n"
    )
    assert ids(plan) == ["b", "a", "c", "d", "e"]


def test_upstreams_come_from_inputs_needs_and_expressions() -> None:
    plan = planned(
        "steps:\n"
        "  a: {run: a, outputs: {t: artifact, m: metrics}}\n"
        "  b: {run: a}\n"
        "  c: {run: a, inputs: {t: a.t}, needs: [b]}\n"
        "  d: {run: a, with: {x: '${{ a.m.auc }}'}, when: a.m.auc > 0}\n"
        "  e: {gate: [a.m.auc > 0]}\n"
    )
    assert {step.id: step.upstream for step in plan.steps} == {"a": (), "b": (), "c": ("a", "b"), "d": ("a",), "e": ("a",)}


def test_a_matrix_is_a_step_for_each_combination_the_first_key_outermost() -> None:
    plan = planned(
        "steps:\n"
        "  train: {run: a, matrix: {depth: [2, 4], loss: [log, 'a b']}, outputs: {model: model}, description: 'd ${{ matrix.depth }}'}\n"
        "  best: {run: 'a ${{ inputs.models }}', inputs: {models: train.model}}\n"
    )
    assert ids(plan) == [
        "train[depth=2,loss=log]",
        "train[depth=2,loss=a b]",
        "train[depth=4,loss=log]",
        "train[depth=4,loss=a b]",
        "best",
    ]
    assert [step.slug for step in plan.steps] == ["train__0", "train__1", "train__2", "train__3", "best"]
    assert [step.description for step in plan.steps[:4]] == ["d 2", "d 2", "d 4", "d 4"]
    assert plan.steps[4].upstream == tuple(ids(plan)[:4])
    source = plan.steps[4].inputs[0].source
    assert (source.steps, source.many) == (tuple(ids(plan)[:4]), True)  # type: ignore[union-attr]


@pytest.mark.parametrize("count", [MAX_INSTANCES, MAX_INSTANCES + 1])
def test_a_matrix_has_a_bound(count: int) -> None:
    text = f"steps: {{train: {{run: a, matrix: {{n: {list(range(count))}}}}}}}\n"
    assert codes(text) == ([] if count <= MAX_INSTANCES else ["MLS412"])


def test_many_matrices_have_one_too() -> None:
    text = "steps:\n" + "".join(f"  s{index}: {{run: a, matrix: {{n: {list(range(900))}}}}}\n" for index in range(56))
    assert codes(text) == ["MLS412"]


def test_defaults_stand_for_what_a_step_leaves_out() -> None:
    plan = planned(
        "environments: {e: {}, f: {}}\n"
        "defaults: {environment: e, retry: {limit: 2, delay: 30s}, timeout: 1h, cache: false, resources: {cpu: 2}}\n"
        "steps:\n"
        "  a: {run: a}\n"
        "  b: {run: a, environment: f, retry: {limit: 1}, timeout: 5m, cache: true, resources: {memory: 1Gi}}\n"
        "  c: {gate: ['true']}\n"
        "  d: {approval: {message: Go?}}\n"
    )
    a, b, c, d = plan.steps
    assert (a.environment, a.retry, a.timeout, a.cache, a.resources.cpu) == ("e", Retry(2, 30.0, 1.0, None), 3600.0, False, "2")
    assert (b.environment, b.retry, b.timeout, b.cache) == ("f", Retry(1), 300.0, True)
    assert (b.resources.cpu, b.resources.memory) == (None, "1Gi")
    for step in (c, d):
        assert (step.environment, step.retry, step.timeout) == (None, Retry(), None)


def test_how_often_a_step_may_be_lost_is_said_apart_from_its_retries_and_of_gates_too() -> None:
    plan = planned(
        "defaults: {retry: {lost: 5, limit: 2}}\n"
        "steps:\n"
        "  a: {run: a}\n"
        "  b: {run: a, retry: {limit: 1}}\n"
        "  c: {run: a, retry: {lost: 0}}\n"
        "  d: {gate: ['true']}\n"
    )
    assert [step.retry for step in plan.steps] == [Retry(2, lost=5), Retry(1, lost=5), Retry(lost=0), Retry(lost=5)]
    assert [step.retry.lost for step in planned("steps: {a: {run: a}, b: {run: a, retry: {limit: 1}}}").steps] == [2, 2]


ONE = """\
params: {seed: 7}
steps:
  train: {run: "a ${{ params.seed }}", with: {depth: 4, list: [1, 2]}, outputs: {model: model}}
"""
OTHER = """\
x-notes: whatever
# a comment
steps:
  train:
    outputs:
      model: "model"
    with: {list: [1, 2], "depth": 4}
    run: >-
      a ${{ params.seed }}
lint: {ignore: [MLS601]}
profiles: {prod: {store: s3://a/b}}
params:
  seed: 7
"""


def test_the_digest_is_of_what_is_meant() -> None:
    assert planned(ONE).digest == planned(OTHER).digest


@pytest.mark.parametrize(
    ("old", "new"),
    [("seed: 7", "seed: 8"), ("depth: 4", "depth: '4'"), ("[1, 2]", "[2, 1]"), ("model: model", "model: report")],
)
def test_the_digest_tells_what_is_different(old: str, new: str) -> None:
    assert old in ONE
    assert planned(ONE).digest != planned(ONE.replace(old, new)).digest


def test_two_plans_of_a_text_are_equal() -> None:
    assert planned(ONE) == planned(ONE)


def test_a_cycle_is_one_finding_with_every_edge() -> None:
    text = "steps:\n  x: {run: a}\n  c: {run: a, needs: [b]}\n  a: {run: a, needs: [c, x]}\n  b: {run: a, needs: [a]}\n"
    (finding,) = api.check("mlspec.yaml", text=HEAD + text).findings
    assert (finding.code, finding.span.line, finding.span.column) == ("MLS401", 6, 3)
    assert finding.message.endswith("c → b → a → c")
    assert [(related.span.line, related.span.column) for related in finding.related] == [(6, 23), (8, 23), (7, 23)]


def test_a_long_cycle_is_named_in_short() -> None:
    text = "steps:\n" + "".join(f"  s{index}: {{run: a, needs: [s{(index + 1) % 500}]}}\n" for index in range(500))
    (finding,) = api.check("mlspec.yaml", text=HEAD + text).findings
    assert len(finding.message) < 200 and "… 488 more …" in finding.message


def test_two_thousand_errors_are_enough() -> None:
    text = "steps:\n" + "".join(f"  step{index}: {{run: a, needs: [stpe{index}]}}\n" for index in range(2500))
    findings = api.check("mlspec.yaml", text=HEAD + text).findings
    assert len(findings) == 2000
    assert sum("the search for more ends here" in (finding.hint or "") for finding in findings) == 1
    assert findings[0].hint == "did you mean `step10`?"
    assert findings[1000].hint is None, "the search for names has a bound of its own"


def test_a_chain_of_ten_thousand_steps_is_planned() -> None:
    text = "steps:\n  s0: {run: a}\n" + "".join(
        f"  s{index}: {{run: a, needs: [s{index - 1}]}}\n" for index in range(1, 10_000)
    )
    assert ids(planned(text))[-1] == "s9999"


MATRIX = "steps:\n  m: {matrix: {k: [1, 2], l: [a]}, run: 'echo > ${{ outputs.m }}', outputs: {m: metrics}}\n"


def test_an_instance_has_the_name_that_the_plan_gives_it_wherever_it_is_read() -> None:
    steps = {
        "env": "env: {E: 'e ${{ m[k=2].m.a }}'}, run: 'echo $E'",
        "with": "with: {e: '${{ m[k=2].m.a }}'}, run: 'echo ${{ with.e }}'",
        "run": "run: 'echo ${{ m[k=2].m.a }}'",
        "approval": "approval: {message: 'ship ${{ m[k=2].m.a }}?'}",
        "key": "inputs: {i: {path: .}}, cache: {key: '${{ m[k=2].m.a }}'}, run: 'true > ${{ outputs.o }}', outputs: {o: artifact}",
    }
    for what, body in steps.items():
        step = planned(f"{MATRIX}  it: {{{body}}}\n").by_id["it"]
        texts = repr((step.body, step.env, step.with_, step.cache_key))
        assert ("m[k=2]" in texts, "m__1.m.a" in texts) == (False, True), what


def test_one_output_stands_once_among_those_of_which_any_is_taken() -> None:
    for first, second, found in (("k=1,l=a", "l=a,k=1", True), ("k=1", "k=2", False), ("k=2", "k=2,l=a", True)):
        text = f"{MATRIX}  it: {{inputs: {{i: {{any: ['m[{first}].m', 'm[{second}].m']}}}}, run: 'cat ${{{{ inputs.i }}}}'}}\n"
        assert ("MLS219" in codes(text)) == found, (first, second)
