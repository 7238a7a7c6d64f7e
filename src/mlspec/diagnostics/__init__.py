"""Findings: their model, their catalogue of codes and their renderers.

To add a diagnostic: choose the next free code of its group, add `MLSnnn.md` to `catalogue/` here, or to
that of the target whose code it is, return a `Diagnostic` with it
where the mistake is seen, and add `tests/diagnostics/err/MLSnnn-slug.yaml` with the `.out` that `pytest
--snapshot-update` writes. To add a format: one module with a `render`, named in `render.py`.
Groups: 1xx YAML text, 2xx structure, 3xx expressions, 4xx the plan, 5xx targets, 6xx advice.
"""

from mlspec.diagnostics.model import Diagnostic, Related, Severity, Span, has_errors, in_order

__all__ = ["Diagnostic", "Related", "Severity", "Span", "has_errors", "in_order"]
