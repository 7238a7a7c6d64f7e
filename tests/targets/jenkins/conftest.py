"""The forms that a pipeline takes as it grows, as a fixture."""

from __future__ import annotations

import pytest

from tests.targets.jenkins.plans import FORMS, take


@pytest.fixture(params=FORMS)
def form(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each form in turn, taken by small plans too."""
    take(request.param, monkeypatch)
    return str(request.param)
