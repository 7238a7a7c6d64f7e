"""Where the rows come from, and which of them train and test the model."""

from importlib.util import find_spec
from pathlib import Path

import pandas as pd
from sklearn.model_selection import train_test_split

COLUMNS = [
    "id",
    "AGEP",
    "SCHL",
    "MAR",
    "RELP",
    "DIS",
    "ESP",
    "CIT",
    "MIG",
    "MIL",
    "ANC",
    "NATIVITY",
    "DEAR",
    "DEYE",
    "DREM",
    "SEX",
    "RAC1P",
    "employed",
]
"""All but `year`, which is 2015 throughout, and the answers of another model that the file has, too."""


def ingest(table: Path, min_age: int) -> None:
    """Write the census answers of 2015 from Massachusetts, of those who may work."""
    people = pd.read_parquet(_reference_year(), columns=COLUMNS)
    people = people[people["AGEP"] >= min_age]
    codes = people.select_dtypes("category").columns
    people.astype(dict.fromkeys(codes, str)).to_parquet(table, index=False)


def _reference_year() -> Path:
    """The file inside the nannyml package; importing the package itself would take seconds."""
    package = find_spec("nannyml")
    if package is None or package.origin is None:
        raise SystemExit("the package nannyml, which has the data, is not installed")
    return Path(package.origin).parent / "datasets" / "data" / "employment_MA_reference.pq"


def split(table: Path, train: Path, test: Path, test_share: float, seed: int) -> None:
    """Split the rows so that both parts have the same shares of each sex with and without a job."""
    people = pd.read_parquet(table)
    alike = people["SEX"] + people["employed"].astype(str)
    some, others = train_test_split(people, test_size=test_share, random_state=seed, stratify=alike)
    some.to_parquet(train, index=False)
    others.to_parquet(test, index=False)
