"""The same inputs make the same bytes: in another process, with another hash seed and another number of threads."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "employment"
LIFECYCLE = """
import json, sys
from pathlib import Path
from employment.data import ingest, split
from employment.train import train
from mlspec.library import load
to = Path(sys.argv[1])
def use(name, inputs, **with_):
    step = load(name)
    outputs = {output: to / f"{name.replace('/', '-')}-{output}" for output in step.outputs}
    metrics = step.run({key: to / value for key, value in inputs.items()}, outputs, with_)
    outputs["metrics"].write_text(json.dumps(metrics))
ingest(table=to / "table", min_age=16)
use("data/validate", {"data": "table"}, contract="contracts/employment.yaml")
split(table=to / "table", train=to / "train", test=to / "test", test_share=0.3, seed=7)
train(data=to / "train", model=to / "model", seed=7, iterations=100, learning_rate=0.1)
use("evaluate/classifier", {"model": "model", "data": "test"}, target="employed")
use("fairness/assess", {"model": "model", "data": "test"}, target="employed", sensitive=["SEX", "RAC1P"], min_rows=50)
use("export/onnx", {"model": "model", "data": "test"})
"""


@pytest.mark.slow
def test_every_output_of_the_example(tmp_path):
    made = []
    for seed, threads in (("1", "2"), ("2", "1")):
        folder = tmp_path / seed
        folder.mkdir()
        environment = os.environ | {"PYTHONPATH": "src", "PYTHONHASHSEED": seed, "OMP_NUM_THREADS": threads}
        subprocess.run([sys.executable, "-c", LIFECYCLE, folder], cwd=EXAMPLE, env=environment, check=True, timeout=240)
        made.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert len(made[0]) == 13
    assert [name for name in made[0] if made[0][name] != made[1][name]] == []
    assert made[0].keys() == made[1].keys()
