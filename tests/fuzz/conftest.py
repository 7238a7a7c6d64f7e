"""How much is tried: 20,000 examples by default, the same ones each time; `make fuzz N=500000` tries other ones.

In: the environment variable FUZZ, a number of examples. Out: hypothesis settings.
Owns the share of each property; keeps no database, so that a run never depends on the one before.
Change it when a property is added: the shares come to one.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

DEFAULT = 20_000
EXAMPLES = int(os.environ.get("FUZZ", DEFAULT))


def share(part: float) -> settings:
    """Settings for a property that gets this part of all examples."""
    return settings(
        max_examples=max(1, round(EXAMPLES * part)),
        derandomize=EXAMPLES == DEFAULT,
        database=None,
        deadline=None,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture(scope="module", autouse=True)
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what specs refer to; tests run in it, so that every path in a finding is relative."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "src" / "credit").mkdir(parents=True)
    (folder / "src" / "credit" / "train.py").write_text("def main(table, model=None, depth=4): ...\nprepare = main\n")
    (folder / "broken.py").write_text("def main(:\n")
    (folder / "data").mkdir()
    (folder / "data" / "loans.csv").write_text("a,b\n1,2\n")
    (folder / "requirements.txt").write_text("scikit-learn==1.8.0\nnumpy\n")
    (folder / "base.yaml").write_text("params: {depth: 4}\nsteps: {ingest: {run: a, outputs: {table: dataset}}}\n")
    (folder / "circle.yaml").write_text("include: [circle.yaml]\n")
    (folder / "wrong.yaml").write_text("steps: [\n")
    (folder / "latin.yaml").write_bytes(b"params: {a: \xe9}\n")
    before = Path.cwd()
    os.chdir(folder)
    yield folder
    os.chdir(before)
