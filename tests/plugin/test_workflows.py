"""What the emitted Workflows are and do: Argo's JSON Schema takes them, and their DAG, run container by container, gives the states
and the digests of a local run.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from mlspec import api
from mlspec.emission.seal import seal_of
from tests.conformance.compare import against, lay_out, params_of
from tests.conformance.corpus import FOLDER, read
from tests.conformance.drawn import Life
from tests.conformance.oracle import foresee
from tests.conformance.test_engines import Case, cases
from tests.conftest import ARGO_SCHEMA
from tests.engines import EngineRun
from tests.engines.outcome import outcome_of
from tests.plugin import workflows
from tests.plugin.conftest import Installed
from tests.targets.rows import HEAD
from tests.targets.test_injection import CANARY, hostile

IMAGE = "targets.argo.image=acme/ml:1"
OUT = "outputs: {out: artifact}"
FEATURES = {
    "run": f"steps:\n  first: {{run: 'echo 1 > ${{{{ outputs.out }}}}', {OUT}}}\n",
    "call": "environments: {own: {pythonpath: [src]}}\ndefaults: {environment: own}\n"
    "steps:\n  first: {call: 'mine:count', with: {to: 3}, outputs: {figures: metrics}}\n",
    "uses": "steps:\n  look: {uses: notes/summarise, inputs: {data: {path: people.csv}}}\n"
    "  good: {gate: [look.metrics.rows == 2]}\n",
    "gate": "steps:\n  first: {call: 'src.mine:count', with: {to: 3}, outputs: {figures: metrics}}\n"
    f"  good: {{gate: [first.figures.n > 3]}}\n  last: {{needs: [good], run: 'echo 1 > ${{{{ outputs.out }}}}', {OUT}}}\n",
    "retry": "steps:\n  first:\n    run: test -e tried || { touch tried; exit 1; }\n    retry: {limit: 2}\n"
    "  last: {needs: [first], run: 'false', retry: {limit: 1, delay: 1s}}\n",
    "matrix": f"steps:\n  each: {{matrix: {{n: [1, 2], t: [a b, c]}}, run: 'echo ${{{{ matrix.t }}}} > ${{{{ outputs.out }}}}', "
    f"{OUT}}}\n  all: {{inputs: {{all: each.out}}, run: 'cat ${{{{ inputs.all }}}} > ${{{{ outputs.out }}}}', {OUT}}}\n",
    "params": "params: {seed: 7, deep: {type: object, default: {a: [1]}}, PATH: x, on: true}\nsteps:\n"
    "  first: {run: 'echo ${{ params.seed }} ${{ params.deep }} ${{ params.PATH }} ${{ params.on }} > ${{ outputs.out }}', "
    f"{OUT}}}\n",
    "timeout": "steps:\n  first: {run: sleep 60, timeout: 1s}\n  last: {needs: [first], run: 'true'}\n",
    "stop": "steps:\n  first: {run: 'false'}\n  a_b_: {needs: [first], run: 'true'}\n  last: {needs: [a_b_], run: 'true'}\n",
    "secrets": "secrets:\n  key: {env: KEY, kubernetes: {secret: acme, key: token}}\n"
    'steps:\n  first: {run: \'test "$KEY" = "s3cr3t"\', secrets: [key], x-argo: {deadline: 60, priority_class: high}}\n'
    "  last: {needs: [first], run: 'true'}\n",
}
SECRET = "s3cr3t"


@pytest.fixture(scope="session")
def validator() -> jsonschema.Draft7Validator:
    schema = json.loads(next(path for path in ARGO_SCHEMA if path.is_file()).read_text(encoding="utf-8"))
    return jsonschema.Draft7Validator({"$ref": "#/definitions/io.argoproj.workflow.v1alpha1.Workflow"} | schema)


def emitted(installed: Installed, folder: Path) -> str:
    """Compile a project with a store that pods could share; the text of its Workflow."""
    installed.mlspec("compile", "-t", "argo", "--set", IMAGE, "--set", store(folder), cwd=folder)
    [path] = folder.glob("pipelines/argo/*.yaml")
    return path.read_text(encoding="utf-8")


def store(folder: Path) -> str:
    return f"store=local://{folder}/store"


def laid_out(folder: Path, spec: str) -> Path:
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "mine.py").write_text("def count(to): return {'n': to}\n", encoding="utf-8")
    (folder / "people.csv").write_text("age\n1\n2\n", encoding="utf-8")
    (folder / "mlspec.yaml").write_text(HEAD + spec, encoding="utf-8")
    return folder


def on_argo(installed: Installed, folder: Path, params: dict[str, Any]) -> EngineRun:
    text = emitted(installed, folder)
    return workflows.run(folder, text, params, {("acme", "token"): SECRET}, installed.environment)


def shown(installed: Installed, folder: Path, run: str, *layers: str) -> dict[str, Any]:
    """State, attempts and digests by step, and the state of the run, as `mlspec runs show` has them."""
    told = json.loads(installed.mlspec("runs", "show", run, "--format", "json", *layers, cwd=folder))
    steps = {
        name: (step["status"], step["attempts"], {key: output["digest"] for key, output in step["outputs"].items()})
        for name, step in told["steps"].items()
    }
    return {"status": told["status"]} | steps


def both(installed: Installed, here: Path, there: Path, params: dict[str, Any]) -> dict[str, Any]:
    """Run two copies of a project, one here and one as a Workflow; what both came to."""
    done = on_argo(installed, there, params)
    found = shown(installed, there, done.run_id, "--set", store(there))
    assert found["status"] == done.status
    words = [word for name, value in params.items() for word in ("-p", f"{name}={value}")]
    status = 0 if done.status == "succeeded" else 1
    installed.run("env", f"KEY={SECRET}", "mlspec", "run", "--no-cache", *words, cwd=here, status=status)
    assert found == shown(installed, here, "latest")
    return found


@pytest.mark.parametrize("feature", FEATURES)
def test_each_feature_does_what_it_does_here(feature: str, installed: Installed, tmp_path: Path) -> None:
    here, there = (laid_out(tmp_path / name, FEATURES[feature]) for name in ("here", "there"))
    installed.mlspec("validate", cwd=here)
    found = both(installed, here, there, {"seed": 11} if feature == "params" else {})
    assert found.pop("status") == ("failed" if feature in ("gate", "retry", "timeout", "stop") else "succeeded")
    states = [state for state, _, _ in found.values()]
    assert ("blocked" in states) == (feature in ("gate", "timeout", "stop"))


@pytest.mark.argo
@pytest.mark.parametrize("feature", FEATURES)
def test_argos_own_schema_takes_each_feature(
    feature: str, validator: jsonschema.Draft7Validator, installed: Installed, tmp_path: Path
) -> None:
    text = emitted(installed, laid_out(tmp_path / "p", FEATURES[feature]))
    assert seal_of(text) == "ours"
    workflow = yaml.safe_load(text)
    assert [error.message for error in validator.iter_errors(workflow)] == []
    assert unknown_keys(workflow, validator.schema, validator.schema["$ref"]) == []
    assert text.count("secretKeyRef") == (feature == "secrets")  # of two steps one lists it
    names = [template["name"] for template in workflow["spec"]["templates"]]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch("[a-zA-Z0-9][-a-zA-Z0-9]*", name) for name in names)


def unknown_keys(value: Any, schema: dict[str, Any], reference: str) -> list[str]:
    """Keys that the schema does not know: it lets them through, and a cluster drops them."""
    todo: list[tuple[Any, dict[str, Any]]] = [(value, {"$ref": reference})]
    found = []
    while todo:
        value, known = todo.pop()
        if "$ref" in known:
            known = schema["definitions"][known["$ref"].rpartition("/")[2]]
        if isinstance(value, list):
            todo += [(each, known["items"]) for each in value]
        elif isinstance(value, dict) and "properties" in known:
            found += sorted(set(value) - set(known["properties"]))
            todo += [(each, known["properties"][key]) for key, each in value.items() if key in known["properties"]]
    return found


def test_an_edited_file_is_found(installed: Installed, tmp_path: Path) -> None:
    folder = laid_out(tmp_path / "p", FEATURES["run"])
    text = emitted(installed, folder)
    words = ["compile", "-t", "argo", "--set", IMAGE, "--set", store(folder), "--check"]
    installed.mlspec(*words, cwd=folder)
    (folder / "pipelines" / "argo" / "rows.yaml").write_text(text.replace("acme/ml:1", "acme/ml:2"), encoding="utf-8")
    assert "edited" in installed.mlspec(*words, cwd=folder, status=1)


SHARED = [case for case in cases() if case.spec in ("calls", "matrix", "strings")]


@pytest.mark.parametrize("case", SHARED, ids=lambda case: f"{case.spec}-{case.number}")
def test_the_specs_of_all_targets_that_fit(case: Case, installed: Installed, tmp_path: Path) -> None:
    here, there = (case.project(tmp_path / name)[0] for name in ("here", "there"))
    found = both(installed, here, there, case.params)
    assert found.pop("status") == case.status
    assert {name: step[0] for name, step in found.items()} == case.states


def apart(text: str) -> str:
    """What Argo takes for its own in a parameter is refused (ARGO003), or its user's: here it holds no `{{`."""
    return re.sub(r"\{(?=\{)", "{ ", text)


