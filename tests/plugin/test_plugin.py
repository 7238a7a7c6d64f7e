"""Another package brings a target, a library step and a policy, and all that mlspec does with its own it does with them."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from mlspec.diagnostics.explain import SECTIONS, Catalogue
from mlspec.ir.features import Feature
from tests.plugin.conftest import PACKAGE, Installed
from tests.targets.rows import HEAD, SAMPLES, STEP
from tests.targets.test_declarations import EMITS, FORBIDDEN, LOADED

ROOT = Path(__file__).parents[2]
CODE = PACKAGE / "src" / "mlspec_argo"
ENOUGH = HEAD + 'store: s3://acme/store\ntargets: {argo: {image: "acme/ml:1"}}\n'
REFUSED: dict[Feature, str] = SAMPLES | {
    Feature.GATE_SKIP: "steps:\n  good: {gate: [1 > 0], otherwise: skip}  #",
    Feature.WHEN: "params: {go: true}\nsteps:\n  first: {run: 'true', when: params.go}  #",
    Feature.RESOURCES: "steps:\n  first: {run: 'true', resources: {cpu: 1}}  #",
    Feature.FOREACH: "steps:\n  each: {foreach: [1, 2], run: 'true'}  #",
    Feature.PARALLEL: "steps:\n  each: {matrix: {n: [1, 2]}, parallel: 1, run: 'true'}  #",
    Feature.FINALLY: STEP + "finally:\n  bye: {run: 'true'}  #",
    Feature.RUN_DATE: "steps:\n  first: {run: 'echo ${{ run.day }}'}  #",
    Feature.ENV: "steps:\n  first: {run: 'true', env: {THREADS: '4'}}  #",
    Feature.IMAGE: "environments:\n  ml: {image: 'acme/ml:2'}  #\n" + STEP,
}
"""A spec for each feature that Argo's table refuses; the line of the feature ends with `#`."""


def project(folder: Path, spec: str) -> Path:
    (folder / "mlspec.yaml").write_text(spec, encoding="utf-8")
    return folder


def findings(installed: Installed, folder: Path, spec: str) -> list[tuple[str, int, str]]:
    """Code, line and hint of each error of `mlspec compile -t argo`."""
    printed = installed.mlspec("compile", "-t", "argo", cwd=project(folder, spec), status=1)
    found = re.findall(r"^mlspec\.yaml:(\d+):\d+: error (\w+): .*\n((?: .*\n|\d.*\n)*)", printed, re.MULTILINE)
    hints = [[line for line in re.findall(r"^ +=  ?(.*)", rest, re.MULTILINE) if line[:3] != "at "] for _, _, rest in found]
    return [(code, int(line), " ".join(hint)) for (line, code, _), hint in zip(found, hints, strict=True)]


def test_the_target_is_listed_beside_ours(installed: Installed, tmp_path: Path) -> None:
    table = json.loads(installed.mlspec("targets", "--format", "json", cwd=tmp_path))
    assert set(table) == {"airflow", "argo", "jenkins", "kubeflow", "mlproject"}
    assert {key for key, support in table["argo"].items() if support["kind"] != "refused"} == {
        *("run", "call", "uses", "gate stop", "retry", "timeout", "secrets", "params", "matrix", "on_failure stop")
    }
    assert all(support["how"] for support in table["argo"].values())
    assert installed.mlspec("targets", cwd=tmp_path).splitlines()[0].split() == sorted(table)
    assert installed.mlspec("targets", "argo", cwd=tmp_path).startswith("argo: Argo Workflows: ")
    assert "there is no target 'arg'; did you mean 'argo'?" in installed.mlspec("targets", "arg", cwd=tmp_path, status=2)


def test_its_keys_are_explained_as_ours_are(installed: Installed, tmp_path: Path) -> None:
    shown = installed.mlspec("explain", "steps.train.x-argo", cwd=tmp_path)
    assert shown.startswith("steps.x-argo\n") and "Priority class of the step's pod." in shown
    assert "argo" in installed.mlspec("explain", "steps.retry", cwd=tmp_path).split("on targets")[1]
    assert "argo" not in installed.mlspec("explain", "targets", "--format", "markdown", cwd=tmp_path).lower()


