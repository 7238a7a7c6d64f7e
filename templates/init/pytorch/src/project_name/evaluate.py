"""How many unseen digits the network reads right."""

from pathlib import Path

import torch

from project_name import data as pictures_of
from project_name.model import load


def evaluate(model: Path, data: Path) -> dict[str, float]:
    """Return the metrics; what a step returns becomes its `metrics` output."""
    pictures, labels = (torch.from_numpy(part) for part in pictures_of.load(data))
    with torch.no_grad():
        scores = load(model)(pictures)
    loss = torch.nn.functional.cross_entropy(scores, labels)
    return {"accuracy": (scores.argmax(dim=1) == labels).float().mean().item(), "loss": loss.item(), "rows": len(labels)}
