"""Compiled plans loaded by kfp and run for real in `kfp.local`, with their step records read afterwards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from mlspec.ir.bodies import Instance, Output, Retry, Shell
from mlspec.ir.declarations import Parameter, Secret
from mlspec.ir.model import Plan, Step
from mlspec.ir.sources import Input, StepOutput
from mlspec.targets.kubeflow import TARGET
from tests.engines import EngineRun, kfp_local
from tests.targets.built import plan, reads, step
from tests.targets.kubeflow.plans import PLANS, gate, metrics, out

pytestmark = pytest.mark.kfp

AUC = "echo '{\"auc\": 0.9}' > ${{ outputs.metrics }}"


def run(project: Path, plan: Plan, **params: object) -> tuple[EngineRun, dict[str, str]]:
    """Run a plan; the second result is each started step's status, by its folder in the store."""
    done = kfp_local.run(project, plan, TARGET.emit(plan), params)
    return done, {name: record["status"] for name, record in records(project, plan, done).items()}


def records(project: Path, plan: Plan, done: EngineRun) -> dict[str, dict[str, object]]:
    folder = project / plan.store / plan.lifecycle / done.run_id
    paths = sorted(folder.rglob("_record.json"))
    return {str(path.parent.relative_to(folder)): json.loads(path.read_text("utf-8")) for path in paths}


def results(project: Path) -> Mapping[str, str]:
    """What steps wrote below `results/` in the project."""
    return {path.name: path.read_text("utf-8") for path in (project / "results").iterdir()}


@pytest.mark.parametrize("name", PLANS)
def test_kfp_loads_it(name: str) -> None:
    (file,) = TARGET.emit(PLANS[name])
    loaded = kfp_local.load(file.content)
    assert loaded.name == PLANS[name].lifecycle
    assert set(loaded.component_spec.inputs or {}) == {parameter.name for parameter in PLANS[name].params}


DIAMOND = plan(
    "diamond",
    step("ingest", "printf data > ${{ outputs.table }}", outputs=out("table", "dataset")),
    step(
        "left",
        "cat ${{ inputs.table }} > ${{ outputs.out }}; echo -n ${{ params.n }} >> ${{ outputs.out }}",
        "ingest",
        inputs=(Input("table", reads("ingest", "table")),),
        params=("n",),
        outputs=out(),
    ),
    step("right", AUC, "ingest", outputs=out("metrics", "metrics")),
    step(
        "join",
        "mkdir -p results; cat ${{ inputs.left }} > results/left; echo -n ${{ right.metrics.auc }} > results/auc",
        "left right",
        inputs=(Input("left", reads("left", "out", "artifact")),),
        values=(metrics("right"),),
    ),
    finals=(step("cleanup", "echo -n ${{ run.status }} > results/status"),),
    params=(Parameter("n", "integer", 3),),
)


def test_a_diamond(tmp_path: Path) -> None:
    done, states = run(tmp_path, DIAMOND)
    assert done.status == "succeeded"
    assert states == dict.fromkeys(["ingest", "left", "right", "join", "cleanup"], "succeeded")
    assert results(tmp_path) == {"left": "data3", "auc": "0.9", "status": "succeeded"}
    assert sorted(path.name for path in tmp_path.iterdir()) == [".mlspec", "results"]


def test_a_parameter_is_overridden(tmp_path: Path) -> None:
    run(tmp_path, DIAMOND, n=12)
    assert results(tmp_path)["left"] == "data12"


def test_a_parameter_that_holds_a_placeholder_fails_who_reads_it(tmp_path: Path) -> None:
    """Kubeflow puts all that the container is told in the place of `{{$}}`, and the step must not go on with that."""
    note = plan(
        "note",
        step("free", "true"),
        step("reader", "printf %s ${{ params.note }}", "free", params=("note",)),
        params=(Parameter("note", "string", "x"),),
    )
    done, states = run(tmp_path, note, note="run {{$}}")
    assert (done.status, states) == ("failed", {"free": "succeeded", "reader": "failed"})
    assert "params.note holds `{{$`" in str(records(tmp_path, note, done)["reader"]["error"])


DOLLARS = [
    "$(TOKEN)",
    "$$",
    "$$(TOKEN)",
    "$$ ${HOME} $HOME $(PATH)",
    "$(",
    "$",
    "$((1 + 1)",
    "'$(TOKEN)'",
    '"$$"\n$(TOKEN',
    "a) b",
]


