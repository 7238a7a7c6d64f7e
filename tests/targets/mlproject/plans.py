"""Specs of all that an MLflow Project can do, and awkward values for their parameters."""

AWKWARD = 'it\'s; $HOME $(touch hacked) `id` {n} {{x}} \\ "q" é 😀 # -x'

SPEC = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: projected, description: Shows what an MLflow Project does.}
params:
  n: {type: integer, default: 3, minimum: 1}
  rate: {type: number, default: 1.0e-07}
  who: {type: string, default: "it's {me} $HOME", description: Whom to greet}
  deep: true
  on: [1, "a b", {k: "v'"}]
environments:
  ml: {pythonpath: [src]}
  packages: {python: "3.11", requirements: [packaging>=20]}
steps:
  ingest:
    description: Makes a table.
    run: printf '%s\\n' ${{ params.who }} ${{ params.on }} ${{ params.rate }} > ${{ outputs.table }}
    outputs: {table: dataset}
  fit:
    call: mine:fit
    environment: ml
    matrix: {depth: [2, 4]}
    inputs: {table: ingest.table}
    with: {depth: "${{ matrix.depth }}", deep: "${{ params.deep }}"}
    outputs: {metrics: metrics}
  flaky:
    run: if [ -e again ]; then echo yes > ${{ outputs.o }}; else touch again; exit 3; fi
    environment: packages
    retry: {limit: 2, delay: 0s}
    outputs: {o: artifact}
  quality:
    gate: ["fit.metrics.depth.all(d, d > 1) && params.n < 5"]
  deploy:
    needs: [quality]
    when: params.deep
    run: echo ${{ params.n }} > ${{ outputs.o }}
    outputs: {o: artifact}
finally:
  cleanup: {run: rm -f again}
"""

CONTINUE = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: going-on}
on_failure: continue
secrets: {token: {env: DEMO_TOKEN}}
steps:
  list:
    run: echo '{"items":["a","b c","$HOME"]}' > ${{ outputs.v }}
    outputs: {v: values}
  each:
    foreach: list.v.items
    parallel: 1
    run: printf '%s' ${{ item }} > ${{ outputs.o }}
    outputs: {o: artifact}
  check:
    uses: data/validate
    inputs: {data: {path: data.csv}}
    with: {contract: contract.yaml}
  slow: {run: sleep 60, timeout: 1s}
  rescue: {needs: [slow], run_if: failure, run: "true"}
  below: {needs: [slow], run: "true"}
  maybe: {gate: ["size(list.v.items) > 5"], otherwise: skip}
  after: {needs: [maybe], run: "true"}
  secret: {secrets: [token], run: test "$DEMO_TOKEN" = opensesame, needs: [sign_off]}
  sign_off: {approval: {message: Go on?}, needs: [each]}
"""

CODE = """\
def fit(table, depth, deep):
    return {"depth": depth, "size": len(table.read_bytes()) * (2 if deep else 1)}
"""
