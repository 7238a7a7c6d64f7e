"""What proves the rows of the targets' tables: one spec that does nearly everything, and a sample of what some target refuses.

In: a folder, a target. Out: projects, plans, features. Owns the features that every target must show alike; what only one
target does is its own test's. Change it when the language gains a feature.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mlspec import api
from mlspec.ir.features import Feature, features_of
from mlspec.ir.model import Plan
from mlspec.targets.base import Target

HEAD = "apiVersion: mlspec/v1\nkind: Lifecycle\nmetadata: {name: rows}\n"
STEP = "steps:\n  first: {run: 'true'}\n"
SCHEDULE = 'triggers: {schedule: {cron: "0 3 * * 1", timezone: Europe/Berlin}}\n'
NOTES = "notifications:\n  - {events: [failed], to: {secret: slack}}  #\n"
SAMPLES: dict[Feature, str] = {
    Feature.APPROVAL: STEP + "  sign_off: {needs: [first], approval: {message: Go on?}}  #",
    Feature.RUN_IF: "on_failure: continue\n" + STEP + "  mend: {needs: [first], run: 'true', run_if: failure}  #",
    Feature.ON_FAILURE_CONTINUE: "on_failure: continue  #\n" + STEP,
    Feature.SCHEDULE: STEP + "triggers:\n  schedule: {cron: '0 3 * * 1'}  #",
    Feature.OVERLAP: STEP + "triggers:\n  overlap: queue  #",
    Feature.CATCHUP: STEP + "triggers:\n  schedule: {cron: '0 3 * * 1'}\n  catchup: true  #",
    Feature.NOTIFICATIONS: "secrets: {slack: {env: SLACK}}\n" + STEP + NOTES,
    Feature.MONITOR: STEP + "monitor:  #\n  schedule: {cron: '0 * * * *'}\n  steps: {look: {run: 'true'}}\n",
}
"""A spec for each feature that some target refuses; its line ends with `#`."""

SPEC = """\
params: {least: 0.5, go: true}
environments: {ml: {pythonpath: [src], image: acme/ml:1, env: {LEAST: "${{ params.least }}", OWN: theirs}}}
secrets:
  token:
    env: TOKEN
    kubernetes: {secret: acme, key: token}
    airflow: {variable: token}
    jenkins: {credentials: the-token}
tracking: {uri: "sqlite:///mlflow.db", experiment: rows}
lineage: {file: lineage.jsonl}
targets: {airflow: {cache: true}, jenkins: {agent: {docker: true}, cache: true}, kubeflow: {cache: true}}
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
      test "$TOKEN $OWN $LEAST" = "t n ${{ matrix.n }} 0.6"
      if [ ! -e "tried-$MLSPEC_WITH_N" ]; then touch "tried-$MLSPEC_WITH_N"; exit 1; fi
      echo "{\\"auc\\": 0.$MLSPEC_WITH_N}" > ${{ outputs.metrics }}
    with: {n: "${{ matrix.n }}"}
    outputs: {metrics: metrics}
    env: {OWN: "n ${{ matrix.n }}"}
    secrets: [token]
    retry: {limit: 1}
    timeout: 1m
  good: {when: 'run.date.startsWith("2")', gate: ["fit.metrics.auc.all(auc, auc < params.least)"]}
  better: {needs: [good], gate: [params.least > 0.9], otherwise: skip}
  never: {needs: [better], run: "false"}
  each:
    needs: [good]
    foreach: make.values.regions
    run: test "$(printf %s ${{ run.day }} | wc -c)" -eq 10; echo ${{ item }} > ${{ outputs.out }}
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
"""All but what stands in `SAMPLES`. Its secret must be `t`."""
PARAMS = {"least": 0.6}
CODE = """\
def make(table):
    table.write_text("a,b\\n1,2\\n")
    return {"regions": ["north", "south"]}
"""
CONTRACT = "columns: {a: {type: integer}, b: {type: integer}}\n"


def project(folder: Path, spec: str = SPEC) -> tuple[Path, Plan]:
    """Make a project in a new folder, of a spec without its head."""
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "mine.py").write_text(CODE, encoding="utf-8")
    (folder / "contract.yaml").write_text(CONTRACT, encoding="utf-8")
    (folder / "mlspec.yaml").write_text(HEAD + spec, encoding="utf-8")
    return folder, api.plan(api.load(folder / "mlspec.yaml"))


def refused(target: Target) -> set[Feature]:
    return {feature for feature, support in target.capabilities.items() if support.kind == "refused"}


def unproved(target: Target, plans: Iterable[Plan]) -> set[Feature]:
    """The rows that neither these plans, which the target's tests run, nor a sample that it refuses speak for."""
    return set(Feature) - {use.feature for plan in plans for use in features_of(plan)} - (refused(target) & set(SAMPLES))
