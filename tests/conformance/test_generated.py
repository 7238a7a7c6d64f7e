"""The fixed corpus of generated specs: every engine does what the rules of the language foretell.

Each file of `corpus/` runs here and on every engine that can express it, all at once; see README.md for how to make more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from mlspec import api
from mlspec.targets.base import targets
from tests.conformance.compare import LOCAL, Engine, Verdict, compare, lay_out
from tests.conformance.corpus import FOLDER, read, title_of, written
from tests.conformance.engines import alive, present
from tests.engines import kfp_local

FILES = sorted(FOLDER.glob("*.yaml"))
ENGINES = [
    LOCAL,
    pytest.param("kubeflow", marks=pytest.mark.kfp),
    pytest.param("airflow", marks=pytest.mark.airflow),
    pytest.param("airflow@2", marks=pytest.mark.airflow2),
    pytest.param("jenkins", marks=pytest.mark.groovy),
]
CORPUS = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
Run = Callable[[Path], Verdict]


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Engine]]:
    with alive(present(), tmp_path_factory.mktemp("engines")) as started:
        yield started


@pytest.fixture(scope="module")
def run(engines: Mapping[str, Engine], tmp_path_factory: pytest.TempPathFactory) -> Run:
    """What came of a file on all engines; each file runs once."""
    known: dict[Path, Verdict] = {}

    def verdict(path: Path) -> Verdict:
        if path not in known:
            known[path] = compare(read(path), tmp_path_factory.mktemp(path.stem), engines)
        return known[path]

    return verdict


@pytest.mark.slow
@CORPUS
@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_does_what_the_rules_say(path: Path, engine: str, run: Run) -> None:
    verdict = run(path)
    problems = [problem for problem in verdict.problems if problem.startswith(f"{engine}: ")]
    again = f"again: python -m tests.conformance {path}"
    assert not problems, "\n".join([*problems, again])
    assert engine in verdict.ran or engine in verdict.refused


@CORPUS
def test_a_file_is_what_its_description_gives(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == written(read(path), title_of(path))


@pytest.mark.parametrize(("target", "share"), [("kubeflow", 0.4), ("airflow", 0.8), ("jenkins", 0.8)])
def test_a_target_takes_most_of_the_corpus(target: str, share: float, tmp_path: Path) -> None:
    assert len(FILES) >= 60
    taken = 0
    for path in FILES:
        place = lay_out(read(path), tmp_path / path.stem)
        plan = api.plan(api.load(place / "mlspec.yaml"))
        if target == "kubeflow":
            plan = kfp_local.with_shared_store(plan, place)
        taken += api.emit(plan, targets()[target])[0] is not None
    assert taken >= share * len(FILES)
