"""An environment's Dockerfile makes an image in which steps run as they run here.

In: a project of two steps, one that needs a package. Out: nothing but a verdict.
Owns the proof that the image holds all that a step process needs, and that a change of code installs nothing anew.
Change it when images must hold more.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest

from mlspec import __version__, api
from mlspec.environments.export import export
from mlspec.generated import write
from mlspec.invocation.arguments import step_options
from mlspec.invocation.from_plan import invocation
from mlspec.ir.model import Plan
from tests.engines import local
from tests.engines.outcome import outcome_of
from tests.engines.podman import BASE, Podman

pytestmark = [pytest.mark.podman, pytest.mark.slow]

TAG = "localhost/demo:1"
SPEC = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: packed}
environments:
  ml: {python: "%s", requirements: [tinymodule==1.0], pythonpath: [src]}
defaults: {environment: ml}
steps:
  make:
    call: mine:make
    with: {text: "it's $HOME"}
    outputs: {table: dataset, metrics: metrics}
  read:
    run: cat ${{ inputs.table }} data.txt > ${{ outputs.copy }}; python -c 'import mine, tinymodule'
    when: make.metrics.size > 3
    inputs: {table: make.table}
    outputs: {copy: dataset}
  gone:
    when: make.metrics.size > 1000
    run: "false"
"""
CODE = """\
import tinymodule
def make(table, text):
    table.write_text(f"{text} {tinymodule.ANSWER}\\n")
    return {"size": len(text)}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "mine.py").write_text(CODE, encoding="utf-8")
    (folder / "data.txt").write_text("data\n", encoding="utf-8")
    (folder / ".env").write_text("TOKEN=x\n", encoding="utf-8")
    (folder / "mlspec.yaml").write_text(SPEC % f"{sys.version_info[0]}.{sys.version_info[1]}", encoding="utf-8")
    return folder


def made(podman: Podman, project: Path, plan: Plan, **arguments: str) -> str:
    """Export the environment and build its image; returns podman's log."""
    folder = project / "pipelines" / "environments"
    write(export(plan, ["ml"], __version__), folder)
    return podman.build(project, folder / "ml" / "Dockerfile", TAG, {"BASE": BASE, **arguments})


def test_a_run_in_the_image_gives_what_a_local_run_gives(podman: Podman, project: Path, tmp_path: Path) -> None:
    plan = api.plan(api.load(project / "mlspec.yaml"))
    made(podman, project, plan)
    store = tmp_path / "elsewhere"
    store.mkdir()
    store.chmod(0o777)  # the image's user is nobody that this machine knows
    for step in plan.steps:
        words = [word for group in step_options(invocation(plan, step)) for word in group]
        common = ["--lifecycle", plan.lifecycle, "--run-id", "r", "--store", "/store"]
        status = 99 if step.name == "gone" else 0
        mount = f"{store}:/store"
        podman.run("run", "--rm", "--volume", mount, TAG, "mlspec", "exec", *common, *words, status=status)
    (project / ".mlspec").mkdir()
    shutil.copytree(store, project / ".mlspec" / "store")
    there = outcome_of(plan, project, "r")
    assert {name: step.state for name, step in there.steps.items()} == {
        "make": "succeeded",
        "read": "succeeded",
        "gone": "skipped",
    }
    shutil.rmtree(project / ".mlspec")
    (project / "src" / "tinymodule.py").write_text("ANSWER = 42\n", encoding="utf-8")
    bare = api.plan(api.load(project / "mlspec.yaml", sets=["environments.ml.requirements=[]"]))
    assert outcome_of(bare, project, local.run(project, bare).run_id) == there


def test_the_image_holds_the_code_and_nobody_owns_the_rest(podman: Podman, project: Path) -> None:
    made(podman, project, api.plan(api.load(project / "mlspec.yaml")))
    look = (
        "import os; print(os.getuid(), os.getcwd(), sorted(os.listdir()), os.environ['PYTHONPATH'], "
        "os.access('.', os.W_OK), os.access('/usr/local/lib', os.W_OK))"
    )
    assert podman.run("run", "--rm", TAG, "python", "-c", look).split("\n")[-2] == (
        "10001 /project ['data.txt', 'src'] /project/src True False"
    )


def test_a_change_of_code_or_spec_installs_nothing_anew(podman: Podman, project: Path) -> None:
    spec = project / "mlspec.yaml"
    made(podman, project, api.plan(api.load(spec)))
    (project / "src" / "mine.py").write_text(CODE + "\n", encoding="utf-8")
    spec.write_text(spec.read_text(encoding="utf-8").replace("size > 3", "size > 4"), encoding="utf-8")
    steps = re.split(r"(?m)^STEP ", made(podman, project, api.plan(api.load(spec))))[2:]
    anew = [step.split("\n")[0].split(": ")[1].split()[0] for step in steps if "Using cache" not in step]
    assert anew == ["COPY"]


def test_a_base_of_another_python_is_refused(podman: Podman, project: Path) -> None:
    plan = api.plan(api.load(project / "mlspec.yaml", sets=["environments.ml.python='3.99'"]))
    with pytest.raises(AssertionError, match=r"BASE has Python 3\.\d+\.\d+, not 3\.99"):
        made(podman, project, plan)