@pytest.mark.parametrize("text", DOLLARS)
def test_what_kubernetes_would_expand_arrives_as_it_is(tmp_path: Path, text: str) -> None:
    made = plan(
        "dollars",
        step(
            "s",
            "mkdir results; printf '%s' ${{ params.text }} > results/param; printf '%s' ${{ params.items }} > results/items\n"
            "printf '%s' ${{ with.text }} > results/with; printf '%s' '$$(TOKEN) $(TOKEN) $$' > results/script",
            params=("items", "text"),
            with_=(("text", text),),
            secrets=("token",),
        ),
        params=(Parameter("text", "string", "x"), Parameter("items", "list", [])),
        secrets={"token": Secret("token", "TOKEN", {"kubernetes": {"secret": "s", "key": "k"}})},
    )
    params = {"text": text, "items": [text]}
    done = kfp_local.run(tmp_path, made, TARGET.emit(made), params, {"TOKEN": "hidden"})
    assert done.status == "succeeded"
    items = json.dumps([text], ensure_ascii=False, separators=(",", ":"))
    assert results(tmp_path) == {"param": text, "items": items, "with": text, "script": "$$(TOKEN) $(TOKEN) $$"}


@pytest.mark.parametrize("text", ["a)$(TOKEN)", "a)$$", "(a) $HOME", "a) hidden"])
def test_what_kubernetes_may_have_expanded_fails_before_anything_runs(tmp_path: Path, text: str) -> None:
    made = plan(
        "exposed",
        step("s", "mkdir results; echo ${{ params.text }} > results/s", params=("text",), secrets=("token",)),
        params=(Parameter("text", "string", "x"),),
        secrets={"token": Secret("token", "TOKEN", {"kubernetes": {"secret": "s", "key": "k"}})},
    )
    done = kfp_local.run(tmp_path, made, TARGET.emit(made), {"text": text}, {"TOKEN": "hidden"})
    record = records(tmp_path, made, done)["s"]
    assert (done.status, record["status"], record["attempts"]) == ("failed", "failed", 0)
    assert "params.text holds `)` and behind it what Kubernetes may have put there" in str(record["error"])
    assert not (tmp_path / "results").exists()
    assert "hidden" not in str(record)


def test_a_failing_step_blocks_what_follows(tmp_path: Path) -> None:
    failing = plan(
        "failing",
        step("a", "echo a > ${{ outputs.out }}", outputs=out()),
        step("b", "exit 7", "a", inputs=(Input("a", reads("a", "out", "artifact")),), outputs=out()),
        step("c", "echo c", "b"),
        step("d", "echo d", "c a"),
        step("independent", "echo independent"),
        finals=(step("cleanup", "mkdir results; echo -n ${{ run.status }} > results/status"),),
    )
    done, states = run(tmp_path, failing)
    assert done.status == "failed"
    assert {name: states.get(name) for name in "abcd"} == {"a": "succeeded", "b": "failed", "c": None, "d": None}
    assert states["cleanup"] == "succeeded"
    assert results(tmp_path) == {"status": "failed"}
    assert records(tmp_path, failing, done)["b"]["exit_code"] == 7


def test_after_a_failure_no_step_starts(tmp_path: Path) -> None:
    done, states = run(tmp_path, plan("stops", step("a", "exit 1"), step("b", "exit 1"), step("c", "exit 1")))
    assert (done.status, list(states.values())) == ("failed", ["failed"])


def test_a_retry_succeeds(tmp_path: Path) -> None:
    script = "mkdir results; if [ -e tried ]; then echo ok > ${{ outputs.out }}; else touch tried; rmdir results; exit 3; fi"
    retried = plan("retried", step("flaky", script, retry=Retry(2, 0.01, 2.0), outputs=out()), step("after", "true", "flaky"))
    done, states = run(tmp_path, retried)
    assert (done.status, states) == ("succeeded", {"flaky": "succeeded", "after": "succeeded"})
    assert records(tmp_path, retried, done)["flaky"]["attempts"] == 2