def test_the_step_is_listed_beside_ours(installed: Installed, tmp_path: Path) -> None:
    steps = {step["name"]: step for step in json.loads(installed.mlspec("steps", "--format", "json", cwd=tmp_path))}
    assert {"notes/summarise", "data/validate"} <= set(steps)
    assert installed.mlspec("steps", "notes/summarise", cwd=tmp_path).startswith("notes/summarise (data): Counts")


def test_every_code_has_a_page_that_explain_prints(installed: Installed, tmp_path: Path) -> None:
    own = Catalogue((CODE / "catalogue",))
    assert set(own.codes) == set(re.findall(r'"(ARGO\d{3})"', (CODE / "findings.py").read_text(encoding="utf-8")))
    for code in own.codes:
        page = own.page(code)
        assert tuple(re.findall(r"^## (.*)$", page.text, re.MULTILINE)) == SECTIONS
        assert installed.mlspec("explain", code.lower(), cwd=tmp_path).strip() == page.text.strip()
        assert page.title in installed.mlspec("explain", cwd=tmp_path)
    assert "did you mean ARGO001?" in installed.mlspec("explain", "ARGO011", cwd=tmp_path, status=2)


def test_a_refused_feature_is_an_error_at_its_line(installed: Installed, tmp_path: Path) -> None:
    table = json.loads(installed.mlspec("targets", "argo", "--format", "json", cwd=tmp_path))["argo"]
    # Argo has no option that asks for the first; the others have no line of their own.
    rest = {Feature.CACHE, Feature.TRACKING, Feature.LINEAGE}
    assert {feature.key for feature in {*REFUSED, *rest}} == {key for key, each in table.items() if each["kind"] == "refused"}
    for feature, sample in REFUSED.items():
        spec = ENOUGH + sample
        marked = next(number for number, line in enumerate(spec.splitlines(), 1) if line.endswith("#"))
        assert ("MLS501", marked, table[feature.key]["how"]) in findings(installed, tmp_path, spec)
    spec = ENOUGH + 'tracking: {uri: "sqlite:///mlflow.db"}\n' + STEP
    assert findings(installed, tmp_path, spec) == [("MLS501", 1, table["tracking"]["how"])]
    spec = ENOUGH + "lineage: {file: lineage.jsonl}\n" + STEP
    assert findings(installed, tmp_path, spec) == [("MLS501", 1, table["lineage"]["how"])]


OPTIONS = {
    "targets: {argo: {image: i, namspace: ml}}\n" + STEP: [("MLS201", "did you mean `namespace`?")],
    "targets: {argo: {image: 7}}\n" + STEP: [("MLS203", None)],
    "targets: {argo: {image: '{{x}}'}}\n" + STEP: [("MLS205", None)],
    "targets: {agro: {image: i}}\n" + STEP: [("MLS503", "did you mean `argo`?")],
    "targets: {split: {data: agro}}\n" + STEP: [("MLS503", "did you mean `argo`?")],
    "steps:\n  first: {run: 'true', x-agro: {}}": [("MLS503", "did you mean `x-argo`?")],
    "steps:\n  first: {run: 'true', x-argo: {dedline: 1}}": [("MLS201", "did you mean `deadline`?")],
    "steps:\n  first: {run: 'true', x-argo: {deadline: 0}}": [("MLS206", None)],
    "steps:\n  first: {run: 'true', priority_class: high}": [("MLS201", "write it under `x-argo`")],
    "secrets: {token: {env: TOKEN, kubernetes: {secret: s}}}\n" + STEP: [("MLS219", None)],
    "secrets: {token: {env: TOKEN, argo: {secret: s}}}\n" + STEP: [("MLS201", None)],
}


@pytest.mark.parametrize("spec", OPTIONS)
def test_options_are_checked_as_ours_are(spec: str, installed: Installed, tmp_path: Path) -> None:
    found = findings(installed, tmp_path, HEAD + spec)
    assert [code for code, _, _ in found] == [code for code, _ in OPTIONS[spec]]
    for (_, _, hint), (_, wanted) in zip(found, OPTIONS[spec], strict=True):
        assert wanted is None or hint == wanted


OWN = {
    "store: data/store  #\ntargets: {argo: {image: i}}\n" + STEP: "ARGO001",
    "store: file:///mnt/store  #\ntargets: {argo: {image: i}}\n" + STEP: "ARGO001",
    'store: s3://acme/store\nparams:\n  x: "{{=1}}"  #\ntargets: {argo: {image: i}}\n' + STEP: "ARGO003",
    "store: s3://acme/store\ntargets: {argo: {image: i}}\nsecrets:\n  t: {env: T}  #\n"
    "steps: {a: {run: 'true', secrets: [t]}}": "ARGO004",
}


