import pytest

from mlspec.observers.step_facts import _date


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2026-11-30T03:00:00Z", "2026-11-30T03:00:00Z"),
        ("2026-12-01 05:11:22.286513+00:00", "2026-12-01T05:11:22Z"),
        ("@1764471600000", "2025-11-30T03:00:00Z"),
        ("{{$.pipeline_job_create_time_utc}}", ""),
        ("", ""),
    ],
)
def test_the_date_of_a_run_is_the_same_text_on_every_orchestrator(text, date):
    assert _date(text) == date
