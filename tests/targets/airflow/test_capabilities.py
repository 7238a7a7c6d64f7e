"""Every row of the target's table: what it does is done by a spec that runs, what it refuses has a finding at its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlspec import api
from mlspec.plan.features import Feature, features_of
from mlspec.plan.model import Plan
from mlspec.targets.airflow import TARGET
from tests.engines import local
from tests.engines.airflow import Airflow
from tests.engines.outcome import outcome_of
from tests.targets.airflow.plans import ASKS, OUTCOMES

HEAD = "apiVersion: mlspec/v1\nkind: Lifecycle\nmetadata: {name: rows}\n"
STEP = "steps:\n  first: {run: 'true'}\n"
REFUSED: dict[Feature, str] = {
    Feature.NOTIFICATIONS: "secrets: {slack: {env: SLACK}}\n"
    + STEP
    + "notifications:\n  - {events: [failed], to: {secret: slack}}  #",
    Feature.MONITOR: STEP + "monitor:  #\n  schedule: {cron: '0 * * * *'}\n  steps: {look: {run: 'true'}}\n",
}
ELSEWHERE = (ASKS, OUTCOMES)
"""Plans that `test_outcomes.py` runs, for what cannot stand beside the rest."""

SPEC = """\
params: {least: 0.5, go: true}
environments: {ml: {pythonpath: [src], image: acme/ml:1}}
secrets: {token: {env: TOKEN, airflow: {variable: token}}}
tracking: {uri: "sqlite:///mlflow.db", experiment: rows}
triggers: {schedule: {cron: "0 3 * * 1", timezone: Europe/Berlin}}
defaults: {environment: ml}
steps:
  make:
    call: mine:make
    outputs: {table: dataset, values: values}
    resources: {cpu: 1, memory: 1Gi}
  check:
    uses: data/validate
    inputs: {data: make.table}
    with: {contract: contract.yaml}
  fit:
    needs: [check]
    matrix: {n: [1, 2]}
    parallel: 1
    run: |
      test "$TOKEN" = t
      if [ ! -e "tried-$MLSPEC_WITH_N" ]; then touch "tried-$MLSPEC_WITH_N"; exit 1; fi
      echo "{\\"auc\\": 0.$MLSPEC_WITH_N}" > ${{ outputs.metrics }}
    with: {n: "${{ matrix.n }}"}
    outputs: {metrics: metrics}
    secrets: [token]
    retry: {limit: 1}
    timeout: 1m
  good: {gate: ["fit.metrics.auc.all(auc, auc < params.least)"]}
  better: {needs: [good], gate: [params.least > 0.9], otherwise: skip}
  never: {needs: [better], run: "false"}
  each:
    needs: [good]
    foreach: make.values.regions
    run: echo ${{ item }} > ${{ outputs.out }}
    when: params.go
    outputs: {out: artifact}
  all:
    inputs: {all: each.out}
    run: cat ${{ inputs.all }} > ${{ outputs.out }}
    outputs: {out: report}
finally:
  bye:
    run: test ${{ run.status }} = succeeded
"""
CODE = """\
def make(table):
    table.write_text("a,b\\n1,2\\n")
    return {"regions": ["north", "south"]}
"""
CONTRACT = "columns: {a: {type: integer}, b: {type: integer}}\n"


def project(folder: Path) -> tuple[Path, Plan]:
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "mine.py").write_text(CODE, encoding="utf-8")
    (folder / "contract.yaml").write_text(CONTRACT, encoding="utf-8")
    (folder / "mlspec.yaml").write_text(HEAD + SPEC, encoding="utf-8")
    return folder, api.plan(api.load(folder / "mlspec.yaml"))


def test_the_table_has_no_row_without_a_proof(tmp_path: Path) -> None:
    _, plan = project(tmp_path / "p")
    used = {use.feature for each in (plan, *ELSEWHERE) for use in features_of(each)}
    assert used | set(REFUSED) == set(Feature)
    assert {feature for feature, support in TARGET.capabilities.items() if support.kind == "refused"} == set(REFUSED)


@pytest.mark.parametrize("feature", REFUSED, ids=lambda feature: feature.key)
def test_what_is_refused_is_refused_at_its_line(tmp_path: Path, feature: Feature) -> None:
    spec = tmp_path / "mlspec.yaml"
    spec.write_text(HEAD + REFUSED[feature], encoding="utf-8")
    with pytest.raises(api.TargetError) as refused:
        api.compile(api.plan(api.load(spec)), "airflow")
    findings = [finding for finding in refused.value.findings if feature.title in finding.message]
    marked = next(number for number, line in enumerate(spec.read_text().splitlines(), 1) if line.endswith("#"))
    assert [(finding.code, finding.span.line, bool(finding.hint)) for finding in findings] == [("MLS501", marked, True)]


@pytest.mark.airflow
@pytest.mark.slow
def test_what_is_done_runs_as_it_does_here(airflow: Airflow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there, plan = project(tmp_path / "there")
    ran = airflow.run(there, plan, api.compile(plan, "airflow"), {"least": 0.6}, {"AIRFLOW_VAR_TOKEN": "t"})
    monkeypatch.setenv("TOKEN", "t")
    here, plan = project(tmp_path / "here")
    outcome = outcome_of(plan, there, ran.run_id)
    assert outcome == outcome_of(plan, here, local.run(here, plan, {"least": 0.6}).run_id)
    assert (ran.status, outcome.status) == ("succeeded", "succeeded")
    assert {done.state for name, done in outcome.steps.items() if name not in ("better", "never")} == {"succeeded"}
    assert (outcome.steps["better"].state, outcome.steps["fit[n=2]"].attempts) == ("skipped", 2)
    assert all((folder / "mlflow.db").exists() for folder in (there, here))
