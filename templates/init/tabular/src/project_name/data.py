"""Where the rows come from, and which of them train and test the model."""

from pathlib import Path

import pandas as pd
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

FEATURES = ["mean radius", "mean texture", "mean smoothness", "mean compactness", "mean concavity", "mean symmetry"]
TARGET = "benign"


def ingest(table: Path) -> None:
    """Write the measurements with their label; they come with scikit-learn."""
    data = load_breast_cancer(as_frame=True)
    rows = data.frame[FEATURES].rename(columns=lambda name: name.replace(" ", "_"))
    rows[TARGET] = data.frame["target"]
    rows.to_parquet(table, index=False)


def split(table: Path, train: Path, test: Path, test_share: float, seed: int) -> None:
    """Split the rows so that both parts have the same share of each label."""
    rows = pd.read_parquet(table)
    some, others = train_test_split(rows, test_size=test_share, random_state=seed, stratify=rows[TARGET])
    some.to_parquet(train, index=False)
    others.to_parquet(test, index=False)
