"""`data/validate`: whether a dataset keeps its contract.

In: a dataset, a contract (see `contract`). Out: metrics, an HTML report; a failure that lists what is broken.
Owns the checks; never repairs a value. Change it when a contract can say more.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from mlspec.errors import StepError
from mlspec.library.model import LibraryStep, Option, Outputs, Paths, Port, path_of
from mlspec.library.options import READING
from mlspec.terms import QUALITY

if TYPE_CHECKING:
    import pandas as pd

    from mlspec.library.contract import Column, Contract

    Values: TypeAlias = pd.Series[Any]

_LISTED = 20
_EXAMPLES = 3
_LOOKED_AT = 10_000
_WIDEST = 60


@dataclass(frozen=True, slots=True)
class Check:
    """One rule of the contract, and what breaks it: None when nothing does."""

    subject: str
    rule: str
    violation: str | None


def _run(inputs: Paths, outputs: Outputs, with_: Mapping[str, Any]) -> dict[str, float]:
    from mlspec.library.contract import read_contract
    from mlspec.library.frames import read_table
    from mlspec.library.schema import formatted

    contract = read_contract(Path(with_["contract"]))
    schema = formatted(contract.schema, with_["format"] or {})
    frame = read_table(path_of(inputs, "data"), schema, lenient=True)
    checks = list(check_table(frame, contract))
    _print_checks(frame, checks, "data")
    broken = [f"{check.subject}: {check.violation}" for check in checks if check.violation]
    if broken and with_["on_violation"] == "fail":
        listed = [*broken[:_LISTED], *([f"and {len(broken) - _LISTED} more"] if len(broken) > _LISTED else [])]
        raise StepError(f"the data break their contract {with_['contract']} in {_count(broken)}:\n" + "\n".join(listed))
    outputs["report"].write_text(_report(frame, contract, checks, with_["contract"]), encoding="utf-8")
    return {"rows": len(frame), "columns": len(frame.columns), "checks": len(checks), "violations": len(broken)}


def check_table(frame: pd.DataFrame, contract: Contract) -> Iterator[Check]:
    """Yield every check: first those of the whole table, then those of each column in the contract's order."""
    import pandas as pd

    from mlspec.library.checked import comparable

    if contract.min_rows is not None:
        few = f"{len(frame)} rows are too few" if len(frame) < contract.min_rows else None
        yield Check("rows", f"at least {contract.min_rows}", few)
    if contract.max_rows is not None:
        many = f"{len(frame)} rows are too many" if len(frame) > contract.max_rows else None
        yield Check("rows", f"at most {contract.max_rows}", many)
    if contract.extra_columns == "forbid":
        known = {column.name for column in contract.columns}
        extra = [repr(str(name)) for name in frame.columns if name not in known]
        yield Check("columns", "no others", f"not in the contract: {', '.join(extra)}" if extra else None)
    if contract.unique and all(name in frame for name in contract.unique):
        together = pd.DataFrame({name: comparable(frame[name]) for name in contract.unique})
        yield _unique(together.duplicated(), ", ".join(contract.unique))
    for column in contract.columns:
        if column.name not in frame:
            yield Check(column.name, "present", "the column is missing" if column.required else None)
        else:
            yield from _check_column(frame[column.name], column)


def _check_column(values: Values, column: Column) -> Iterator[Check]:
    from mlspec.library.checked import bound, comparable, typed_as

    present = values.dropna()
    nulls = len(values) - len(present)
    if not column.nullable:
        yield Check(column.name, "not null", f"{nulls} of {len(values)} values are null" if nulls else None)
    typed, mismatched = typed_as(present, column.type)
    yield Check(column.name, column.type, _violation(mismatched, len(values), f"no {column.type}"))
    if len(mismatched):
        return
    if column.minimum is not None:
        low = present[typed < bound(column.minimum, typed)]
        yield Check(column.name, f"at least {column.minimum}", _violation(low, len(values), f"below {column.minimum}"))
    if column.maximum is not None:
        high = present[typed > bound(column.maximum, typed)]
        yield Check(column.name, f"at most {column.maximum}", _violation(high, len(values), f"above {column.maximum}"))
    if column.allowed is not None:
        allowed = [bound(one, typed) for one in column.allowed] if column.type != "string" else column.allowed
        strange = present[~typed.isin(allowed)]
        rule = "one of " + ", ".join(map(str, column.allowed))
        yield Check(column.name, rule, _violation(strange, len(values), "not allowed"))
    if column.pattern is not None:
        other = present[~typed.astype(object).str.fullmatch(column.pattern).astype(bool)] if len(typed) else present
        yield Check(column.name, f"matches {column.pattern}", _violation(other, len(values), "of another form"))
    if column.unique:
        yield _unique(comparable(typed).duplicated(), column.name)


