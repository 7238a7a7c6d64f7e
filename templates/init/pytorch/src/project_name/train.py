"""Training."""

from pathlib import Path

import torch
from torch import nn

from project_name import data as pictures_of
from project_name.model import network


def train(data: Path, model: Path, epochs: int, seed: int, learning_rate: float) -> None:
    """Fit the network and write its weights."""
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)  # sums in one order: the same weights on every machine of a kind
    pictures, labels = (torch.from_numpy(part) for part in pictures_of.load(data))
    trained = network()
    optimiser = torch.optim.Adam(trained.parameters(), lr=learning_rate)
    loss_of = nn.CrossEntropyLoss()
    for epoch in range(epochs):
        total = 0.0
        for batch in torch.randperm(len(labels)).split(64):
            loss = loss_of(trained(pictures[batch]), labels[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            total += loss.item() * len(batch)
        print(f"epoch {epoch + 1}: loss {total / len(labels):.4f}")
    torch.save(trained.state_dict(), model)
