"""Ways around the policies about deploying, and what is none: each spec with what is found in it."""

from __future__ import annotations

import time

import pytest

from mlspec import api
from mlspec.ir.bodies import Approval, Gate, Shell
from mlspec.ir.model import Plan, Step
from mlspec.policies.approval_before_deploy import POLICY

HEAD = "apiVersion: mlspec/v1\nkind: Lifecycle\nmetadata: {name: demo}\n"
APPROVAL, FAIRNESS = "policies: [approval_before_deploy]\n", "policies: [fairness_before_deploy]\n"
TRAIN = "steps:\n  train: {run: train, outputs: {model: model}}\n"
ASK = TRAIN + "  ask: {needs: [train], approval: {message: 'Go?'}}\n"
ON = "on_failure: continue\n"
DEPLOY = "stage: service, run: kubectl apply -f it"
GATE = (
    "params: {go: true}\nsteps:\n"
    "  load: {run: 'load ${{ outputs.table }}', outputs: {table: dataset}}\n"
    "  train: {run: 'train ${{ inputs.t }}', inputs: {t: load.table}, outputs: {model: model}}\n"
    "  fairness: {uses: fairness/assess, inputs: {model: train.model, data: load.table}, with: {target: y, sensitive: [a]}}\n"
    "  fair: {gate: [fairness.metrics.equalized_odds_difference < 0.1], otherwise: skip}\n"
)
MONITOR = "monitor:\n  schedule: {cron: '0 * * * *'}\n  steps:\n    look: {run: look, outputs: {m: metrics}}\n"