def gated(otherwise: str, bound: str) -> Plan:
    return plan(
        "gated",
        step("train", AUC, outputs=out("metrics", "metrics")),
        gate("quality", f"train.metrics.auc >= {bound}", "train", otherwise, metrics("train")),
        step("left", "echo l > ${{ outputs.out }}", "quality", outputs=out()),
        step("right", "echo r", "quality"),
        step("join", "cat ${{ inputs.left }}", "left right", inputs=(Input("left", reads("left", "out", "artifact")),)),
        step("beside", "true", "train"),
    )


def test_a_gate_that_holds(tmp_path: Path) -> None:
    done, states = run(tmp_path, gated("skip", "0.5"))
    assert (done.status, set(states.values())) == ("succeeded", {"succeeded"})
    assert len(states) == 6


def test_a_gate_that_skips_a_diamond(tmp_path: Path) -> None:
    done, states = run(tmp_path, gated("skip", "0.95"))
    assert done.status == "succeeded"
    assert states == {"train": "succeeded", "quality": "skipped", "beside": "succeeded"}


def test_a_gate_that_stops(tmp_path: Path) -> None:
    done, states = run(tmp_path, gated("stop", "0.95"))
    assert done.status == "failed"
    assert (states["quality"], states.get("left"), states.get("join")) == ("failed", None, None)


def test_an_evaluation_error_fails_the_step(tmp_path: Path) -> None:
    done, states = run(tmp_path, replace(gated("skip", "train.metrics.f1")))
    assert (done.status, states["quality"]) == ("failed", "failed")


JOIN = plan(
    "join",
    step("a", "echo a > ${{ outputs.out }}", when="params.a", params=("a",), outputs=out()),
    step("b", "echo b > ${{ outputs.out }}", when="params.b", params=("b",), outputs=out()),
    step("below", "cat ${{ inputs.a }}", "a", inputs=(Input("a", reads("a", "out", "artifact")),)),
    step(
        "both",
        "cat ${{ inputs.a }} ${{ inputs.b }}",
        "a b",
        inputs=(Input("a", reads("a", "out", "artifact")), Input("b", reads("b", "out", "artifact"))),
    ),
    step("last", "true", "both"),
    params=(Parameter("a", "boolean", True), Parameter("b", "boolean", True)),
)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (True, True, "a+ b+ below+ both+ last+"),
        (False, True, "a- b+"),
        (True, False, "a+ b- below+"),
        (False, False, "a- b-"),
    ],
)
def test_branches_that_are_skipped_one_by_one(tmp_path: Path, a: bool, b: bool, expected: str) -> None:
    done, states = run(tmp_path, JOIN, a=a, b=b)
    signs = {"succeeded": "+", "skipped": "-"}
    assert " ".join(f"{name}{signs[status]}" for name, status in states.items()) == expected
    assert done.status == "succeeded"


def test_final_steps_in_their_order(tmp_path: Path) -> None:
    finals = (
        step("first", "echo -n 1 >> results/order"),
        step("broken", "exit 1"),
        step("second", "echo -n 2 >> results/order", "first"),
        step("blocked", "echo -n 3 >> results/order", "broken"),
        step("unwanted", "echo -n 4 >> results/order", when="run.status == 'failed'"),
        step("below", "echo -n 5 >> results/order", "unwanted"),
    )
    done, states = run(tmp_path, plan("finals", step("work", "mkdir results"), finals=finals))
    assert done.status == "failed"
    assert states == {
        "work": "succeeded",
        "first": "succeeded",
        "second": "succeeded",
        "broken": "failed",
        "unwanted": "skipped",
    }
    assert results(tmp_path) == {"order": "12"}


def test_a_matrix_is_read_as_a_list_of_those_that_succeeded(tmp_path: Path) -> None:
    def instance(index: int) -> Step:
        return Step(
            *(f"fit[n={index}]", "fit", f"fit__{index}", Shell("echo -n ${{ matrix.n }} > ${{ outputs.out }}")),
            when="matrix.n != 1.0",
            outputs=out(),
            instance=Instance(index, (("n", index),)),
        )

    ids = tuple(f"fit[n={index}]" for index in range(3))
    source = StepOutput(ids, "out", "artifact", many=True)
    choose = step("choose", "mkdir results; cat ${{ inputs.all }} > results/all", upstream=" ".join(ids))
    choose = replace(choose, upstream=ids, inputs=(Input("all", source),))
    done, states = run(tmp_path, plan("matrix", *map(instance, range(3)), choose))
    assert done.status == "succeeded"
    assert states == {"fit/0": "succeeded", "fit/1": "skipped", "fit/2": "succeeded", "choose": "succeeded"}
    assert results(tmp_path) == {"all": "02"}


