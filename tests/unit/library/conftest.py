"""Real people and a real model: the example's own functions, on the rows that nannyml ships."""

import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "employment"


@pytest.fixture(scope="session")
def employment(tmp_path_factory):
    """A folder with `table`, `train`, `test` (Parquet) and `model` (joblib) of the employment example."""
    folder = tmp_path_factory.mktemp("employment")
    sys.path.insert(0, str(EXAMPLE / "src"))
    try:
        from employment.data import ingest, split
        from employment.train import train
    finally:
        sys.path.remove(str(EXAMPLE / "src"))
    ingest(table=folder / "table", min_age=16)
    split(table=folder / "table", train=folder / "train", test=folder / "test", test_share=0.3, seed=7)
    train(data=folder / "train", model=folder / "model", seed=7, iterations=30, learning_rate=0.1)
    return folder


@pytest.fixture
def run(tmp_path):
    """Run a library step into a temporary folder: `run(name, inputs, with_) -> (result, folder)`."""
    from mlspec.library import load

    def run_step(name, inputs, **with_):
        step = load(name)
        outputs = {output: tmp_path / output for output in step.outputs}
        return step.run(inputs, outputs, with_), tmp_path

    return run_step