def _unique(repeated: Values, subject: str) -> Check:
    count = int(repeated.sum())
    return Check(subject, "unique", f"{count} of {len(repeated)} values repeat earlier ones" if count else None)


def _violation(wrong: Values, rows: int, words: str) -> str | None:
    if wrong.empty:
        return None
    shown = dict.fromkeys(_shown(value) for value in wrong.iloc[:_LOOKED_AT].astype(object).tolist())
    return f"{len(wrong)} of {rows} values are {words}, such as {', '.join(list(shown)[:_EXAMPLES])}"


def _shown(value: object) -> str:
    text = repr(value.tolist() if hasattr(value, "tolist") else value)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _print_checks(frame: pd.DataFrame, checks: list[Check], name: str) -> None:
    """Say to the step process what was found of an input, for whoever follows the data's lineage."""
    path = os.environ.get(QUALITY)
    if not path:
        return
    columns = {str(column) for column in frame.columns}
    found = {
        "rows": len(frame),
        "columns": {column: _counted(frame[column]) for column in frame.columns if isinstance(column, str)},
        "checks": [
            {
                "assertion": check.rule,
                "success": check.violation is None,
                **({"column": check.subject} if check.subject in columns else {}),
                **({"found": check.violation} if check.violation else {}),
            }
            for check in checks
        ],
    }
    Path(path).write_text(json.dumps({name: found}), encoding="utf-8")


def _counted(values: Values) -> dict[str, int]:
    from mlspec.library.checked import comparable

    return {"nulls": int(values.isna().sum()), "distinct": int(comparable(values.dropna()).nunique())}


def _count(broken: list[str]) -> str:
    return f"{len(broken)} place{'s' if len(broken) > 1 else ''}"


def _report(frame: pd.DataFrame, contract: Contract, checks: list[Check], name: str) -> str:
    from mlspec.library.page import page, table, text

    broken = [check for check in checks if check.violation]
    verdict = f"{len(frame)} rows, {len(checks)} checks of {name}: "
    sections = [text(verdict + (f"broken in {_count([check.subject for check in broken])}." if broken else "all hold."))]
    if broken:
        sections.append(table("Violations", ["of", "rule", "found"], [[c.subject, c.rule, c.violation] for c in broken]))
    meanings = {column.name: column.description for column in contract.columns}
    rows = [[str(column), *_profile(frame[column]), meanings.get(str(column), "")] for column in frame.columns]
    sections.append(table("Columns", ["column", "stored as", "nulls", "distinct", "lowest", "highest", "meaning"], rows))
    return page("Data contract", sections)


def _profile(values: Values) -> list[object]:
    from mlspec.library.checked import comparable, ends

    present = values.dropna()
    return [str(values.dtype), int(values.isna().sum()), int(comparable(present).nunique()), *ends(present)]


STEP = LibraryStep(
    name="data/validate",
    summary="Checks a dataset against its contract: columns, types, ranges, allowed values, uniqueness, number of rows",
    stage="data",
    inputs={"data": Port("dataset", "The table to check: Parquet or CSV")},
    outputs={
        "metrics": Port("metrics", "rows, columns, checks, violations", fields=("rows", "columns", "checks", "violations")),
        "report": Port("report", "HTML: violations, and a profile of every column", file="report.html"),
    },
    options={
        "contract": Option("string", "The contract, a YAML file; relative to the project", required=True, file=True),
        "on_violation": Option(
            "string",
            "`fail`: the step fails and lists what is broken; `report`: it succeeds and counts it in `metrics.violations`",
            default="fail",
            enum=("fail", "report"),
        ),
        "format": READING["format"],
    },
    requirements=("pandas", "pyarrow", "PyYAML"),
    function=_run,
)
