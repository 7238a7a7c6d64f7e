"""Plans made by hand for the tests of the Airflow target; `specs` has those that come of a spec."""

from __future__ import annotations

from mlspec.ir.bodies import Approval, Call, Gate, Instance, Output, Retry, Uses
from mlspec.ir.declarations import Environment, Parameter, Secret
from mlspec.ir.model import Step
from mlspec.ir.sources import ExternalUri, Input, ProjectPath, StepOutput, Value
from mlspec.ir.triggers import Schedule
from tests.targets.built import SPAN, plan, reads, step

AWKWARD = "a $HOME `id` \"q\" 's' {{ x }} {% raw %} {# c #} ${y} $(z) \\ é\t≠ *? ; & | > end.sh"


def _instance(index: int, depth: int) -> Step:
    return Step(
        f"train[depth={depth}]",
        "train",
        f"train__{index}",
        Call("credit.train:fit"),
        upstream=("split",),
        inputs=(Input("table", reads("split", "train")),),
        with_=(("depth", "${{ matrix.depth }}"), ("seed", "${{ params.seed }}")),
        params=("seed",),
        outputs=(Output("model", "model"), Output("metrics", "metrics")),
        environment="ml",
        retry=Retry(2, 30, 2.0, 300),
        timeout=1200,
        instance=Instance(index, (("depth", depth),)),
        span=SPAN,
    )


CREDIT = plan(
    "credit-default",
    Step(
        "ingest",
        "ingest",
        "ingest",
        Call("credit.data:ingest"),
        inputs=(Input("raw", ProjectPath("data/loans.csv")), Input("rates", ExternalUri("s3://acme/rates.csv"))),
        outputs=(Output("table", "dataset"),),
        environment="ml",
        description="One row for each applicant.",
        span=SPAN,
    ),
    Step(
        "validate",
        "validate",
        "validate",
        Uses("data/validate"),
        upstream=("ingest",),
        inputs=(Input("data", reads("ingest", "table")),),
        with_=(("contract", "contracts/loans.yaml"),),
        outputs=(Output("report", "report"),),
        span=SPAN,
    ),
    step(
        "split",
        "python -m credit.split \\\n  --data ${{ inputs.table }} \\\n  --train ${{ outputs.train }} \\\n"
        '  --test "${{ outputs.test }}"\n',
        "ingest validate",
        inputs=(Input("table", reads("ingest", "table")),),
        outputs=(Output("train", "dataset"), Output("test", "dataset")),
    ),
    _instance(0, 2),
    _instance(1, 4),
    Step(
        "choose",
        "choose",
        "choose",
        Call("credit.train:choose"),
        upstream=("train[depth=2]", "train[depth=4]"),
        inputs=(Input("models", StepOutput(("train[depth=2]", "train[depth=4]"), "model", "model", many=True)),),
        outputs=(Output("model", "model"), Output("metrics", "metrics")),
        environment="ml",
        extensions={"airflow": {"pool": "large", "queue": "gpu"}},
        span=SPAN,
    ),
    Step(
        "quality",
        "quality",
        "quality",
        Gate(("choose.metrics.auc >= params.min_auc", "choose.metrics.gap <= 0.1"), "stop"),
        upstream=("choose",),
        values=(Value("choose.metrics", reads("choose", "metrics", "metrics")),),
        params=("min_auc",),
        span=SPAN,
    ),
    Step(
        "register",
        "register",
        "register",
        Uses("mlflow/register"),
        upstream=("quality", "choose"),
        inputs=(Input("model", reads("choose", "model", "model")),),
        when="params.promote",
        params=("promote",),
        secrets=("tracking_token", "slack", "odd"),
        stage="service",
        span=SPAN,
    ),
    finals=(
        step("cleanup", "rm -rf scratch"),
        step("report", "echo ${{ run.status }}\necho done\n", "cleanup", when='run.status == "failed"'),
    ),
    params=(
        Parameter("seed", "integer", 7),
        Parameter("min_auc", "number", 0.75, "Gate for promotion", minimum=0.5, maximum=1),
        Parameter("promote", "boolean", True),
        Parameter("loss", "string", "log", "What training minimises.", enum=("log", "hinge"), pattern="[a-z]+"),
        Parameter("regions", "list", ["north", "south", "east", "west", "a region with a rather long name"]),
        Parameter("items", "object", {"z": {"a": None, "b": [1, 2.5, False]}, "A": 'it\'s "so"', "é": "Grüße"}),
    ),
    environments={"ml": Environment("ml", "3.11", ("scikit-learn==1.8.0",), None, ("src",))},
    secrets={
        "tracking_token": Secret("tracking_token", "MLFLOW_TRACKING_TOKEN", {"airflow": {"connection": "mlflow"}}),
        "slack": Secret("slack", "SLACK_URL", {"airflow": {"variable": "slack-url"}}),
        "odd": Secret("odd", "ODD"),
    },
    description="Scores loan applicants and treats both sexes alike.\nSee docs/model_card.md",
    owners=("risk-ml@example.com", "Zoë"),
    labels=(("tier", "1"), ("team", "risk")),
    tracking_uri="sqlite:///.mlspec/mlflow.db",
    tracking_experiment="credit-default",
    schedule=Schedule("0 3 * * 1", "Europe/Berlin"),
    target_options={"airflow": {"pool": "ml"}},
)