@pytest.mark.parametrize("spec", OWN)
def test_the_target_has_findings_of_its_own(spec: str, installed: Installed, tmp_path: Path) -> None:
    marked = next(number for number, line in enumerate((HEAD + spec).splitlines(), 1) if line.endswith("#"))
    [(code, line, hint)] = findings(installed, tmp_path, HEAD + spec)
    assert (code, line, bool(hint)) == (OWN[spec], marked, True)


def test_an_image_is_asked_for(installed: Installed, tmp_path: Path) -> None:
    [(code, line, _)] = findings(installed, tmp_path, HEAD + "store: s3://acme/store\n" + STEP)
    assert (code, line) == ("ARGO002", 1)


def test_declarations_are_held_to_what_ours_are(installed: Installed) -> None:
    chosen = "says_what_it_is or same_defaults or examples_are_valid or brings_its_pages"
    words = ["-q", "-p", "no:cacheprovider", "tests/targets/test_declarations.py", "-k", f"argo and ({chosen})"]
    assert " passed" in installed.run(sys.executable, "-m", "pytest", *words, cwd=ROOT)


EMITTED = "assert target.emit(made) and not target.check(made)"


def test_the_target_loads_neither_pydantic_nor_the_language(installed: Installed) -> None:
    options = 'target_options={"argo": {"image": "acme/ml:1"}}'
    program = EMITS.replace('store="', f'{options}, store="').replace("assert target.emit(made), target.check(made)", EMITTED)
    printed = installed.run(sys.executable, "-c", f"{program}\n{LOADED.format(names=FORBIDDEN)}", "argo", cwd=ROOT)
    assert printed.strip() == "[]"


def test_what_ships_with_mlspec_does_not_change(installed: Installed) -> None:
    """The JSON Schema says nothing of what another package brings."""
    installed.mlspec("schema", "--check", cwd=ROOT)


CSV = "age,city\n30,Ulm\n40,\n50,Bonn\n"
SUMMARISES = """\
steps:
  look:
    uses: notes/summarise
    inputs: {data: {path: people.csv}}
    timeout: 1m
  good: {gate: [look.metrics.rows == 3, look.metrics.mean__age == 40, look.metrics.missing == 1]}
"""


def test_its_step_runs(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(CSV, encoding="utf-8")
    installed.mlspec("run", cwd=project(tmp_path, HEAD + SUMMARISES))
    shown = json.loads(installed.mlspec("runs", "show", "--format", "json", cwd=tmp_path))
    assert {step: each["status"] for step, each in shown["steps"].items()} == {"look": "succeeded", "good": "succeeded"}
    [metrics] = tmp_path.glob(".mlspec/store/rows/*/look/metrics")
    assert json.loads(metrics.read_text(encoding="utf-8")) == {"rows": 3, "columns": 2, "missing": 1, "mean__age": 40}


def test_its_step_is_checked(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("", encoding="utf-8")
    wrong = SUMMARISES.replace("timeout: 1m", "with: {delimiters: ;}").replace("metrics.rows", "metrics.lines")
    printed = installed.mlspec("validate", cwd=project(tmp_path, HEAD + wrong), status=1)
    assert "notes/summarise has no option 'delimiters'" in printed
    assert "lines" in printed
    assert "the data have no header line" in installed.mlspec("run", cwd=project(tmp_path, HEAD + SUMMARISES), status=1)


def test_its_policy_stops_a_spec_that_breaks_it(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(CSV, encoding="utf-8")
    spec = HEAD + "policies: [timeouts_set]\n" + SUMMARISES
    installed.mlspec("validate", cwd=project(tmp_path, spec))
    broken = spec.replace("    timeout: 1m\n", "")
    printed = installed.mlspec("run", cwd=project(tmp_path, broken), status=1)
    assert "mlspec.yaml:6:3: error MLS604: `look` has no timeout, which the policy `timeouts_set` asks for" in printed
    assert not (tmp_path / ".mlspec").exists()
    misspelt = spec.replace("timeouts_set", "timeout_set")
    assert "`timeouts_set`" in installed.mlspec("validate", cwd=project(tmp_path, misspelt), status=1)
