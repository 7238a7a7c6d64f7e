"""The same steps as a kedro project, for `kedro airflow create`: `python kedro_peer.py SHAPE STEPS FOLDER`.

In: a shape, a number of steps and a folder. Out: a project in the folder, whose nodes and datasets are those of the spec.
Owns the peer's project, the smallest that kedro takes; imports neither kedro, which has an environment of its own, nor
mlspec. Change it when the steps of `specs.py` change, or kedro wants something else of a project.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import cast

from specs import Shape, parent

SETTINGS = """\
[tool.kedro]
package_name = "peer"
project_name = "peer"
kedro_init_version = "1.7.0"
source_dir = "src"
"""
CATALOG = """\
"t{number}":
  type: pickle.PickleDataset
  filepath: data/t{number}.pkl
"""
FUNCTIONS = """\
from kedro.pipeline import Pipeline, node


def first(n):
    return [n]


def following(table, n):
    return [*table, n]


"""


def project(shape: Shape, steps: int, folder: Path) -> None:
    """Write the project: a node for each step, with one value, one output and, but for the first, one input."""
    nodes = ['    node(first, "params:n0", "t0", name="s0"),']
    for number in range(1, steps):
        source = cast(int, parent(shape, number))
        nodes.append(f'    node(following, ["t{source}", "params:n{number}"], "t{number}", name="s{number}"),')
    registry = ["NODES = [", *nodes, "]", "", "", "def register_pipelines():", '    return {"__default__": Pipeline(NODES)}']
    files = {
        "pyproject.toml": SETTINGS,
        "conf/base/catalog.yml": CATALOG,
        "conf/base/parameters.yml": "".join(f"n{number}: {number}\n" for number in range(steps)),
        "conf/local/.gitkeep": "",
        "src/peer/__init__.py": "",
        "src/peer/settings.py": "",
        "src/peer/pipeline_registry.py": FUNCTIONS + "\n".join(registry) + "\n",
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    project(cast(Shape, sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