def fitting(life: Life) -> Life | None:
    """A drawn lifecycle without what Argo refuses, and None where nothing but that would be left, or nothing runs."""
    if life.get("secrets") or foresee(life).refused or any("foreach" in step for step in life["steps"].values()):
        return None
    steps = {
        name: {key: value for key, value in step.items() if key not in ("when", "run_if", "parallel")}
        | ({"otherwise": "stop"} if step["body"] == "gate" else {})
        for name, step in life["steps"].items()
    }
    params = json.loads(apart(json.dumps(life.get("params", {}))))
    return life | {"steps": steps, "params": params, "finals": {}, "on_failure": "stop"}  # type: ignore[return-value]


DRAWN = {path.stem: life for path in sorted(FOLDER.glob("*.yaml")) if (life := fitting(read(path)))}
SOME = list(DRAWN)[::3]
"""A third: each takes seconds."""


@pytest.mark.slow
@pytest.mark.parametrize("name", SOME)
def test_a_drawn_lifecycle_does_what_the_rules_foretell(name: str, installed: Installed, tmp_path: Path) -> None:
    life = DRAWN[name]
    folder = lay_out(life, tmp_path / "there")
    done = on_argo(installed, folder, params_of(life))
    outcome = outcome_of(api.plan(api.load(folder / "mlspec.yaml", sets=[store(folder)])), folder, done.run_id)
    assert against(foresee(life), outcome) == []
    assert done.status == outcome.status


