"""Every row of the target's table: what it does is done by a spec that runs, what it refuses has a finding at its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlspec import api
from mlspec.plan.features import Feature, features_of
from mlspec.plan.model import Plan
from mlspec.targets.jenkins import TARGET
from tests.engines import jenkins, local
from tests.engines.outcome import outcome_of

HEAD = "apiVersion: mlspec/v1\nkind: Lifecycle\nmetadata: {name: rows}\n"
STEP = "steps:\n  first: {run: 'true'}\n"

REFUSED: dict[Feature, str] = {
    Feature.NOTIFICATIONS: "secrets: {slack: {env: SLACK}}\n"
    + STEP
    + "notifications:\n  - {events: [failed], to: {secret: slack}}  #",
    Feature.MONITOR: STEP + "monitor:  #\n  schedule: {cron: '0 * * * *'}\n  steps: {look: {run: 'true'}}\n",
}

STOPS = """\
params: {least: 0.5, go: true}
environments: {ml: {pythonpath: [src], image: acme/ml:1}}
secrets: {token: {env: TOKEN, jenkins: {credentials: the-token}}}
tracking: {uri: "sqlite:///mlflow.db", experiment: rows}
triggers: {schedule: {cron: "0 3 * * 1", timezone: Europe/Berlin}}
targets: {jenkins: {agent: {docker: true}}}
defaults: {environment: ml}
on_failure: stop
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
GOES_ON = """\
on_failure: continue
store: local://@STORE@
steps:
  slow: {run: sleep 60, timeout: 1s}
  mend: {needs: [slow], run_if: failure, run: "true"}
  below: {needs: [slow], run: "true"}
  sign_off: {approval: {message: Go on?, approvers: [risk]}}
  after: {needs: [sign_off], run: "true"}
"""
CODE = """\
def make(table):
    table.write_text("a,b\\n1,2\\n")
    return {"regions": ["north", "south"]}
"""
CONTRACT = "columns: {a: {type: integer}, b: {type: integer}}\n"


def project(folder: Path, spec: str) -> tuple[Path, Plan]:
    root = folder / "project"
    (root / "src").mkdir(parents=True)
    (root / "src" / "mine.py").write_text(CODE, encoding="utf-8")
    (root / "contract.yaml").write_text(CONTRACT, encoding="utf-8")
    (root / "mlspec.yaml").write_text(HEAD + spec.replace("@STORE@", str(folder / "store")), encoding="utf-8")
    return root, api.plan(api.load(root / "mlspec.yaml"))


def test_the_table_has_no_row_without_a_proof(tmp_path: Path) -> None:
    plans = [project(tmp_path / name, spec)[1] for name, spec in (("stops", STOPS), ("goes-on", GOES_ON))]
    assert {use.feature for plan in plans for use in features_of(plan)} | set(REFUSED) == set(Feature)
    assert {feature for feature, support in TARGET.capabilities.items() if support.kind == "refused"} == set(REFUSED)


@pytest.mark.parametrize("feature", REFUSED, ids=lambda feature: feature.key)
def test_what_is_refused_is_refused_at_its_line(tmp_path: Path, feature: Feature) -> None:
    spec = tmp_path / "mlspec.yaml"
    spec.write_text(HEAD + REFUSED[feature], encoding="utf-8")
    with pytest.raises(api.TargetError) as refused:
        api.compile(api.plan(api.load(spec)), "jenkins")
    findings = [finding for finding in refused.value.findings if feature.title in finding.message]
    marked = next(number for number, line in enumerate(spec.read_text().splitlines(), 1) if line.endswith("#"))
    assert [(finding.code, finding.span.line, bool(finding.hint)) for finding in findings] == [("MLS501", marked, True)]


@pytest.mark.groovy
@pytest.mark.slow
def test_what_is_done_runs_as_it_does_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there, plan = project(tmp_path / "there", STOPS)
    [file] = api.compile(plan, "jenkins")
    done = jenkins.build(there, file.content, {"MLSPEC_PARAM_LEAST": 0.6}, credentials={"the-token": "t"})
    outcome = outcome_of(plan, there, done.run_id)
    monkeypatch.setenv("TOKEN", "t")
    here, plan = project(tmp_path / "here", STOPS)
    assert outcome == outcome_of(plan, here, local.run(here, plan, {"least": 0.6}).run_id)
    assert (done.result, outcome.status) == ("SUCCESS", "succeeded"), done.log
    assert {done.state for name, done in outcome.steps.items() if name not in ("better", "never")} == {"succeeded"}
    assert (outcome.steps["better"].state, outcome.steps["fit[n=2]"].attempts) == ("skipped", 2)
    assert all((folder / "mlflow.db").exists() for folder in (there, here))
    assert "inside acme/ml:1 --cpus 1 --memory 1073741824" in done.log
    assert "cron('''\\\nTZ=Europe/Berlin\n0 3 * * 1''')" in file.content


@pytest.mark.groovy
@pytest.mark.slow
def test_what_goes_on_after_a_failure_and_waits_for_people_does_as_it_does_here(tmp_path: Path) -> None:
    there, plan = project(tmp_path / "there", GOES_ON)
    done = jenkins.run(there, plan, api.compile(plan, "jenkins"), {}, {"Go on?": "ada"})
    outcome = outcome_of(plan, there, done.run_id)
    here, plan = project(tmp_path / "here", GOES_ON)
    with local.approving(here, plan, "sign_off"):
        assert outcome == outcome_of(plan, here, local.run(here, plan).run_id)
    assert done.status == outcome.status == "failed"
    assert {name: step.state for name, step in outcome.steps.items() if step.state != "succeeded"} == {
        "slow": "failed",
        "below": "blocked",
    }
