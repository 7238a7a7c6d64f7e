"""The model: a logistic regression over scaled measurements."""

from pathlib import Path

import joblib
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from project_name.data import TARGET


def train(data: Path, model: Path, seed: int, regularisation: float) -> None:
    """Fit the pipeline and write it with joblib."""
    rows = pd.read_parquet(data)
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(C=regularisation, random_state=seed))
    pipeline.fit(rows.drop(columns=TARGET), rows[TARGET])
    joblib.dump(pipeline, model)
