"""The lecture's training loop as an application of hydra-optuna-sweeper: what `sweeps` is compared with.

A DataLoader over torchvision's data set, PIL images through transforms, `.item()` at each step, validation
accuracy after each epoch: the loop of STAT453, lecture 12.5, without its evaluation of the training set.
"""

from pathlib import Path

import hydra
import torch
from omegaconf import DictConfig
from torch import Tensor, nn
from torch.utils.data import DataLoader, Subset
from torchvision import datasets, transforms

from sweeps.data import idx
from sweeps.models import mlp

# Of images (batch, 1, 28, 28) and labels (batch,).
Batches = DataLoader[tuple[Tensor, Tensor]]


@hydra.main(config_path="conf", config_name="config")
def main(cfg: DictConfig) -> float:
    """Train one run of SGD with a halving learning rate and return validation accuracy in percent."""
    torch.manual_seed(cfg.seed)
    training, validation = loaders(cfg.root, cfg.source, cfg.seed, cfg.batch_size)
    model = mlp(torch.Size((1, 28, 28)), 10, widths=[75, 45], dropout=[0.5, 0.3], norm="batch")
    optimizer = torch.optim.SGD(model.parameters(), lr=cfg.lr, momentum=cfg.momentum)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, "max", factor=0.5, patience=2)
    for _ in range(cfg.epochs):
        train_epoch(model, training, optimizer)
        score = accuracy(model, validation)
        scheduler.step(score)
    return score


def loaders(root: str, source: str, seed: int, batch_size: int) -> tuple[Batches, Batches]:
    """Load training and validation images, split as the feed of `source` splits them for that seed."""
    scaled = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.286,), (0.353,))])
    images = datasets.FashionMNIST(root, train=True, transform=scaled)
    rows, validation_rows = idx(
        "FashionMNIST", source, download=False, validation=6000, normalize=True
    ).split(seed)
    training = DataLoader(Subset(images, rows.tolist()), batch_size, shuffle=True, drop_last=True)
    return training, DataLoader(Subset(images, validation_rows.tolist()), batch_size)


def train_epoch(model: nn.Module, training: Batches, optimizer: torch.optim.Optimizer) -> list[float]:
    """Train on every batch once and log each loss."""
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
    with torch.no_grad():
        right = sum(int((model(images).argmax(1) == labels).sum()) for images, labels in validation)
    assert isinstance(validation.dataset, Subset)
    return 100 * right / len(validation.dataset)


def unpack(source: Path, root: Path) -> None:
    """Lay gzipped IDX files out as torchvision looks for them."""
    import gzip

    folder = root / "FashionMNIST" / "raw"
    folder.mkdir(parents=True, exist_ok=True)
    for archive in source.glob("*-ubyte.gz"):
        (folder / archive.stem).write_bytes(gzip.decompress(archive.read_bytes()))


if __name__ == "__main__":
    main()