ARGOS = [
    "{{workflow.uid}} {{=1+1}} {{ workflow.name }} {{workflow.parameters.text}} {{=sprig.env('HOME')}} {{",
    "{{{x}}} }}{{ {~{ {''{ '{'{'",
    "$(HOME) $$(HOME) $$$ $$HOME $HOME ${HOME} $(KEY) $",
    "{{inputs.parameters.x}}\n'{{workflow.uid}}'\n\n",
]
HOSTILE = """\
params:
  text: {type: string, default: %(params)s}
secrets:
  key: {env: KEY, kubernetes: {secret: acme, key: token}}
metadata: {name: rows, description: %(all)s, owners: [a]}
steps:
  show:
    description: %(all)s
    secrets: [key]
    run: |
      cat > ${{ outputs.out }} <<'END'
      {{workflow.uid}} {{=1+1}} $(KEY) $$ $$(KEY) ${KEY}
      END
      printf '%%s\\0' ${{ with.all }} ${{ params.text }} "{{x}} $$${{ with.all }}" >> ${{ outputs.out }}
    with: {all: %(list)s, deep: {"{{=1}}": %(list)s}}
    outputs: {out: artifact}
  grid:
    matrix: {t: %(grid)s}
    run: printf '%%s' ${{ matrix.t }} > ${{ outputs.out }}
    outputs: {out: artifact}
  judge: {gate: [%(gate)s, %(other)s]}
"""


def flow(value: Any) -> str:
    """JSON that YAML and CEL read as well."""
    return json.dumps(value, ensure_ascii=False).replace("\u2028", "\\u2028")


def test_text_reaches_processes_as_it_is_written(installed: Installed, tmp_path: Path) -> None:
    texts = [*hostile(tmp_path / CANARY), *ARGOS]
    given = "\n".join(apart(text) for text in texts) + "\n\n"
    spec = HOSTILE % {
        "params": flow(given),
        "all": flow(" ".join(texts)),
        "list": flow(texts),
        "grid": flow(ARGOS),
        "gate": flow(f"params.text == {flow(given)}"),
        "other": flow(f"params.text != {flow(ARGOS[0])}"),
    }
    here, there = (laid_out(tmp_path / name, spec) for name in ("here", "there"))
    for folder in (here, there):
        path = folder / "mlspec.yaml"
        path.write_text(path.read_text(encoding="utf-8").replace("metadata: {name: rows}\n", "", 1), encoding="utf-8")
    found = both(installed, here, there, {})
    assert {step[0] for name, step in found.items() if name != "status"} == {"succeeded"}
    [out] = there.glob("store/rows/*/show/out")
    assert "{{workflow.uid}} {{=1+1}} $(KEY) $$ $$(KEY) ${KEY}\n" in out.read_text(encoding="utf-8")
    assert not (tmp_path / CANARY).exists()


def test_the_interpreter_expands_what_is_not_guarded(installed: Installed, tmp_path: Path) -> None:
    """The test above would fail on a file that left a text as it was."""
    spec = f"steps:\n  first: {{run: 'echo {{{{workflow.uid}}}} > ${{{{ outputs.out }}}}', {OUT}}}\n"
    folder = laid_out(tmp_path / "p", spec)
    text = emitted(installed, folder)
    bare = re.sub(r"\{''(?=\{)", "{", text)
    assert bare != text
    done = workflows.run(folder, bare, {}, {}, installed.environment)
    [out] = folder.glob("store/rows/*/first/out")
    assert out.read_text(encoding="utf-8") == f"{done.run_id}\n"
    assert workflows.resolved("$(A) $$(A) $$ $B $(C)", {"A": "x"}) == "x $(A) $ $B $(C)"


def test_no_task_starts_once_one_has_failed() -> None:
    started = []

    def run(task: dict[str, Any]) -> bool:
        started.append(task["name"])
        return task["name"] != "bad"

    tasks = [{"name": "bad", "template": "t"}, {"name": "next", "template": "t", "dependencies": ["bad"]}]
    assert not workflows.succeeds({"failFast": True, "tasks": tasks}, run)
    assert started == ["bad"]
    assert shutil.which("base64"), "the containers' scripts decode parameters by it"
