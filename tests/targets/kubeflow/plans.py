"""Plans made by hand for the tests of the Kubeflow target."""

from __future__ import annotations

from mlspec.ir.bodies import Call, Gate, Instance, Output, Retry, Uses
from mlspec.ir.declarations import Environment, Parameter, Resources, Secret
from mlspec.ir.model import ForEach, Plan, Step
from mlspec.ir.sources import ExternalUri, Input, ProjectPath, StepOutput, Value
from tests.targets.built import SPAN, plan, reads, step


def gate(name: str, line: str, upstream: str, otherwise: str, *values: Value, **fields: object) -> Step:
    return step(name, upstream=upstream, body=Gate((line,), otherwise), values=values, **fields)  # type: ignore[arg-type]


def metrics(step: str) -> Value:
    return Value(f"{step}.metrics", reads(step, "metrics", "metrics"))


def out(name: str = "out", kind: str = "artifact") -> tuple[Output, ...]:
    return (Output(name, kind),)  # type: ignore[arg-type]


def chain(length: int) -> Plan:
    """Steps one after another, as the benchmarks have them."""
    steps = []
    for index in range(length):
        above = f"step_{index - 1}"
        steps.append(
            step(
                f"step_{index}",
                upstream=above if index else "",
                body=Call("pkg.steps:work"),
                inputs=(Input("table", reads(above, "table")),) if index else (),
                outputs=out("table", "dataset"),
                with_=(("depth", 4),),
            )
        )
    return plan("chain", *steps)


def _instance(index: int, depth: int) -> Step:
    return Step(
        f"train[depth={depth}]",
        "train",
        f"train__{index}",
        Call("credit.train:fit"),
        description="Fits one tree",
        upstream=("split",),
        inputs=(Input("table", reads("split", "train")),),
        outputs=(Output("model", "model"), Output("metrics", "metrics")),
        with_=(("depth", "${{ matrix.depth }}"), ("seed", "${{ params.seed }}")),
        params=("seed",),
        retry=Retry(2, 30, 2, 300),
        timeout=1200,
        resources=Resources("2", "4Gi", 1),
        environment="ml",
        secrets=("token",),
        instance=Instance(index, (("depth", depth),)),
        extensions={
            "kubeflow": {
                "node_selector": {"pool": "gpu"},
                "tolerations": [{"key": "gpu", "operator": "Exists"}],
                "deadline": 7200,
                "labels": {"team": "ml"},
                "node_affinity": [{"match": [{"key": "gpu", "values": ["a100"]}], "weight": 50}],
            }
        },
        span=SPAN,
    )


FULL = plan(
    "credit-default",
    step(
        "ingest",
        body=Call("credit.data:ingest"),
        stage="data",
        inputs=(Input("raw", ProjectPath("data/loans.csv")), Input("more", ExternalUri("s3://acme/more.csv"))),
        outputs=out("table", "dataset"),
        environment="ml",
    ),
    step("validate", upstream="ingest", body=Uses("data/validate"), inputs=(Input("data", reads("ingest", "table")),)),
    step(
        "split",
        'cat ${{ inputs.table }} |\n  split-data --into ${{ outputs.train }}\necho "done"\n',
        "ingest validate",
        inputs=(Input("table", reads("ingest", "table")),),
        outputs=out("train", "dataset"),
    ),
    _instance(0, 2),
    _instance(1, 4),
    step(
        "choose",
        "choose ${{ inputs.models }}",
        "train[depth=2] train[depth=4]",
        inputs=(Input("models", StepOutput(("train[depth=2]", "train[depth=4]"), "model", "model", many=True)),),
        outputs=(Output("model", "model"), Output("metrics", "metrics")),
        environment="ml",
    ),
    gate(
        *("quality", "choose.metrics.auc >= params.min_auc", "choose", "stop", metrics("choose")),
        params=("min_auc",),
    ),
    gate("worthwhile", "choose.metrics.gain > 0.0", "quality choose", "skip", metrics("choose")),
    step(
        "register",
        upstream="worthwhile choose",
        body=Uses("mlflow/register"),
        when="params.promote",
        params=("promote",),
        inputs=(Input("model", reads("choose", "model")),),
        outputs=out("version", "values"),
    ),
    step("announce", "echo ${{ params.note }}", "register", params=("note",)),
    finals=(
        step("cleanup", "rm -rf scratch"),
        step("report", "echo ${{ run.status }} ${{ params.note }}", "cleanup", params=("note",)),
    ),
    params=(
        Parameter("seed", "integer", 7),
        Parameter("min_auc", "number", 0.75, "Gate for promotion", minimum=0.5, maximum=1),
        Parameter("promote", "boolean", True),
        Parameter("note", "string", "it's R&D: 100%"),
        Parameter("depths", "list", [2, 4]),
        Parameter("extra", "object", {"a": {"b": [1e-05, True]}}),
    ),
    description="Scores loan applicants\nand treats both sexes alike.",
    environments={"ml": Environment("ml", image="ghcr.io/acme/credit-ml:1.4.2", pythonpath=("src",))},
    secrets={"token": Secret("token", "MLFLOW_TRACKING_TOKEN", {"kubernetes": {"secret": "mlflow", "key": "key"}})},
    store="s3://acme/store",
    tracking_uri="https://mlflow.example.com",
    tracking_experiment="credit",
    target_options={"kubeflow": {"pipeline_root": "s3://acme/kfp", "image": "ghcr.io/acme/base:1"}},
)

PLAIN = plan(
    "plain",
    step("first", outputs=out()),
    step("second", "cat ${{ inputs.it }}", "first", inputs=(Input("it", reads("first", "out", "artifact")),)),
)

ONE_FINAL = plan("one-final", step("work", "exit 1"), finals=(step("cleanup", "echo ${{ run.status }}"),))

REGIONS = Value("split.regions", reads("split", "regions", "values"))

FAN = plan(
    "fan",
    step("split", "split", outputs=(Output("regions", "values"), Output("table", "dataset"))),
    step("maybe", when="params.go", params=("go",)),
    step(
        "work",
        "work ${{ item.name }} ${{ inputs.table }} ${{ outputs.out }}",
        "split maybe",
        description="Works on one region",
        foreach=ForEach(REGIONS, ("list",), parallel=2),
        parallel=2,
        inputs=(Input("table", reads("split", "table")),),
        outputs=out(),
        when="item.open && params.go",
        params=("go",),
        secrets=("token",),
    ),
    step(
        "join",
        "join ${{ inputs.all }}",
        "work",
        inputs=(Input("all", StepOutput(("work",), "out", "artifact", many=True, dynamic=True)),),
    ),
    finals=(step("bye", "echo ${{ item }} ${{ run.status }}", foreach=ForEach(None, (), ("a", 2))),),
    params=(Parameter("go", "boolean", True),),
    secrets={"token": Secret("token", "TOKEN", {"kubernetes": {"secret": "acme", "key": "key"}})},
    store="s3://acme/store",
    target_options={"kubeflow": {"image": "ghcr.io/acme/base:1"}},
)

PLANS = {"full": FULL, "plain": PLAIN, "one-final": ONE_FINAL, "fan": FAN}
