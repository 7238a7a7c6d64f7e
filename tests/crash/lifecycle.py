"""The lifecycle that is killed, and what a run of it must come to.

In: a folder, how long bodies may take. Out: a project in it; what a run left, as a value that equals that of an undisturbed run.
Owns what is compared: states, digests, what was published; never kills. Change it when another kind of step may be killed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SPEC = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: crash}
params: {longest: {type: number, default: 1}}
steps:
  seed: {run: "echo seed > ${{ outputs.o }}; %(pause)s", outputs: {o: artifact}}
  cached: {run: "echo cached > ${{ outputs.o }}", outputs: {o: artifact}}
  list: {run: "echo '[1, 2, 3, 4]' > ${{ outputs.items }}", outputs: {items: values}}
  folder:
    run: "mkdir ${{ outputs.o }}; for n in 1 2 3 4 5; do cp ${{ inputs.i }} ${{ outputs.o }}/$n; %(short)s; done"
    inputs: {i: seed.o}
    outputs: {o: artifact}
  each:
    foreach: list.items
    run: "echo ${{ item }} > ${{ outputs.o }}; %(pause)s; echo end >> ${{ outputs.o }}"
    outputs: {o: artifact}
  flaky:
    needs: [cached]
    retry: {limit: 3, delay: 0s}
    run: "echo f > ${{ outputs.o }}; %(short)s; [ -e flag ] || { touch flag; exit 1; }"
    outputs: {o: artifact}
  score: {run: "echo '{\\"a\\": 0.9}' > ${{ outputs.m }}", needs: [folder], outputs: {m: metrics}}
  good: {gate: ["score.m.a > 0.5"]}
  never: {gate: ["score.m.a > 0.95"], otherwise: skip}
  unwanted: {needs: [never], run: "true"}
  join:
    needs: [good, flaky]
    run: "cat ${{ inputs.e }} > ${{ outputs.o }}; %(pause)s; cat ${{ inputs.f }}/* >> ${{ outputs.o }}"
    inputs: {e: each.o, f: folder.o}
    outputs: {o: artifact}
finally:
  clean: {run: "%(short)s; echo clean >> ${{ outputs.o }}", outputs: {o: artifact}}
"""

STEPS = [
    "seed",
    "cached",
    "list",
    "folder",
    "each.0",
    "each.1",
    "each.2",
    "each.3",
    "flaky",
    "score",
    "good",
    "never",
    "join",
    "clean",
]
"""The names of those that start, as the run's marks have them."""
_PAUSE = "sleep $(awk -v m=$MLSPEC_PARAM_LONGEST -v s=$$ 'BEGIN {srand(s); print m * rand() * rand()}')"
_SHORT = "sleep 0.1"


def write(folder: Path) -> None:
    """Make the project."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mlspec.yaml").write_text(SPEC % {"pause": _PAUSE, "short": _SHORT}, encoding="utf-8")


def left(folder: Path, run_id: str) -> Any:
    """What a run left, times, logs and addresses aside."""
    run = folder / ".mlspec/store/crash" / run_id
    manifest = json.loads((run / "_run.json").read_text())
    records = {}
    for path in sorted(run.rglob("_record.json")):
        record = json.loads(path.read_text())
        outputs = {name: (made["digest"], made["type"]) for name, made in record["outputs"].items()}
        records[str(path.parent.relative_to(run))] = (record["status"], outputs, record["error"])
    files = sorted(str(path.relative_to(run)) for path in run.rglob("*") if path.is_file() and path.name != "_log.txt")
    states = {step: entry["status"] for step, entry in manifest["steps"].items()}
    return {"status": manifest["status"], "states": states, "records": records, "files": files}
