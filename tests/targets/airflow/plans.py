"""Plans made by hand for the tests of the Airflow target."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from mlspec import api
from mlspec.diagnostics import Span
from mlspec.plan.model import (
    Call,
    Environment,
    ExternalUri,
    Gate,
    Input,
    Instance,
    Output,
    Parameter,
    Plan,
    ProjectPath,
    Retry,
    Schedule,
    Secret,
    Shell,
    Step,
    StepOutput,
    Uses,
    Value,
)

SPAN = Span("mlspec.yaml", 1, 1, 1, 2)
DIGEST = "sha256:" + "0" * 64
AWKWARD = "a $HOME `id` \"q\" 's' {{ x }} {% raw %} {# c #} ${y} $(z) \\ é\t≠ *? ; & | > end.sh"


def step(name: str, script: str, upstream: str = "", **fields: object) -> Step:
    """A `run` step; `upstream` is a list of names."""
    made = Step(name, name, name, Shell(script), upstream=tuple(upstream.split()), span=SPAN)
    return replace(made, **fields)  # type: ignore[arg-type]


def reads(step: str, output: str, kind: str = "dataset") -> StepOutput:
    return StepOutput((step,), output, kind)  # type: ignore[arg-type]


def plan(name: str, *steps: Step, finals: tuple[Step, ...] = (), **fields: object) -> Plan:
    return replace(Plan(name, "mlspec.yaml", DIGEST, steps, finals=finals), **fields)  # type: ignore[arg-type]


def _instance(index: int, depth: int) -> Step:
    return Step(
        f"train[depth={depth}]",
        "train",
        f"train__{index}",
        Call("credit.train:fit"),
        upstream=("split",),
        inputs=(Input("table", reads("split", "train")),),
        with_=(("depth", depth), ("seed", "${{ params.seed }}")),
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
        "tracking_token": Secret("tracking_token", "MLFLOW_TRACKING_TOKEN", airflow=("connection", "mlflow")),
        "slack": Secret("slack", "SLACK_URL", airflow=("variable", "slack-url")),
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
    "command",
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


def planned(text: str) -> Plan:
    """The plan of a spec."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "mlspec.yaml"
        path.write_text(text, encoding="utf-8")
        return api.plan(api.load(path))


FAN = planned("""
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: fan}
params: {n: 3}
steps:
  split:
    run: |
      python3 -c '
      import json, sys
      regions = ["a b", "$(id)", "{{ x }}", ""][: int(sys.argv[1])]
      json.dump({"regions": regions}, open(sys.argv[2], "w"))
      ' ${{ params.n }} ${{ outputs.values }}
    outputs: {values: values}
  work:
    foreach: split.values.regions
    parallel: 2
    run: printf '%s' ${{ item }} > ${{ outputs.out }}
    outputs: {out: artifact}
  some:
    foreach: split.values.regions
    when: item == "a b"
    run: printf '%s' ${{ item }} > ${{ outputs.out }}
    outputs: {out: artifact}
  none:
    foreach: [1, {a: "{{ ds }}"}]
    when: params.n > 5
    run: "true"
  gather:
    inputs: {all: work.out, some: some.out}
    run: cat ${{ inputs.all }} ${{ inputs.some }} /dev/null > ${{ outputs.out }}
    outputs: {out: artifact}
  below_none: {run: "true", needs: [none, gather]}
  train:
    matrix: {depth: [2, 4], text: ["a b", "{{ ds }}"]}
    parallel: 2
    when: matrix.depth > 2
    run: printf '%s' ${{ matrix.text }} > ${{ outputs.model }}
    outputs: {model: model}
  try:
    matrix: {depth: [2, 4]}
    when: matrix.depth > 2
    run: "true"
  pick:
    needs: [try]
    inputs: {models: train.model}
    run: cat ${{ inputs.models }} > ${{ outputs.out }}
    outputs: {out: artifact}
""")
"""Lists known only at run time, bounds, instances that skip themselves, and readers of all of them."""

OUTCOMES = planned("""
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: outcomes}
params: {go: false}
on_failure: continue
steps:
  good: {run: "true"}
  bad: {run: exit 1}
  unwanted: {run: "true", when: params.go}
  below: {run: "true", needs: [bad, unwanted]}
  further: {run: "true", needs: [below]}
  repair: {run: "true", needs: [further, good], run_if: failure}
  after_repair: {run: "true", needs: [repair]}
  idle: {run: "true", needs: [good, unwanted], run_if: failure}
  below_idle: {run: "true", needs: [idle]}
  tell: {run: "true", needs: [idle, below, good], run_if: always}
  each:
    matrix: {n: [1, 2]}
    run: test ${{ matrix.n }} = 1
  each_failed: {run: "true", needs: [each], run_if: failure}
""")
"""Every `run_if` above every outcome."""

ASKS = planned("""
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: asks}
params: {go: true}
targets: {airflow: {version: 3}}
steps:
  train: {run: "true"}
  sign_off:
    needs: [train]
    when: params.go
    approval: {message: 'Promote {{ ds }} to "production"?', approvers: [], timeout: 3d}
  deploy: {run: "true", needs: [sign_off]}
finally:
  clean: {run: "echo ${{ run.status }} > ${{ outputs.o }}", outputs: {o: artifact}}
""")

_CONTAINED = """
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: NAME}
store: STORE
environments:
  ml: {image: "ghcr.io/acme/ml:1.4.2", pythonpath: [src]}
  gpu: {image: "ghcr.io/acme/gpu:2"}
secrets:
  token: {env: TOKEN, airflow: {connection: mlflow}}
  key: {env: KEY, airflow: {variable: key}, kubernetes: {secret: keys, key: k}}
targets: {airflow: OPTIONS}
steps:
  split:
    environment: ml
    call: credit.data:split
    secrets: [token, key]
    outputs: {values: values}
  work:
    foreach: split.values.regions
    environment: gpu
    run: printf '%s' "$(cat $HOME) $$ $(NAME) {{ ds }} ${{ item }}"
    resources: {cpu: 500m, memory: 4Gi, gpu: 1}
    EXTENSION
  good:
    gate: [split.values.score > 0.5]
    needs: [work]
"""

DOCKER = planned(
    _CONTAINED.replace("NAME}", "containers}")
    .replace("STORE", "/srv/store")
    .replace("OPTIONS", "{runner: docker, network: host}")
    .replace("EXTENSION", "x-airflow: {queue: gpu}")
)
PODS = planned(
    _CONTAINED.replace("NAME}", "pods}")
    .replace("STORE", "s3://acme/store")
    .replace("OPTIONS", "{runner: kubernetes, namespace: ml, service_account: runner, image: 'ghcr.io/acme/mlspec:1'}")
    .replace("EXTENSION", "x-airflow: {node_selector: {pool: gpu, arch: amd64}}")
)
