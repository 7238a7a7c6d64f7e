"""The network, and how it is kept: its weights alone."""

from pathlib import Path

import torch
from torch import nn


def network() -> nn.Module:
    """Return the network without training: 64 values in, 10 scores out."""
    return nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))


def load(path: Path) -> nn.Module:
    """Read a trained network, ready to answer."""
    trained = network()
    trained.load_state_dict(torch.load(path, weights_only=True))
    return trained.eval()