NAMES = (
    "os",
    "list",
    "dag",
    "steps",
    "import",
    "type",
    "match",
    "print",
    "shlex",
    "steps_",
    "noqa",
    "fmt",
    "literal",
    "quoted",
    "items",
    "each",
    "json",
)
CLASHES = plan(
    "clashes",
    *(step(name, "true") for name in NAMES),
    step("last", "true", " ".join(NAMES)),
    finals=(step("str", "true"), step("lambda", "true", "str")),
    on_failure="continue",
)
"""Steps named as Python's words and as the generated file's own names."""

DIAMOND = plan(
    "diamond",
    step(
        "ingest",
        "printf '%s' ${{ with.text }} > ${{ outputs.table }}",
        outputs=(Output("table", "dataset"),),
        with_=(("text", AWKWARD),),
    ),
    step(
        "left",
        "cat ${{ inputs.table }} > ${{ outputs.out }}; printf '%s' ${{ with.n }} >> ${{ outputs.out }}",
        "ingest",
        inputs=(Input("table", reads("ingest", "table")),),
        with_=(("n", "${{ params.n }}"),),
        params=("n",),
        outputs=(Output("out", "dataset"),),
    ),
    step(
        "right",
        # The first attempt fails, and so shows that the second one made the output.
        "if [ -e scratch/again ]; then echo '{\"auc\": 0.9}' > ${{ outputs.metrics }}\n"
        "else mkdir -p scratch; touch scratch/again; exit 3; fi",
        "ingest",
        inputs=(Input("table", reads("ingest", "table")),),
        outputs=(Output("metrics", "metrics"),),
        retry=Retry(2, 0.1, 2.0),
        timeout=30.0,
    ),
    step(
        "join",
        "cat ${{ inputs.left }} > ${{ outputs.out }}",
        "left right",
        inputs=(Input("left", reads("left", "out")),),
        outputs=(Output("out", "artifact"),),
    ),
    Step(
        "quality",
        "quality",
        "quality",
        Gate(("right.metrics.auc >= 0.95",), "skip"),
        upstream=("right",),
        values=(Value("right.metrics", reads("right", "metrics", "metrics")),),
        span=SPAN,
    ),
    step("deploy", "touch deployed", "join quality", stage="service"),
    step("after_deploy", "touch after", "deploy", stage="service"),
    step(
        "notify",
        "printf '%s' ${{ params.who }} > ${{ outputs.note }}",
        "join",
        when="params.n > 3",
        params=("n", "who"),
        outputs=(Output("note", "artifact"),),
    ),
    finals=(step("cleanup", "rm -rf scratch; printf '%s' ${{ run.status }} > status"),),
    params=(Parameter("n", "integer", 3, minimum=1), Parameter("who", "string", "it's $me")),
)
"""A diamond, a retry, a gate that skips, a condition that is false, parameters and a `finally` step."""

FAILING = plan(
    "failing",
    step("a", "echo a > ${{ outputs.o }}", outputs=(Output("o", "artifact"),)),
    step("b", "exit 7", "a", inputs=(Input("o", reads("a", "o", "artifact")),)),
    step("c", "touch c", "b"),
    step("d", "touch d"),
    finals=(
        step("cleanup", "printf '%s' ${{ run.status }} > status"),
        step("broken", "exit 1"),
        step("after_broken", "touch after_broken", "broken"),
        step("after_cleanup", "touch after_cleanup", "cleanup"),
    ),
)


def task_of(step: Step, *, final: bool = False) -> str:
    """The id of the task that runs a step's own process, or of the first; above `finally` all instances have one."""
    if isinstance(step.body, Approval):
        return f"{step.name}.answer"
    if final and step.instance is not None:
        return f"{step.name}.each_{step.instance.index}"
    if final and step.foreach is not None:
        return f"{step.name}.each_0" if step.foreach.literal else f"{step.name}.joined"
    if step.foreach is not None or (step.instance is not None and step.when is not None):
        return f"{step.name}.each"
    return step.name
