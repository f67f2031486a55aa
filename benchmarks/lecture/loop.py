"""The loop of STAT453, lecture 12.5, without its evaluation of the training set, for any source of batches.

`.item()` at each step, validation accuracy after each epoch, a learning rate that halves on a plateau.
"""

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor, nn

from sweeps.models import mlp

# Of images (batch, 1, 28, 28) and labels (batch,), iterated once an epoch.
Batches = Iterable[tuple[Tensor, Tensor]]


def train(
    training: Batches, validation: Batches, *, lr: float, momentum: float, seed: int, epochs: int
) -> Iterator[float]:
    """Train the lecture's network by SGD and yield validation accuracy in percent after each epoch."""
    torch.manual_seed(seed)
    model = mlp(torch.Size((1, 28, 28)), 10, widths=[75, 45], dropout=[0.5, 0.3], norm="batch")
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, "max", factor=0.5, patience=2)
    for _ in range(epochs):
        train_epoch(model, training, optimizer)
        score = accuracy(model, validation)
        scheduler.step(score)
        yield score


def train_epoch(model: nn.Module, training: Batches, optimizer: torch.optim.Optimizer) -> list[float]:
    """Train on every batch once and return each loss."""
    model.train()
    losses = []
    for images, labels in training:
        loss = nn.functional.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def accuracy(model: nn.Module, validation: Batches) -> float:
    """Return the share of right answers in percent."""
    model.eval()
    right, total = 0, 0
    with torch.no_grad():
        for images, labels in validation:
            right += int((model(images).argmax(1) == labels).sum())
            total += len(labels)
    return 100 * right / total
