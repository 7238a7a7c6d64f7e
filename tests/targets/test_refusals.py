"""What a target refuses has a finding at its line of the spec, on every target."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlspec import api
from mlspec.ir.features import Feature
from mlspec.targets.base import targets
from tests.targets import rows

REFUSED = [(name, feature) for name, target in targets().items() for feature in Feature if feature in rows.refused(target)]


@pytest.mark.parametrize(("target", "feature"), REFUSED, ids=lambda value: getattr(value, "key", value))
def test_what_is_refused_is_refused_at_its_line(tmp_path: Path, target: str, feature: Feature) -> None:
    spec = tmp_path / "mlspec.yaml"
    spec.write_text(rows.HEAD + rows.SAMPLES[feature], encoding="utf-8")
    with pytest.raises(api.TargetError) as refused:
        api.compile(api.plan(api.load(spec)), target)
    findings = [finding for finding in refused.value.findings if feature.title in finding.message]
    marked = next(number for number, line in enumerate(spec.read_text().splitlines(), 1) if line.endswith("#"))
    assert [(finding.code, finding.span.line, bool(finding.hint)) for finding in findings] == [("MLS501", marked, True)]


def test_every_sample_is_refused_by_some_target() -> None:
    assert {feature for _, feature in REFUSED} == set(rows.SAMPLES)
