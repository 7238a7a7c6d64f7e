"""A plan → the plan that targets emit: what the language leaves open is decided here, once for all of them.

`table` has the rewrites in their order, and each is one file with one function, `Plan → Plan`, pure. What a rewrite need not change
it hands on as it is, so that lowering a plan again costs next to nothing and changes nothing.
To add one: its file, its place in `table.REWRITES`, its test in `tests/unit/lowering`.
"""

from __future__ import annotations

from dataclasses import replace

from mlspec.ir.model import Plan
from mlspec.lowering.table import REWRITES


def lower(plan: Plan) -> Plan:
    """Apply all rewrites, to the monitoring pipeline as well."""
    for _, rewrite in REWRITES:
        plan = rewrite(plan)
    if plan.monitor is None or (watching := lower(plan.monitor.plan)) is plan.monitor.plan:
        return plan
    return replace(plan, monitor=replace(plan.monitor, plan=watching))
