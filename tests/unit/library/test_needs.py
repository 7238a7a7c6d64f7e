"""What travels with a model: the user's modules it reaches by imports, and requirements for all else."""

from __future__ import annotations

import importlib
import json
import sys
import threading
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from mlspec.errors import StepError
from mlspec.library.needs import copied, needs_of

Place = Callable[..., Path]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Write modules that can be imported; what was imported of them is forgotten."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(tmp_path)

    def write(**files: str) -> Path:
        for name, text in files.items():
            file = tmp_path / (name.replace("__SLASH__", "/") + ".py")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        importlib.invalidate_caches()
        return tmp_path

    yield write
    for name in set(sys.modules) - before:
        del sys.modules[name]


def pinned(*names: str) -> tuple[str, ...]:
    return tuple(sorted(f"{name}=={metadata.version(name)}" for name in names))


def test_imports_are_followed_from_what_the_model_is(project: Place) -> None:
    root = project(
        own__SLASH____init__="",
        own__SLASH__model="from .deep import inner\nimport yaml\nclass M:\n    def predict(self, x):\n        import lazily\n",
        own__SLASH__deep__SLASH____init__="",
        own__SLASH__deep__SLASH__inner="from .. import model\nimport json, xml.dom\n",
        own__SLASH__train="import airflow\n",
        lazily="import numpy.linalg\ntry:\n    import not_installed_anywhere\nexcept ImportError:\n    pass\n",
        other="import kfp\n",
    )
    model = importlib.import_module("own.model").M()
    needs = needs_of(model, [], ["pandas"])
    assert needs.modules == {"lazily": (root / "lazily.py",), "own": (root / "own",)}
    assert needs.requirements == pinned("PyYAML", "numpy", "pandas")  # nothing of what only training imports
    assert needs.plain


def test_a_namespace_of_the_user_and_what_was_imported_while_loading(project: Place) -> None:
    root = project(space__SLASH__m="class M:\n    pass\n", found="x = 1\n")
    needs = needs_of(importlib.import_module("space.m").M(), ["found", "json", "mlspec.errors", "__main__"], [])
    assert set(needs.modules) == {"space", "found"}
    assert needs.modules["space"] == (root / "space",)


def test_packages_are_whole_and_what_tools_leave_is_not(project: Place, tmp_path: Path) -> None:
    root = project(own__SLASH____init__="class M:\n    pass\n", own__SLASH__deep__SLASH__more="")
    for name in ("own/table.csv", "own/.env", "own/__pycache__/x.pyc", "own/venv/pyvenv.cfg"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text("")
    needs = needs_of(importlib.import_module("own").M(), [], [])
    (tmp_path / "to").mkdir()
    assert copied(needs.modules, tmp_path / "to") == [tmp_path / "to" / "own"]
    files = {str(path.relative_to(tmp_path / "to")) for path in (tmp_path / "to").rglob("*") if path.is_file()}
    assert files == {"own/__init__.py", "own/table.csv", "own/deep/more.py"}


def test_a_package_that_was_installed_from_a_folder_is_the_users(project: Place) -> None:
    root = project(**{"site-packages/built": "import yaml\nclass M:\n    pass\n"})
    site = root / "site-packages"
    info = site / "built-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: built\nVersion: 1.0\n")
    (info / "RECORD").write_text("built.py,,\n")
    (info / "top_level.txt").write_text("built\n")
    sys.path.insert(0, str(site))
    try:
        model = importlib.import_module("built").M()
        assert needs_of(model, [], []) == ({}, ("built==1.0",), True)
        (info / "direct_url.json").write_text(json.dumps({"url": "file:///src", "dir_info": {}}))
        assert needs_of(model, [], []) == ({"built": (site / "built.py",)}, pinned("PyYAML"), True)
        (info / "direct_url.json").write_text(
            json.dumps({"url": "https://example.com/x.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}})
        )
        assert needs_of(model, [], []).requirements == ("built @ git+https://example.com/x.git@abc",)
    finally:
        sys.path.remove(str(site))


def test_models_that_plain_pickle_does_not_write(project: Place) -> None:
    project(own="class M:\n    pass\n")
    model: Any = importlib.import_module("own").M()
    model.scale = lambda x: x
    needs = needs_of(model, [], [])
    assert (set(needs.modules), needs.plain) == ({"own"}, False)
    model.lock = threading.Lock()
    with pytest.raises(StepError, match="the model, a M, cannot be written again: "):
        needs_of(model, [], [])


def test_code_that_is_no_python(project: Place) -> None:
    root = project(own="class M:\n    pass\n")
    model = importlib.import_module("own").M()
    (root / "own.py").write_text("class M(")
    with pytest.raises(StepError, match="the model needs the module 'own', which cannot be read"):
        needs_of(model, [], [])
