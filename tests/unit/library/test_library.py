import subprocess
import sys
from fnmatch import fnmatchcase
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from mlspec import library
from mlspec.library import load, names
from mlspec.library.model import LibraryStep

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "employment"
OURS = {"data/validate", "evaluate/classifier", "export/onnx", "fairness/assess", "mlflow/register"}


def test_names_are_the_files():
    assert set(names()) >= OURS
    assert list(names()) == sorted(names())


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_step_is_declared_in_full(name):
    step = load(name)
    assert step.name == name
    assert step.summary and not step.summary.endswith(".")
    assert step.requirements
    for port in (*step.inputs.values(), *step.outputs.values(), *step.options.values()):
        assert port.description and not port.description.endswith(".")
    for option in step.options.values():
        assert option.default is None or option.problem(option.default) is None
        assert not (option.required and option.default is not None)
    assert sum(port.type in ("metrics", "values") for port in step.outputs.values()) <= 1


def test_an_unknown_step_is_a_key_error():
    with pytest.raises(KeyError):
        load("evaluate/clasifier")


def test_another_package_brings_a_step(monkeypatch):
    brought = EntryPoint("acme/train", "acme_steps:STEP", library.GROUP)
    step = LibraryStep("acme/train", "Trains", "model", {}, {}, lambda inputs, outputs, with_: None)
    monkeypatch.setattr(EntryPoint, "load", lambda self: step)
    monkeypatch.setattr(library, "_foreign", lambda: {"acme/train": brought})
    library.names.cache_clear()
    try:
        assert "acme/train" in names()
        assert load("acme/train") is step
    finally:
        library.names.cache_clear()
        library.load.cache_clear()


def test_declarations_need_the_standard_library_only():
    code = (
        "import sys; from mlspec.library import load, names; [load(name) for name in names()]; "
        "outside = {name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names) - {'mlspec', '__main__'}; "
        "print(sorted(name for name in outside if not name.startswith('_')))"
    )
    done = subprocess.run([sys.executable, "-S", "-c", _PATH + code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


_PATH = f"import sys; sys.path.insert(0, {str(library.__path__[0])!r}.rsplit('/', 2)[0]); "


def test_the_fields_declared_are_those_that_come_out(employment, run):
    """The compiler checks expressions against them."""
    contract = str(EXAMPLE / "contracts" / "employment.yaml")
    inputs = {"model": employment / "model", "data": employment / "test"}
    made = {
        "data/validate": run("data/validate", {"data": employment / "table"}, contract=contract),
        "evaluate/classifier": run("evaluate/classifier", inputs, target="employed"),
        "export/onnx": run("export/onnx", inputs),
    }
    for name, (result, _) in made.items():
        assert tuple(sorted(result)) == tuple(sorted(load(name).outputs["metrics"].fields)), name
    result, _ = run("fairness/assess", inputs, target="employed", sensitive=["SEX"])
    groups = {name for name in result if "__" in name}
    declared = load("fairness/assess").outputs["metrics"].fields
    assert {name for name in declared if not name.endswith("*")} == set(result) - groups
    assert all(any(fnmatchcase(name, pattern) for pattern in declared) for name in groups)
