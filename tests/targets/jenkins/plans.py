"""Plans made by hand: what a spec would become, without reading one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from mlspec.diagnostics import Span
from mlspec.ir.bodies import Approval, Call, Gate, Instance, Output, Retry, Shell, Uses
from mlspec.ir.declarations import Environment, Parameter, Resources, Secret
from mlspec.ir.model import ForEach, Plan, Step
from mlspec.ir.sources import Input, ProjectPath, StepOutput, Value
from mlspec.ir.triggers import Schedule
from tests.targets.built import plan

AWKWARD = "a $HOME `id` $(id) \"q\" 's' {{ x }} ${y} C:\\users \\n é 😀 \t; exit 3 #"


def step(name: str, body: str | Call | Uses | Gate = "true", *upstream: str, line: int = 1, **more: Any) -> Step:
    made = Shell(body) if isinstance(body, str) else body
    span = Span("mlspec.yaml", line, 3, line, 3 + len(name))
    return Step(name, name, name, made, upstream=upstream, span=span, **more)


def of(step_name: str, output: str, kind: Any = "artifact") -> StepOutput:
    return StepOutput((step_name,), output, kind)


def reads(**sources: StepOutput) -> dict[str, tuple[Input, ...]]:
    return {"inputs": tuple(Input(name, source) for name, source in sources.items())}


def writes(**kinds: Any) -> dict[str, tuple[Output, ...]]:
    return {"outputs": tuple(Output(name, kind) for name, kind in kinds.items())}


DIAMOND = plan(
    "diamond",
    step(
        "ingest",
        "printf '%s' ${{ with.text }} > ${{ outputs.table }}",
        stage="data",
        with_=(("text", AWKWARD),),
        **writes(table="dataset"),
    ),
    step(
        "left",
        "cat ${{ inputs.table }} > ${{ outputs.out }}\nprintf '%s' ${{ with.n }} ${{ params.who }} >> ${{ outputs.out }}\n",
        "ingest",
        params=("n", "who"),
        with_=(("n", "${{ params.n }}"),),
        **reads(table=of("ingest", "table", "dataset")),
        **writes(out="artifact"),
    ),
    step(
        "right",
        "if [ -e scratch/again ]; then echo '{\"auc\": 0.9}' > ${{ outputs.metrics }}; else\n"
        "  mkdir -p scratch\n  touch scratch/again\n  exit 99\nfi\n",
        "ingest",
        retry=Retry(2, 0.1, 2.0),
        timeout=30.0,
        **reads(table=of("ingest", "table", "dataset")),
        **writes(metrics="metrics"),
    ),
    step(
        "join",
        "cat ${{ inputs.left }} > ${{ outputs.out }}",
        "left",
        "right",
        **reads(left=of("left", "out")),
        **writes(out="artifact"),
    ),
    step(
        "quality",
        Gate(("right.metrics.auc >= 0.95",), "skip"),
        "right",
        values=(Value("right.metrics", of("right", "metrics", "metrics")),),
    ),
    step("deploy", "echo deployed > deployed", "join", "quality", stage="service"),
    step("announce", "echo announced", "deploy", stage="service"),
    step("alert", "echo ${{ params.who }}", "join", when="params.n > 3", params=("n", "who")),
    finals=(step("cleanup", "rm -rf scratch; echo ${{ run.status }} > ${{ outputs.status }}", **writes(status="artifact")),),
    params=(Parameter("n", "integer", 3, minimum=1), Parameter("who", "string", AWKWARD, "Whom to greet")),
)
"""A diamond, a retry that succeeds at the second attempt, a gate that skips, a false `when`, a `finally` step."""

FAILING = plan(
    "failing",
    step("first", "echo first > ${{ outputs.o }}", **writes(o="artifact")),
    step("broken", "exit 7", "first", **reads(o=of("first", "o"))),
    step("aside", "sleep 1; echo aside", "first"),
    step("below", "echo below", "broken"),
    step("later", "echo later", "aside"),
    finals=(
        step("cleanup", "echo ${{ run.status }} > ${{ outputs.status }}", **writes(status="artifact")),
        step("report", "exit 1"),
        step("mail", "true", "report"),
    ),
)
"""A failing branch beside one that goes on, and `finally` steps of which one fails and one needs that."""


def instance(index: int, depth: int, **more: Any) -> Step:
    return Step(
        f"train[depth={depth}]",
        "train",
        f"train__{index}",
        Call("credit.train:fit"),
        upstream=("ingest",),
        instance=Instance(index, (("depth", depth),)),
        **more,
    )


CREDIT = plan(
    "credit",
    step(
        "ingest",
        Call("credit.data:ingest"),
        stage="data",
        environment="ml",
        inputs=(Input("raw", ProjectPath("data/loans.csv")),),
        description="Reads the bank's export,\nonce a week \\u000a exit()",
        **writes(table="dataset"),
    ),
    *(
        instance(
            index,
            depth,
            environment="ml",
            secrets=("token",),
            resources=Resources("500m", "4Gi", 1),
            retry=Retry(2, 30, 2, 300),
            timeout=1200,
            **reads(table=of("ingest", "table", "dataset")),
            **writes(model="model", metrics="metrics"),
        )
        for index, depth in enumerate((2, 4))
    ),
    step(
        "evaluate",
        Uses("evaluate/classifier"),
        "train[depth=2]",
        "train[depth=4]",
        environment="ml",
        inputs=(Input("models", StepOutput(("train[depth=2]", "train[depth=4]"), "model", "model", many=True)),),
        **writes(metrics="metrics"),
    ),
    step(
        "quality",
        Gate(("evaluate.metrics.auc >= params.min_auc",), "stop"),
        "evaluate",
        params=("min_auc",),
        values=(Value("evaluate.metrics", of("evaluate", "metrics", "metrics")),),
    ),
    step(
        "register",
        Uses("mlflow/register"),
        "quality",
        environment="ml",
        when="params.promote",
        params=("promote",),
        extensions={"jenkins": {"label": "trusted"}},
    ),
    step("excuse", "echo sorry", "quality", run_if="failure"),
    on_failure="continue",
    finals=(step("cleanup", "rm -rf scratch"),),
    params=(
        Parameter("min_auc", "number", 0.75, "Gate for promotion", minimum=0.5, maximum=1.0),
        Parameter("promote", "boolean", True),
        Parameter("loss", "string", "log", enum=("hinge", "log")),
        Parameter("note", "string", "two\nlines"),
        Parameter("depths", "list", [2, 4]),
    ),
    environments={"ml": Environment("ml", "3.11", ("scikit-learn==1.8.0",), "ghcr.io/acme/credit-ml:1.4.2", ("src",))},
    secrets={"token": Secret("token", "MLFLOW_TRACKING_TOKEN", {"jenkins": {"credentials": "mlflow-token"}})},
    store="s3://acme-ml/store",
    tracking_uri="https://mlflow.acme.example",
    tracking_experiment="credit-default",
    schedule=Schedule("0 3 1,15 * MON", "Europe/Berlin"),
    target_options={"jenkins": {"agent": {"label": "linux && docker", "docker": True}, "project": "models/credit"}},
)
"""Everything that the file has a form for."""


ASKED = plan(
    "asked",
    step("split", 'echo \'{"regions": ["north", "it\'s"]}\' > ${{ outputs.values }}', **writes(values="values")),
    step(
        "work",
        "echo ${{ item }} > ${{ outputs.table }}",
        "split",
        foreach=ForEach(Value("split.values", of("split", "values", "values")), ("regions",), (), 4),
        **writes(table="dataset"),
    ),
    step(
        "gather",
        "cat ${{ inputs.tables }} > ${{ outputs.table }}",
        "work",
        inputs=(Input("tables", StepOutput(("work",), "table", "dataset", many=True, dynamic=True)),),
        environment="ml",
        **writes(table="dataset"),
    ),
    Step(
        "sign_off",
        "sign_off",
        "sign_off",
        Approval("Promote to production?", ("risk-officers", "ada"), 259_200.0),
        description="The four-eyes rule",
        upstream=("gather",),
    ),
    step("deploy", "echo deployed", "sign_off", extensions={"jenkins": {"label": "trusted"}}),
    step("label", "true", "work"),
    store="s3://acme-ml/store",
    environments={"ml": Environment("ml", image="ghcr.io/acme/ml:1")},
    target_options={"jenkins": {"agent": {"label": "linux"}}},
)
"""A list that only the run knows, and a person who is asked."""

PODS = replace(
    ASKED,
    lifecycle="pods",
    target_options={"jenkins": {"agent": {"kubernetes": {"image": "ghcr.io/acme/mlspec:1", "service_account": "runner"}}}},
)
"""The same in pods."""


def chain(length: int) -> Plan:
    steps = [step("s0", "echo 0 > ${{ outputs.o }}", **writes(o="artifact"))]
    for number in range(1, length):
        above = f"s{number - 1}"
        body = "cat ${{ inputs.i }} > ${{ outputs.o }}"
        steps.append(step(f"s{number}", body, above, **reads(i=of(above, "o")), **writes(o="artifact")))
    return plan(f"chain-{length}", *steps, finals=(step("cleanup"),))


def tree(length: int) -> Plan:
    steps = [step("s0")]
    steps += [step(f"s{number}", f"echo 'it is {number}'", f"s{(number - 1) // 2}") for number in range(1, length)]
    return plan(f"tree-{length}", *steps)


FORMS = ("stages", "guards", "data")
"""A stage for each step with a `when`; without one, its function asks whether it may start; steps as data."""


def take(form: str, patch: pytest.MonkeyPatch) -> None:
    """Have every plan emitted in `form`, whatever its size."""
    if form == "guards":
        patch.setattr("mlspec.targets.jenkins.size._WHEN", 1_000_000)
        patch.setattr("mlspec.targets.jenkins.size._STAGE", 0)
    elif form == "data":
        patch.setattr("mlspec.targets.jenkins.emit.BUDGET", 0)


PLANS: Mapping[str, Plan] = {made.lifecycle: made for made in (DIAMOND, FAILING, CREDIT, ASKED, PODS, tree(90), tree(160))}