CASES: dict[str, tuple[str, list[str]]] = {
    # deploying
    "below an approval": (APPROVAL + ASK + f"  d: {{{DEPLOY}, needs: [ask]}}\n", []),
    "beside an approval": (APPROVAL + ASK + f"  d: {{{DEPLOY}, needs: [train]}}\n", ["MLS604 steps.d"]),
    "far below an approval": (
        APPROVAL + ASK + f"  pack: {{stage: model, run: a, needs: [ask]}}\n  d: {{{DEPLOY}, needs: [train, pack]}}\n",
        [],
    ),
    "a matrix": (APPROVAL + TRAIN + f"  d: {{{DEPLOY}, matrix: {{r: [a, b]}}, needs: [train]}}\n", ["MLS604 steps.d"]),
    "a foreach": (APPROVAL + TRAIN + f"  d: {{{DEPLOY}, foreach: [a, b], needs: [train]}}\n", ["MLS604 steps.d"]),
    "a matrix below": (
        APPROVAL + ASK + f"  d: {{{DEPLOY}, matrix: {{r: [a, b]}}, needs: [ask]}}\n  e: {{{DEPLOY}, needs: [d]}}\n",
        [],
    ),
    "a condition": (APPROVAL + "params: {go: true}\n" + TRAIN + f"  d: {{{DEPLOY}, when: params.go}}\n", ["MLS604 steps.d"]),
    "an approval that may be skipped": (
        APPROVAL
        + "params: {go: true}\n"
        + ASK.replace("approval:", "when: params.go, approval:")
        + f"  d: {{{DEPLOY}, needs: [ask]}}\n",
        [],
    ),
    "always": (APPROVAL + ON + ASK + f"  d: {{{DEPLOY}, needs: [ask], run_if: always}}\n", ["MLS604 steps.d"]),
    "after a failure": (APPROVAL + ON + ASK + f"  d: {{{DEPLOY}, needs: [ask], run_if: failure}}\n", ["MLS604 steps.d"]),
    "below what always runs": (
        APPROVAL + ON + ASK + f"  b: {{stage: model, run: a, needs: [ask], run_if: always}}\n  d: {{{DEPLOY}, needs: [b]}}\n",
        ["MLS604 steps.d"],
    ),
    "below what always runs, and below the approval": (
        APPROVAL
        + ON
        + ASK
        + f"  b: {{stage: model, run: a, needs: [ask], run_if: always}}\n  d: {{{DEPLOY}, needs: [b, ask]}}\n",
        [],
    ),
    "finally": (APPROVAL + ASK + f"finally: {{d: {{{DEPLOY}}}}}\n", ["MLS604 finally.d"]),
    "finally, asked there": (
        APPROVAL + TRAIN + f"finally:\n  ask: {{approval: {{message: 'Go?'}}}}\n  d: {{{DEPLOY}, needs: [ask]}}\n",
        [],
    ),
    "monitor": (APPROVAL + ASK + MONITOR + f"    d: {{{DEPLOY}, needs: [look]}}\n", ["MLS604 monitor.steps.d"]),
    "a library step that deploys": (
        APPROVAL + TRAIN + "  r: {uses: mlflow/register, inputs: {model: train.model}, with: {name: m}}\n",
        ["MLS604 steps.r"],
    ),
    # a gate on fairness
    "a gate that skips": (FAIRNESS + GATE + f"  d: {{{DEPLOY}, needs: [fair]}}\n", []),
    "a gate that skips, and always": (
        FAIRNESS + ON + GATE + f"  d: {{{DEPLOY}, needs: [fair], run_if: always}}\n",
        ["MLS604 steps.d"],
    ),
    "a gate on something else": (
        FAIRNESS + GATE + f"  other: {{gate: [params.go], needs: [fairness]}}\n  d: {{{DEPLOY}, needs: [other]}}\n",
        ["MLS604 steps.d"],
    ),
    "measured, and not looked at": (FAIRNESS + GATE + f"  d: {{{DEPLOY}, needs: [fairness]}}\n", ["MLS604 steps.d"]),
    # not saying the stage
    "no stage, the end": (APPROVAL + TRAIN + "  d: {run: kubectl apply, needs: [train]}\n", ["MLS605 steps.d"]),
    "no stage, a function": (
        APPROVAL + TRAIN + "  d: {call: 'json:dumps', needs: [train], outputs: {v: report}}\n",
        ["MLS605 steps.d"],
    ),
    "no stage, alone": (APPROVAL + TRAIN + "  d: {run: kubectl apply}\n", ["MLS605 steps.d"]),
    "no stage, below an approval": (
        APPROVAL + ASK + "  d: {run: a, needs: [ask], outputs: {m: metrics}}\n",
        ["MLS605 steps.d"],
    ),
    "no stage, with an output": (
        APPROVAL + TRAIN + "  d: {run: a, needs: [train], outputs: {log: report}}\n",
        ["MLS605 steps.d"],
    ),
    "no stage, and tested afterwards": (
        APPROVAL + TRAIN + "  d: {run: kubectl apply, needs: [train]}\n  smoke: {stage: data, run: curl, needs: [d]}\n",
        ["MLS605 steps.d"],
    ),
    "no stage, and asked afterwards": (
        APPROVAL + TRAIN + "  d: {run: kubectl apply, needs: [train]}\n  ask: {needs: [d], approval: {message: 'Go?'}}\n",
        ["MLS605 steps.d"],
    ),
    "no stage, a matrix once": (
        APPROVAL + TRAIN + "  d: {run: kubectl apply, needs: [train], matrix: {r: [a, b]}}\n",
        ["MLS605 steps.d"],
    ),
    "no stage, finally": (APPROVAL + TRAIN + "finally: {d: {run: kubectl apply}}\n", ["MLS605 finally.d"]),
    "no stage, finally, with an output": (
        APPROVAL + TRAIN + "finally: {d: {run: kubectl apply, outputs: {log: report}}}\n",
        ["MLS605 finally.d"],
    ),
    "no stage, monitor": (
        APPROVAL + TRAIN + MONITOR + "    d: {run: kubectl apply, needs: [look]}\n",
        ["MLS605 monitor.steps.d"],
    ),
    "what retrains is read": (
        APPROVAL + TRAIN + MONITOR.replace("metrics}", "values}") + "  retrain: look.m.drifted\n",
        [],
    ),
    "no stage, before the model": (
        APPROVAL
        + "steps:\n  load: {run: a}\n  test: {run: b, needs: [load], outputs: {r: report}}\n"
        + "  train: {run: c, needs: [test], outputs: {model: model}}\n",
        [],
    ),
    "no stage, and it measures or trains": (
        APPROVAL
        + TRAIN
        + "  m: {run: a, needs: [train], outputs: {metrics: metrics}}\n  t: {run: a, needs: [m], outputs: {model: model}}\n",
        [],
    ),
    "said to be no deployment": (APPROVAL + TRAIN + "  d: {stage: data, run: rm -rf scratch, needs: [train]}\n", []),
    "without a policy": (TRAIN + "  d: {run: kubectl apply, needs: [train]}\n", []),
    "with a policy on images": ("policies: [pinned_images]\n" + TRAIN + "  d: {run: kubectl apply, needs: [train]}\n", []),
}


