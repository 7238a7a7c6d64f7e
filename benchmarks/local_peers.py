"""One graph as a project of mlspec and of other runners on this machine: kedro, Metaflow, DVC and Snakemake.

In: a number of steps and a folder. Out: projects in it, and the command that runs each. Owns what the peers are given: the same shell
command for each step, with one small file that it reads and one that it writes; as many steps at a time as they can. Imports none
of them: each has an environment of its own. Change it when a peer wants something else of a project.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from kedro_peer import SETTINGS

ROOT = Path(__file__).resolve().parent.parent
JOBS = str(os.cpu_count() or 1)


class Project(NamedTuple):
    """A project and the command that runs it; `caches` says whether a second run takes what the first has made."""

    name: str
    folder: Path
    command: list[str]
    caches: bool = False


def commands(steps: int) -> list[tuple[str, list[str], str]]:
    """Each step with those that it reads, and its shell command: one first, many that read it, and one that reads all of these."""
    middle = [f"s{number}" for number in range(1, steps - 1)]
    every = [("s0", [], "echo 0 > {out}"), *((name, ["s0"], "cat {in} > {out}") for name in middle)]
    return [*every, (f"s{steps - 1}", middle, "cat {in} > {out}")]


def mlspec(folder: Path, steps: int) -> None:
    """The spec. The first step reads nothing and so is not cached unless it says that it may be."""
    lines = ["apiVersion: mlspec/v1", "kind: Lifecycle", "metadata: {name: fan}", "steps:"]
    for name, above, command in commands(steps):
        inputs = {f"i{number}": f"{one}.o" for number, one in enumerate(above)}
        read = " ".join(f"${{{{ inputs.{key} }}}}" for key in inputs)
        script = command.replace("{in}", read).replace("{out}", "${{ outputs.o }}")
        listed = ", ".join(f"{key}: {address}" for key, address in inputs.items())
        rest = f"inputs: {{{listed}}}" if inputs else "cache: true"
        lines.append(f"  {name}: {{run: '{script}', {rest}, outputs: {{o: artifact}}}}")
    _write(folder, {"mlspec.yaml": "\n".join(lines) + "\n"})


def kedro(folder: Path, steps: int) -> None:
    """Nodes that start a shell each; what they hand on is the path of their file."""
    nodes = []
    for name, above, command in commands(steps):
        script = command.replace("{in}", " ".join(f"data/{one}" for one in above)).replace("{out}", f"data/{name}")
        nodes.append(f"    node(step({script!r}, 'data/{name}'), {above or None!r}, {name!r}, name={'n' + name!r}),")
    registry = [
        "import subprocess",
        "from kedro.pipeline import Pipeline, node",
        "def step(script, path):",
        "    def run(*above):",
        "        subprocess.run(['/bin/sh', '-e', '-c', script], check=True)",
        "        return path",
        "    return run",
        "NODES = [",
        *nodes,
        "]",
        "def register_pipelines():",
        "    return {'__default__': Pipeline(NODES)}",
    ]
    files = {
        "src/peer/pipeline_registry.py": "\n".join(registry) + "\n",
        "src/peer/__init__.py": "",
        "src/peer/settings.py": "",
    }
    files |= {"pyproject.toml": SETTINGS, "conf/base/catalog.yml": "", "conf/local/.gitkeep": "", "data/.gitkeep": ""}
    _write(folder, files)


def metaflow(folder: Path, steps: int) -> None:
    """A task for each element of a list between a first and a last one."""
    flow = f"""\
import subprocess
from metaflow import FlowSpec, step

def shell(script):
    subprocess.run(["/bin/sh", "-e", "-c", script], check=True)

class Peer(FlowSpec):
    @step
    def start(self):
        shell("echo 0 > data/s0")
        self.numbers = list(range(1, {steps - 1}))
        self.next(self.middle, foreach="numbers")

    @step
    def middle(self):
        shell(f"cat data/s0 > data/s{{self.input}}")
        self.number = self.input
        self.next(self.last)

    @step
    def last(self, inputs):
        shell("cat " + " ".join(f"data/s{{one.number}}" for one in inputs) + " > data/s{steps - 1}")
        self.next(self.end)

    @step
    def end(self):
        pass

if __name__ == "__main__":
    Peer()
"""
    _write(folder, {"flow.py": flow, "data/.gitkeep": ""})


def dvc(folder: Path, steps: int) -> None:
    """A stage for each step."""
    lines = ["stages:"]
    for name, above, command in commands(steps):
        script = command.replace("{in}", " ".join(f"data/{one}" for one in above)).replace("{out}", f"data/{name}")
        deps = f", deps: [{', '.join(f'data/{one}' for one in above)}]" if above else ""
        lines.append(f"  {name}: {{cmd: '{script}'{deps}, outs: [data/{name}]}}")
    _write(folder, {"dvc.yaml": "\n".join(lines) + "\n", "data/.keep": "", ".dvc/config": "[core]\n    no_scm = true\n"})


def snakemake(folder: Path, steps: int) -> None:
    """A rule for each step."""
    rules = [f"rule all:\n    input: 'data/s{steps - 1}'\n"]
    for name, above, command in commands(steps):
        script = command.replace("{in}", "{input}").replace("{out}", "{output}")
        read = f"    input: {', '.join(repr(f'data/{one}') for one in above)}\n" if above else ""
        rules.append(f"rule {name}:\n{read}    output: 'data/{name}'\n    shell: {script!r}\n")
    _write(folder, {"Snakefile": "\n".join(rules)})


def projects(folder: Path, steps: int, python: str) -> list[Project]:
    """Write all of them; ours is the first."""
    commands_of: dict[str, tuple[Callable[[Path, int], None], list[str], bool]] = {
        "mlspec": (mlspec, [python, "-m", "mlspec", "run", "-q"], True),
        "kedro": (kedro, [_tool("kedro", "kedro"), "run", "--runner", "ThreadRunner"], False),
        "Metaflow": (metaflow, [_tool("metaflow", "python"), "flow.py", "--quiet", "run", "--max-workers", JOBS], False),
        "DVC": (dvc, [_tool("dvc", "dvc"), "repro", "-q"], True),
        "Snakemake": (snakemake, [_tool("snakemake", "snakemake"), "--cores", JOBS, "--quiet", "all"], True),
    }
    found = []
    for name, (write, command, caches) in commands_of.items():
        write(folder / name, steps)
        found.append(Project(name, folder / name, command, caches))
    return found


def _tool(environment: str, command: str) -> str:
    return str(ROOT / f".venv-{environment}" / "bin" / command)


def _write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