AWKWARD = {
    "quotes": 'it\'s "q" `id`',
    "shell": "$HOME ${HOME} $(id) * ? ; & | > x",
    "backslashes": "a\\b \\n \\",
    "newlines": "one\n\n  two\n",
    "tabs": "\ta\t",
    "braces": "{{ x }} {{$}} {{$.pipeline_job_uuid}} {{workflow.name}} {{{ {~{ }}",
    "unicode": "é ≠ 🎉 \u2028 \x7f",
    "empty": "",
    "dash": "-n --shell=x",
    "yaml": "# no: [yes, *x] &y !z %w @v",
    "number": "007",
    "json": '{"a": [1, 2]}',
}


def test_awkward_text_arrives_byte_for_byte(tmp_path: Path) -> None:
    script = "mkdir -p results\n" + "".join(f"printf '%s' ${{{{ with.{name} }}}} > results/{name}\n" for name in AWKWARD)
    script += "printf '%s' '{{$}} {{ x }}' > results/literal\n"
    done, _ = run(tmp_path, plan("awkward", step("work", script, with_=tuple(AWKWARD.items()))))
    assert done.status == "succeeded"
    found = {path.name: path.read_bytes() for path in (tmp_path / "results").iterdir()}
    assert found == {name: text.encode() for name, text in {**AWKWARD, "literal": "{{$}} {{ x }}"}.items()}


def test_parameters_of_every_type_arrive(tmp_path: Path) -> None:
    params = {
        "text": Parameter("text", "string", AWKWARD["quotes"] + AWKWARD["shell"] + AWKWARD["newlines"]),
        "whole": Parameter("whole", "integer", 2**40),
        "share": Parameter("share", "number", 1e-05),
        "two": Parameter("two", "number", 2),
        "flag": Parameter("flag", "boolean", False),
        "sizes": Parameter("sizes", "list", [1, 2.5, "x"]),
        "extra": Parameter("extra", "object", {"b": {"c": [1]}, "a": "x"}),
    }
    script = "mkdir results\n" + "".join(f"printf '%s' ${{{{ with.{name} }}}} > results/{name}\n" for name in params)
    with_ = tuple((name, f"${{{{ params.{name} }}}}") for name in params)
    done, _ = run(
        tmp_path,
        plan("typed", step("work", script, with_=with_, params=tuple(sorted(params))), params=tuple(params.values())),
        two=2,
    )
    assert done.status == "succeeded"
    found = dict(results(tmp_path))
    assert json.loads(found.pop("extra")) == params["extra"].default
    assert found == {
        "text": params["text"].default,
        "whole": str(2**40),
        "share": "1e-05",
        "two": "2",
        "flag": "false",
        "sizes": '[1,2.5,"x"]',
    }


def test_a_missing_output_fails(tmp_path: Path) -> None:
    lacking = plan("lacking", step("a", "true", outputs=(Output("model", "model"),)), step("b", "true", "a"))
    done, states = run(tmp_path, lacking)
    assert (done.status, states) == ("failed", {"a": "failed"})


@pytest.mark.parametrize(("name", "labels"), [("full", ["exec-train-0", "exec-train-1"]), ("fan", ["exec-work-instance"])])
def test_kfp_knows_every_field_of_an_executor(name: str, labels: list[str]) -> None:
    """Loading takes executors and platforms for free-form structures; their own messages do not."""
    from google.protobuf import json_format
    from kfp.kubernetes import kubernetes_executor_config_pb2
    from kfp.pipeline_spec import pipeline_spec_pb2

    pipeline, platforms = yaml.safe_load_all(TARGET.emit(PLANS[name])[0].content)
    for executor in pipeline["deploymentSpec"]["executors"].values():
        json_format.ParseDict(executor, pipeline_spec_pb2.PipelineDeploymentConfig.ExecutorSpec())
    executors = platforms["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    assert list(executors) == labels
    assert set(labels) <= set(pipeline["deploymentSpec"]["executors"])
    for settings in executors.values():
        json_format.ParseDict(settings, kubernetes_executor_config_pb2.KubernetesExecutorConfig())