def found(text: str) -> list[str]:
    findings = api.check("mlspec.yaml", text=HEAD + text).findings
    return [f"{finding.code} {finding.path}" for finding in findings if finding.severity == "error"]


@pytest.mark.parametrize("name", CASES)
def test_ways_around(name: str) -> None:
    text, expected = CASES[name]
    assert found(text) == expected


def test_each_policy_asks_for_itself() -> None:
    text = APPROVAL.replace("]", ", fairness_before_deploy]") + TRAIN + f"  d: {{{DEPLOY}, needs: [train]}}\n"
    assert found(text) == ["MLS604 steps.d", "MLS604 steps.d"]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (ON + ASK + f"  d: {{{DEPLOY}, needs: [ask], run_if: always}}\n", "remove `run_if: always`, by which it runs"),
        (ASK + f"finally: {{d: {{{DEPLOY}}}}}\n", "move it to `steps`"),
        (ASK + f"  d: {{{DEPLOY}, needs: [train]}}\n", "add a step with `approval` above it"),
    ],
)
def test_the_hint_says_what_is_in_the_way(text: str, hint: str) -> None:
    [finding] = api.check("mlspec.yaml", text=HEAD + APPROVAL + text).findings
    assert (finding.hint or "").startswith(hint)


def test_a_profile_is_judged_by_itself() -> None:
    text = APPROVAL + ASK + f"  d: {{{DEPLOY}, needs: [ask]}}\nprofiles: {{fast: {{steps: {{d: {{needs: [train]}}}}}}}}\n"
    assert found(text) == []
    profile = api.check("mlspec.yaml", text=HEAD + text, profile="fast")
    assert [finding.code for finding in profile.findings] == ["MLS604"]


def test_a_wrong_stage_is_one_finding() -> None:
    assert found(APPROVAL + ASK + "  d: {stage: production, run: kubectl apply, needs: [train]}\n") == ["MLS204 steps.d.stage"]


def test_a_plan_of_many_steps_takes_a_moment() -> None:
    asked = Step("s0", "s0", "s0", Approval("Go?"))
    chain = [Step(f"s{n}", f"s{n}", f"s{n}", Shell("a"), stage="service", upstream=(f"s{n - 1}",)) for n in range(1, 10_000)]
    plan = Plan("chain", "mlspec.yaml", "sha256:0", (asked, *chain))
    start = time.process_time()
    assert list(POLICY.check(plan)) == []
    assert time.process_time() - start < 2


def test_gates_and_approvals_deploy_nothing() -> None:
    steps = (
        Step("ready", "ready", "ready", Gate(("true",), "stop"), stage="service"),
        Step("ask", "ask", "ask", Approval("Go?"), stage="service"),
    )
    assert list(POLICY.check(Plan("p", "mlspec.yaml", "sha256:0", steps))) == []
