"""A lifecycle whose data are written in the ways that teams have: how they are read is said once, and its figures do not depend on it."""

import json
import subprocess
import sys
from pathlib import Path

SPEC = """\
apiVersion: mlspec/v1
kind: Lifecycle
metadata: {name: formats}
steps:
  make:
    call: work:make
    outputs:
      parquet: dataset
      german: {type: dataset, path: table.csv.gz, format: {delimiter: ";", encoding: cp1252, decimal: ",", missing: ["-"]}}
      pipes: {type: dataset, contract: pipes.yaml}
      tabs: dataset
  train: {call: work:train, inputs: {data: make.parquet}, outputs: {model: model}}
  check: {uses: data/validate, inputs: {data: make.tabs}, with: {contract: tabs.yaml}}
  from_parquet: {uses: evaluate/classifier, inputs: {model: train.model, data: make.parquet}, with: {target: y}}
  from_german: {uses: evaluate/classifier, inputs: {model: train.model, data: make.german}, with: {target: y}}
  from_pipes: {uses: fairness/assess, inputs: {model: train.model, data: make.pipes}, with: {target: y, sensitive: [plz]}}
  from_tabs: {uses: evaluate/classifier, inputs: {model: train.model, data: make.tabs}, with: {target: y}}
  same:
    gate:
      - from_parquet.metrics.auc == from_german.metrics.auc
      - from_parquet.metrics.auc == from_tabs.metrics.auc
      - from_pipes.metrics.rows__plz_01 > 0
"""
WORK = """\
import gzip

import joblib
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder


def make(parquet, german, pipes, tabs):
    rows = np.random.default_rng(1)
    table = pd.DataFrame({"größe": rows.normal(size=300), "plz": rows.choice(["01", "02", "10", None], 300)})
    table["y"] = ((table["plz"] == "02") ^ (rows.random(300) < 0.1)).astype(int)
    table.to_parquet(parquet)
    with gzip.open(german, "wt", encoding="cp1252") as file:
        table.to_csv(file, index=False, sep=";", decimal=",", na_rep="-")
    table.to_csv(pipes, index=False, sep="|", na_rep="n/a")
    table.to_csv(tabs, index=False, sep="\\t", encoding="utf-16")


def train(data, model):
    table = pd.read_parquet(data)
    parts = ColumnTransformer([("plz", OneHotEncoder(handle_unknown="ignore"), ["plz"])], remainder="passthrough")
    joblib.dump(make_pipeline(parts, LogisticRegression()).fit(table[["größe", "plz"]], table["y"]), model)
"""
CONTRACT = (
    "columns: {größe: {type: number}, plz: {type: string, nullable: true, allowed: ['01', '02', '10']}, y: {type: integer}}\n"
)


def test_the_same_figures_from_every_format(tmp_path: Path) -> None:
    (tmp_path / "mlspec.yaml").write_text(SPEC, encoding="utf-8")
    (tmp_path / "work.py").write_text(WORK, encoding="utf-8")
    (tmp_path / "pipes.yaml").write_text('format: {delimiter: "|", missing: ["n/a"]}\n' + CONTRACT, encoding="utf-8")
    (tmp_path / "tabs.yaml").write_text('format: {delimiter: "\\t", encoding: utf-16}\n' + CONTRACT, encoding="utf-8")
    command = [sys.executable, "-m", "mlspec", "run", "--jobs", "2"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    shown = [sys.executable, "-m", "mlspec", "runs", "show", "latest", "--format", "json"]
    run = json.loads(subprocess.run(shown, cwd=tmp_path, capture_output=True, text=True, check=True).stdout)
    assert {step["status"] for step in run["steps"].values()} == {"succeeded"}
