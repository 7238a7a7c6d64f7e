"""Plans as people look at them: the same bytes each time, and text that no format takes for its own."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from mlspec import api
from mlspec.cli.main import main
from mlspec.ir.model import Plan
from mlspec.report import FORMS, render
from mlspec.report.graph_layout import layout

AWKWARD = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: awkward, description: "<b>&amp; \\"quotes\\" </script>"}
params: {text: "<i>'\\""}
steps:
  first: {run: "echo '</text><script>' \\"--> ]]>\\" > ${{ outputs.o }}", outputs: {o: dataset}}
  fan:
    run: cat ${{ inputs.i }} > ${{ outputs.o }}; echo ${{ matrix.x }} ${{ params.text }}
    matrix: {x: ["a\\"b", "<c>", "#d\\\\"]}
    inputs: {i: first.o}
    outputs: {o: dataset}
  good: {needs: [fan], gate: ["1 < 2"]}
  last: {run: "cat ${{ inputs.i }}", inputs: {i: fan.o}, needs: [good, first]}
finally:
  tidy: {run: "true"}
"""


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    (tmp_path / "mlspec.yaml").write_text(AWKWARD, encoding="utf-8")
    return api.plan(api.load(tmp_path / "mlspec.yaml"))


@pytest.mark.parametrize("form", FORMS)
def test_every_form_names_every_step_and_is_stable(plan: Plan, form: str) -> None:
    text = render(plan, form)
    assert text == render(plan, form)
    for name in ("first", "fan", "good", "last", "tidy"):
        assert name in text


def test_svg_is_well_formed_and_draws_no_needless_edge(plan: Plan) -> None:
    root = ElementTree.fromstring(render(plan, "svg"))
    space = "{http://www.w3.org/2000/svg}"
    assert len(root.findall(f".//{space}rect")) == len(plan.all_steps())
    # first → fan ×3 → good → last: `last` also reads the fan and needs `first`, which the way over `good` says already.
    assert len(root.findall(f"{space}path")) == 7
    assert not root.findall(".//script")


def test_html_holds_text_as_text(plan: Plan) -> None:
    page = render(plan, "html")
    assert "<script>" not in page.replace("</script>", "")
    assert "&lt;b&gt;" in page


def test_json_has_the_image_of_each_step(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = AWKWARD + "environments: {a: {image: 'a@sha256:0'}, b: {image: 'b@sha256:0'}}\ndefaults: {environment: a}\n"
    spec = spec.replace("good: {", "good: {environment: b, ").replace("last: {", "ask: {approval: {message: Go?}}\n  last: {")
    (tmp_path / "mlspec.yaml").write_text(spec, encoding="utf-8")
    assert main(["plan", str(tmp_path / "mlspec.yaml"), "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    images = {step["id"]: step["image"] for step in (*document["steps"], *document["finally"])}
    assert images.pop("good") == "b@sha256:0"
    assert set(images.values()) == {"a@sha256:0"}


def test_json_can_be_read_back(plan: Plan) -> None:
    document = json.loads(render(plan, "json"))
    assert [step["id"] for step in document["steps"]] == [step.id for step in plan.steps]
    assert document["critical_path"][0] == "first"


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_dot_is_read_by_graphviz(plan: Plan) -> None:
    subprocess.run(["dot", "-Tsvg"], input=render(plan, "dot"), text=True, check=True, capture_output=True)


def test_boxes_never_share_a_place_and_edges_go_right(plan: Plan) -> None:
    placed = layout(plan)
    places = [(point.column, point.row) for point in placed.boxes.values()]
    places += [(point.column, point.row) for route in placed.routes.values() for point in route[1:-1]]
    assert len(set(places)) == len(places)
    for route in placed.routes.values():
        assert [point.column for point in route] == list(range(route[0].column, route[-1].column + 1))
