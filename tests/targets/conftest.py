"""What the tests of all targets compare with."""

from __future__ import annotations

import pytest

from tests.engines import local
from tests.engines.outcome import Outcome, outcome_of
from tests.targets import rows


@pytest.fixture(scope="session")
def rows_here(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """What `rows.SPEC` comes to on this machine."""
    root, plan = rows.project(tmp_path_factory.mktemp("rows") / "here")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOKEN", "t")
        outcome = outcome_of(plan, root, local.run(root, plan, rows.PARAMS).run_id)
    assert outcome.status == "succeeded"
    assert {done.state for name, done in outcome.steps.items() if name not in ("better", "never")} == {"succeeded"}
    assert (outcome.steps["better"].state, outcome.steps["fit[n=2]"].attempts) == ("skipped", 2)
    assert (root / "mlflow.db").exists()
    assert (root / "lineage.jsonl").exists()
    return outcome
