"""What `mlspec plan` says of the barriers that a declarative pipeline adds to a graph."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlspec.cli.main import main

SPEC = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: barriers}
steps:
  a: {run: "true"}
  b: {run: "true"}
  c: {run: "true", needs: [a, b]}
  d: {run: "true", needs: [b]}
"""


@pytest.fixture
def spec(tmp_path: Path) -> str:
    path = tmp_path / "mlspec.yaml"
    path.write_text(SPEC, encoding="utf-8")
    return str(path)


def test_barriers_are_said_of_the_target_that_adds_them(spec: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", spec]) == 0
    graph = capsys.readouterr().out
    assert main(["plan", spec, "-t", "jenkins"]) == 0
    assert capsys.readouterr().out == f"{graph}\njenkins: these steps also wait for others that they do not need\n  d  a\n"
    assert main(["plan", spec, "-t", "kubeflow"]) == 0
    assert capsys.readouterr().out == f"{graph}\nkubeflow: every step starts as soon as what it needs has ended\n"


def test_a_target_that_is_not_there_is_wrong_usage(spec: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", spec, "-t", "jenkin"]) == 2
    assert "there is no target 'jenkin'; did you mean 'jenkins'?" in capsys.readouterr().err
    assert main(["plan", spec, "-t", "jenkins", "--format", "json"]) == 2
    assert "--target goes with --format text" in capsys.readouterr().err
