"""Where the pictures come from, and which of them train and test the network."""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


def ingest(train: Path, test: Path, test_share: float, seed: int) -> None:
    """Write 8 by 8 pictures of digits, values from 0 to 1, with their labels; they come with scikit-learn."""
    digits = load_digits()
    pictures = (digits.data / 16).astype(np.float32)
    parts = train_test_split(pictures, digits.target, test_size=test_share, random_state=seed, stratify=digits.target)
    save(train, parts[0], parts[2])
    save(test, parts[1], parts[3])


def save(path: Path, pictures: np.ndarray, labels: np.ndarray) -> None:
    """Write both to one file of exactly that name: numpy would add `.npz` to a path."""
    with path.open("wb") as file:
        np.savez(file, pictures=pictures, labels=labels)


def load(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read the pictures, of shape (n, 64), and the labels, of shape (n,)."""
    with np.load(path) as data:
        return data["pictures"], data["labels"]
