"""Texts that look like code, wherever a spec takes text: on every engine they reach processes byte for byte, and nothing else runs.

Each text would make a file if a shell, Python, Jinja, Groovy, CEL or YAML took it for its own. Jenkins' tests draw many more.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlspec import api
from mlspec.ir.model import Plan
from tests.engines import EngineRun, jenkins, kfp_local, local, mlflow
from tests.engines.airflow import Airflow
from tests.engines.outcome import outcome_of

CANARY = "canary"


def hostile(mark: Path) -> list[str]:
    """What runs `touch` where it is evaluated."""
    touch = f"touch {mark}"
    return [
        f"$({touch})",
        f"`{touch}`",
        f"'; {touch}; '",
        f'"; {touch}; "',
        f"\n{touch}\n",
        f"; {touch} #",
        f"' + __import__('os').system('{touch}') + '",
        f"'''\n__import__('os').system('{touch}')\n'''",
        f'"""\n__import__("os").system("{touch}")\n"""',
        f"{{{{ lipsum.__globals__['os'].system('{touch}') }}}}",
        f"{{% for x in lipsum.__globals__['os'].popen('{touch}') %}}{{% endfor %}}",
        f"${{'{touch}'.execute()}}",
        f"' + '{touch}'.execute() + '",
        f"*/ '{touch}'.execute() /*",
        f"\\u0027; {touch}; \\u0027",
        f"x\n    command: {touch}",
        f"--shell={touch}",
        f"{{n}} {{0}} %s %(x)s {touch}",
        "{{$.inputs.parameters['text']}} {{workflow.name}} {{ ds }}",
        "-n",
        "",
        "é \u2028 \u00a0 漢 😀",
    ]


def spec(mark: Path) -> dict[str, Any]:
    texts = hostile(mark)
    all_of_it = " ".join(texts)
    names = [f"v{number}" for number in range(len(texts))]
    show = "printf '%s\\0' " + " ".join(f"${{{{ with.{name} }}}}" for name in names)
    return {
        "apiVersion": "mlspec/v1",
        "kind": "Lifecycle",
        "metadata": {
            "name": "hostile",
            "description": all_of_it,
            "owners": [f"{texts[0]}@example.com"],
            "labels": {f"label{number}": text[:80] for number, text in enumerate(texts)},  # Airflow holds 100 characters
        },
        "params": {
            "text": {"type": "string", "default": texts[0], "description": all_of_it},
            "other": {"type": "string", "default": "x"},
            "several": {"type": "list", "default": passable(texts)},
            "pick": {"type": "string", "default": texts[2], "enum": [texts[2], texts[3]]},
        },
        "steps": {
            "show": {
                "description": all_of_it,
                "run": f"{show} > ${{{{ outputs.out }}}}",
                "with": dict(zip(names, texts, strict=True)),
                "outputs": {"out": "artifact"},
            },
            "given": {
                "run": "printf '%s\\0' ${{ params.text }} ${{ params.other }} ${{ params.several }} ${{ params.pick }} \\\n"
                "  > ${{ outputs.out }}",
                "outputs": {"out": "artifact"},
            },
            "grid": {
                "matrix": {"text": texts[:4]},
                "run": "printf '%s' ${{ matrix.text }} > ${{ outputs.out }}",
                "outputs": {"out": "artifact"},
            },
            "each": {
                "foreach": texts,
                "parallel": 8,
                "run": "printf '%s' ${{ item }} > ${{ outputs.out }}",
                "outputs": {"out": "artifact"},
            },
            "judge": {"gate": [f"params.text != {json.dumps(texts[1])}"], "description": all_of_it},
        },
        "finally": {"bye": {"description": all_of_it, "run": "true", "when": f"params.other != {json.dumps(texts[3])}"}},
    }


def passable(texts: list[str]) -> list[str]:
    """Those that a parameter can hold on Kubeflow, too, in an order in which no `$` comes behind a `)` (MLS514)."""
    known = [text for text in texts if "{{$" not in text]
    closing = [text for text in known if ")" in text]
    last = next(text for text in closing if "$(" in text and "$" not in text.partition(")")[2])
    return [*(text for text in known if text not in closing), last, *(text for text in closing if "$" not in text)]


Engine = Callable[[Path, Plan, dict[str, Any]], EngineRun]


def on_mlflow(project: Path, plan: Plan, params: dict[str, Any]) -> EngineRun:
    return mlflow.run(project, plan, api.compile(plan, "mlproject"), params)


def on_jenkins(project: Path, plan: Plan, params: dict[str, Any]) -> EngineRun:
    return jenkins.run(project, plan, api.compile(plan, "jenkins"), params)


def on_kubeflow(project: Path, plan: Plan, params: dict[str, Any]) -> EngineRun:
    shared = kfp_local.with_shared_store(plan, project)
    return kfp_local.run(project, shared, api.compile(shared, "kubeflow"), params)


def held(folder: Path, engine: Engine) -> None:
    """Run the spec on an engine and look at what its steps were given, and for what was made beside."""
    project, mark = folder / "project", folder / CANARY
    project.mkdir()
    (project / "mlspec.yaml").write_text(yaml.safe_dump(spec(mark), allow_unicode=True, sort_keys=False), encoding="utf-8")
    plan = api.plan(api.load(project / "mlspec.yaml"))
    texts = hostile(mark)
    other = " ".join(passable(texts))
    done = engine(project, plan, {"other": other})
    outcome = outcome_of(plan, project, done.run_id)
    assert (done.status, {step.state for step in outcome.steps.values()}) == ("succeeded", {"succeeded"})
    several = json.dumps(passable(texts), ensure_ascii=False, separators=(",", ":"))
    written = {
        "show": ended(texts),
        "given": ended([texts[0], other, several, texts[2]]),
        **{f"each[{number}]": text for number, text in enumerate(texts)},
        **{step.id: texts[step.instance.index] for step in plan.steps if step.instance},
    }
    digests = {step: f"sha256:{hashlib.sha256(text.encode()).hexdigest()}" for step, text in written.items()}
    assert {step: done.outputs["out"] for step, done in outcome.steps.items() if done.outputs} == digests
    assert [path for path in folder.rglob("*") if CANARY in path.name] == []


def ended(texts: list[str]) -> str:
    """What `printf '%s\\0'` makes of words."""
    return "".join(f"{text}\0" for text in texts)


def test_here(tmp_path: Path) -> None:
    held(tmp_path, local.run)


@pytest.mark.kfp
def test_on_kubeflow(tmp_path: Path) -> None:
    held(tmp_path, on_kubeflow)


@pytest.mark.groovy
@pytest.mark.parametrize("budget", [None, 0], ids=["stages", "data"])
def test_on_jenkins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, budget: int | None) -> None:
    if budget is not None:
        monkeypatch.setattr("mlspec.targets.jenkins.emit.BUDGET", budget)
    held(tmp_path, on_jenkins)


@pytest.mark.slow
def test_on_mlflow_projects(tmp_path: Path) -> None:
    held(tmp_path, on_mlflow)


@pytest.mark.airflow
@pytest.mark.slow
def test_on_airflow(tmp_path: Path, airflow: Airflow) -> None:
    held(tmp_path, lambda project, plan, params: airflow.run(project, plan, api.compile(plan, "airflow"), params))


@pytest.mark.airflow2
@pytest.mark.slow
def test_on_airflow_2(tmp_path: Path, airflow_2: Airflow) -> None:
    held(tmp_path, lambda project, plan, params: airflow_2.run(project, plan, api.compile(plan, "airflow"), params))


def test_a_file_appears_where_a_text_is_evaluated(tmp_path: Path) -> None:
    """The texts themselves: a shell that is handed one as code does make the file."""
    subprocess.run(["/bin/sh", "-c", f"echo {hostile(tmp_path / CANARY)[0]}"], check=True, stdout=subprocess.DEVNULL)
    assert (tmp_path / CANARY).exists()
