"""Ajv, which most tools use, reads the schema and judges documents as `mlspec validate` does."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.editors.documents import DIAGNOSTICS, SEEN, UNSEEN, VALID, name_of
from tests.editors.language_server import SCHEMA
from tests.waiting import LIMIT

pytestmark = pytest.mark.node
SCRIPT = Path(__file__).with_name("validate.mjs")


@pytest.fixture(scope="module")
def verdicts() -> dict[str, list[str]]:
    documents = [*VALID, *sorted(DIAGNOSTICS.glob("err/MLS2*.yaml"))]
    done = subprocess.run(
        ["node", SCRIPT, SCHEMA, *documents], cwd=SCRIPT.parent, capture_output=True, text=True, timeout=LIMIT, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # its strict mode complains there
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("document", VALID, ids=name_of)
def test_it_accepts_what_is_valid(document: Path, verdicts: dict[str, list[str]]) -> None:
    assert verdicts[str(document)] == []


@pytest.mark.parametrize("document", SEEN, ids=name_of)
def test_it_rejects_what_is_wrong(document: Path, verdicts: dict[str, list[str]]) -> None:
    assert verdicts[str(document)]


@pytest.mark.parametrize("name", UNSEEN)
def test_what_no_schema_can_see_is_named_rightly(name: str, verdicts: dict[str, list[str]]) -> None:
    assert verdicts[str(DIAGNOSTICS / "err" / f"{name}.yaml")] == []
