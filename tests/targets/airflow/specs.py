"""Specs for the tests of the Airflow target, as plans: what would be long by hand, and containers."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from mlspec import api
from mlspec.ir.model import Plan
from tests.targets.airflow.plans import CLASHES, CREDIT, DIAMOND, FAILING


def planned(text: str) -> Plan:
    """The plan of a spec, lowered."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "mlspec.yaml"
        path.write_text(text, encoding="utf-8")
        return api.lower(api.plan(api.load(path)))


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

FINALS = planned("""
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: finals}
params: {n: 9}
steps:
  work: {run: 'test "${{ params.n }}" != 0'}
  unwanted: {run: "true", needs: [work], when: params.n > 9}
finally:
  row:
    matrix: {text: ["a b", "{{ ds }}", "$(id)"], m: [1, 2]}
    description: Clears away.
    run: printf '%s' ${{ matrix.text }} ${{ run.status }} > ${{ outputs.out }}
    outputs: {out: artifact}
  below: {run: "true", needs: [row]}
  breaks: {matrix: {m: [1, 2]}, run: 'test "${{ matrix.m }}" = 1'}
  below_breaks: {run: "true", needs: [breaks]}
  rows_below_breaks: {matrix: {m: [1, 2]}, run: "true", needs: [row, breaks]}
  some: {matrix: {m: [1, 2]}, when: matrix.m > 1, run: "true"}
  below_some: {matrix: {m: [1, 2]}, needs: [some, row], run: "true"}
  none: {matrix: {m: [1, 2]}, when: matrix.m > 2, run: "true"}
  below_none: {matrix: {m: [1, 2]}, needs: [none, row], run: "true"}
  last: {needs: [below_some], run: "true"}
""")
"""Matrices in `finally`: some that wait for steps, some that wait for each other."""

LISTS = planned(r"""
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: lists}
params: {n: 9}
steps:
  work: {run: 'test "${{ params.n }}" != 0'}
  unwanted: {run: "true", needs: [work], when: params.n > 9}
finally:
  element:
    foreach:
      ["{{ ds }}{% raw %}{#", "$(id) `id` \"q\" 's' $HOME \\", "two\nlines é\u200b", "-x", "", null, {k: [1, "{{ ds }}"]}, 1, 1.0, true]
    description: Clears away.
    with: {item: "${{ item }}"}
    run: printf '%s' ${{ item }} ${{ run.status }} > ${{ outputs.out }}
    outputs: {out: artifact}
  below_element: {run: "true", needs: [element]}
  nothing: {foreach: [], run: "true"}
  below_nothing: {foreach: [], parallel: 1, run: "true", needs: [nothing, element]}
  last: {foreach: [1], run: "true", needs: [below_nothing]}
  breaks: {foreach: [1, 2, 3, 4], parallel: 2, when: item != 2, run: 'test "${{ item }}" != 1'}
  nothing_below_breaks: {foreach: [], run: "true", needs: [breaks]}
  elements_below_breaks: {foreach: [1, 2], parallel: 1, run: "true", needs: [element, breaks]}
  below_breaks: {run: "true", needs: [nothing_below_breaks]}
  rows: {matrix: {m: [1, 2, 3, 4]}, parallel: 1, needs: [last], when: matrix.m != 2, run: 'test "${{ matrix.m }}" != 1'}
  below_rows: {run: "true", needs: [rows]}
  none: {foreach: [1, 2], parallel: 1, when: item > 2, run: "true"}
  below_none: {foreach: [1, 2], parallel: 1, run: "true", needs: [none, element]}
  nothing_below_none: {foreach: [], run: "true", needs: [none]}
""")
"""Lists in `finally`, empty ones too, and bounds: below steps, and below each other."""

ASKS = planned("""
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: asks}
params: {go: true}
targets: {airflow: {version: 3}}
steps:
  train:
    run: printf '{"auc":%s}' "$(cat auc-${{ run.id }} 2> /dev/null || echo 0.81)" > ${{ outputs.metrics }}
    outputs: {metrics: metrics}
  sign_off:
    needs: [train]
    when: params.go
    approval: {message: 'Promote {{ ds }} with ${{ train.metrics.auc }} to "production"?', approvers: [], timeout: 3d}
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
    .replace(
        "OPTIONS",
        "{runner: kubernetes, namespace: ml, service_account: runner, image: 'ghcr.io/acme/mlspec:1', pods: {labels: {team: ml}}}",
    )
    .replace("EXTENSION", "x-airflow: {node_selector: {pool: gpu, arch: amd64}, tolerations: [{key: gpu, operator: Exists}]}")
)
PLANS = {made.lifecycle: made for made in (CREDIT, CLASHES, DIAMOND, FAILING, FAN, FINALS, LISTS, ASKS, DOCKER, PODS)}
"""All that is looked at file by file."""
