"""Placeholders that nothing reads: every text of a spec refuses them, but those that are read."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlspec import api

HOLDER = "${{ params.stage }}"
FULL: dict[str, Any] = {
    "apiVersion": "mlspec/v1",
    "kind": "Lifecycle",
    "metadata": {"name": "demo", "description": "a", "owners": ["a@b.example"], "labels": {"tier": "one"}},
    "params": {"stage": {"type": "string", "default": "dev", "description": "a", "enum": ["dev", "prod"]}},
    "store": "store",
    "environments": {
        "ml": {"python": "3.11", "requirements": ["numpy==2.3.0"], "image": "acme/ml:1", "pythonpath": ["."]},
    },
    "secrets": {
        "tok": {
            "env": "TOK",
            "kubernetes": {"secret": "tok", "key": "token"},
            "airflow": {"connection": "tok"},
            "jenkins": {"credentials": "tok"},
        }
    },
    "tracking": {"uri": "sqlite:///mlflow.db", "experiment": "churn"},
    "defaults": {"environment": "ml", "timeout": "30m", "resources": {"cpu": "1", "memory": "1Gi"}},
    "on_failure": "stop",
    "steps": {
        "ingest": {
            "stage": "data",
            "description": "reads",
            "run": "cat in > out",
            "inputs": {"raw": {"path": "raw.csv"}, "far": {"uri": "s3://a/b"}},
            "outputs": {"table": "dataset", "found": "values"},
        },
        "train": {
            "call": "json:dumps",
            "needs": ["ingest"],
            "inputs": {"table": "ingest.table"},
            "with": {"depth": "a", "deep": {"er": ["b"]}},
            "outputs": {"model": "model", "metrics": "metrics"},
            "secrets": ["tok"],
            "retry": {"delay": "1s"},
            "timeout": "1m",
            "matrix": {"region": ["eu", "us"]},
            "x-airflow": {"pool": "ml"},
            "x-jenkins": {"label": "big"},
            "x-kubeflow": {"node_selector": {"zone": "a"}},
        },
        "each": {"run": "true", "foreach": "ingest.found.list", "when": "params.stage == 'dev'"},
        "listed": {"run": "true", "foreach": ["a", {"b": "c"}]},
        "gate": {"gate": ["ingest.found.x > 1"], "otherwise": "skip"},
        "ask": {"approval": {"message": "Now?", "approvers": ["ann"], "timeout": "1d"}},
        "check": {"uses": "data/validate", "inputs": {"data": "ingest.table"}, "with": {"contract": "c.yaml"}},
        "pull": {"run": "true", "outputs": {"o": {"type": "report", "path": "o.html"}}, "cache": {"for": "24h", "key": "k"}},
    },
    "finally": {"clean": {"run": "true", "description": "cleans", "environment": "ml"}},
    "monitor": {
        "schedule": {"cron": "0 * * * *", "timezone": "UTC"},
        "steps": {"drift": {"run": "true", "outputs": {"m": "metrics"}, "with": {"a": "b"}}},
        "retrain": "drift.m.x > 1",
    },
    "triggers": {"schedule": {"cron": "0 3 * * *", "timezone": "Europe/Berlin"}},
    "notifications": [
        {"events": ["failed"], "to": {"secret": "tok"}},
        {"events": ["failed"], "to": {"email": ["a@b.example"]}},
    ],
    "governance": {"risk": "high", "intended_use": "a", "license": "MIT", "review_by": "2027-01-01"},
    "policies": ["pinned_images"],
    "lint": {"ignore": ["MLS602"]},
    "targets": {
        "kubeflow": {"pipeline_root": "s3://a", "service_account": "runner"},
        "airflow": {"runner": "bash", "pool": "ml"},
        "jenkins": {"agent": {"label": "linux"}},
    },
    "profiles": {"prod": {"store": "s3://prod", "steps": {"train": {"with": {"depth": "z"}, "matrix": {"region": ["cn"]}}}}},
}
"""A text in every section of the language."""

Path_ = tuple[str | int, ...]


def texts(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    if isinstance(value, str):
        yield path
    for part, child in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from texts(child, (*path, part))


def keys(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    for part, child in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if isinstance(part, str):
            yield (*path, part)
        yield from keys(child, (*path, part))


def with_text(path: Path_, text: str) -> dict[str, Any]:
    spec = copy.deepcopy(FULL)
    here: Any = spec
    for part in path[:-1]:
        here = here[part]
    here[path[-1]] = text
    return spec


def found(spec: dict[str, Any], tmp_path: Path, **options: Any) -> list[tuple[str, str, str]]:
    file = tmp_path / "mlspec.yaml"
    file.write_text(json.dumps(spec), encoding="utf-8")
    (tmp_path / "raw.csv").write_text("a\n")
    (tmp_path / "c.yaml").write_text("columns: {}\n")
    return [(one.code, one.path, one.hint or "") for one in api.check(file, **options).findings]


def is_read(path: Path_) -> bool:
    """The only texts that may hold a placeholder."""
    step = path[2:] if path[:1] == ("profiles",) else path
    step = step[1:] if step[:1] == ("monitor",) else step
    if step[:1] not in (("steps",), ("finally",)) or len(step) < 3:
        return False
    return step[2] in ("run", "with", "description") or step[2:] in (("cache", "key"), ("approval", "message"))


def name_of(path: Path_) -> str:
    return ".".join(map(str, path))


@pytest.mark.parametrize("path", [*texts(FULL)], ids=name_of)
def test_every_text_refuses_what_nothing_reads(path: Path_, tmp_path: Path) -> None:
    given = found(with_text(path, f"a-{HOLDER}"), tmp_path)
    here = [code for code, place, _ in given if place == name_of(path)]
    if is_read(path):
        assert "MLS318" not in here
    else:
        assert here == ["MLS318"], "one mistake is one finding"


@pytest.mark.parametrize("path", [path for path in keys(FULL) if "profiles" not in path], ids=name_of)
def test_no_key_is_read(path: Path_, tmp_path: Path) -> None:
    spec = copy.deepcopy(FULL)
    here: Any = spec
    for part in path[:-1]:
        here = here[part]
    here[f"x{HOLDER}"] = here.pop(path[-1])
    hints = [
        hint for code, place, hint in found(spec, tmp_path) if code == "MLS318" and place == name_of((*path[:-1], f"x{HOLDER}"))
    ]
    assert hints == ["keys are taken as they are: write the key itself"]


@pytest.mark.parametrize("path", [path for path in texts(FULL) if not is_read(path) and "profiles" not in path], ids=name_of)
def test_the_fix_works(path: Path_, tmp_path: Path) -> None:
    """What the hint offers, done: the text itself; a profile; `--set` at the place that it names."""
    spec = with_text(path, HOLDER)
    (hint,) = [hint for code, place, hint in found(spec, tmp_path) if code == "MLS318" and place == name_of(path)]
    if "--set" not in hint:
        return
    place = hint.split("--set ")[1].split("=")[0]
    value: Any = FULL
    for part in place.split("."):
        value = value[part]
    given = found(spec, tmp_path, sets=[f"{place}={json.dumps(value)}"])
    assert [code for code, *_ in given if code < "MLS4"] == []
    for part in reversed(place.split(".")):
        value = {part: value}
    spec["profiles"]["prod"] = value
    assert [code for code, *_ in found(spec, tmp_path, profile="prod") if code < "MLS4"] == []


@pytest.mark.parametrize("text", ["$${{ params.stage }}", "{{ params.stage }}", "$ {{ x }}", "${ x }"])
def test_what_is_no_placeholder_is_no_error(text: str, tmp_path: Path) -> None:
    assert "MLS318" not in [code for code, *_ in found(with_text(("governance", "intended_use"), text), tmp_path)]


@pytest.mark.parametrize("text", ["${{ params.stage", "${{}}", "${{ 1 + 1 }}", "${{ nothing.at.all }}"])
def test_what_was_meant_as_one_is(text: str, tmp_path: Path) -> None:
    assert ("MLS318", "store") in [(code, place) for code, place, _ in found(with_text(("store",), text), tmp_path)]


@pytest.mark.parametrize(
    ("path", "text", "hint"),
    [
        (("store",), "a/${{ run.id }}", "leave it out: in the store each run has a folder of its own"),
        (("steps", "train", "inputs", "table"), "${{ ingest.table }}", "write `ingest.table`"),
        (("steps", "train", "needs", 0), "${{ ingest }}", "write `ingest`"),
        (("steps", "each", "foreach"), "${{ ingest.found.list }}", "write `ingest.found.list`"),
        (
            ("steps", "train", "matrix", "region", 0),
            "${{ params.regions }}",
            "write the values; for a list that each run gives: `foreach: params.regions`, where `regions` is a list, and `item`",
        ),
        (("profiles", "prod", "store"), HOLDER, "write the text itself: a profile is the place for what differs"),
    ],
)
def test_what_is_meant_is_said(path: Path_, text: str, hint: str, tmp_path: Path) -> None:
    assert ("MLS318", name_of(path), hint) in found(with_text(path, text), tmp_path)


def test_notes_and_anchors_are_left_alone(tmp_path: Path) -> None:
    spec = tmp_path / "mlspec.yaml"
    spec.write_text(
        "apiVersion: mlspec/v1\nkind: Lifecycle\nmetadata: {name: demo}\nparams: {stage: dev}\n"
        'x-script: &script "echo ${{ params.stage }}"\nsteps: {train: {run: *script}}\n'
    )
    assert api.check(spec).findings == []
