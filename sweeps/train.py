"""The training function: plain PyTorch, on the CPU or CUDA, without Hydra or Optuna."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from sweeps import device as devices
from sweeps.feed import Feed
from sweeps.schedule import Schedule
from sweeps.seeds import stream

# Images in one forward pass of an evaluation; bounds memory, changes no result.
EVALUATION_BATCH = 8192


@dataclass(frozen=True)
class Run:
    """One training: everything that decides its result.

    model: builds the network from (image shape, classes); optimizer: from the network's parameters.
    seed: initialisation, dropout, data order and train/validation split. batch_size: images a step; the
    images that don't fill an epoch's last batch sit that epoch out, drawn anew in each.
    """

    feed: Feed
    model: Callable[[torch.Size, int], nn.Module]
    optimizer: Callable[[Iterable[nn.Parameter]], Optimizer]
    schedule: Schedule
    seed: int
    epochs: int
    batch_size: int


@dataclass(frozen=True)
class Epoch:
    """What one epoch measured: mean loss in nats, accuracies in percent; `number` counts from 1.

    train_accuracy is that of the batches as they were trained on, dropout included; lr is the first
    parameter group's during the epoch's last step.
    """

    number: int
    train_loss: float
    train_accuracy: float
    validation_accuracy: float
    lr: float


@dataclass(frozen=True)
class Result:
    """How a run ended.

    score: validation accuracy after the last epoch in percent, or chance where the run diverged, which is
    a loss that is not finite, or a last epoch's training loss of at least ln(classes).
    epochs: those that were finished with a finite loss. state: what a checkpoint holds.
    """

    score: float
    diverged: bool
    epochs: list[Epoch]
    model: nn.Module
    state: dict[str, Any]


def train(
    runs: Sequence[Run],
    device: str = "auto",
    precision: str = "fp32",
    on_epoch: Callable[[int, Epoch], None] | None = None,
) -> list[Result]:
    """Train each run and return their results in order.

    on_epoch is called with a run's place in `runs` and what its epoch measured.
    Same seed, same machine, same number of threads: same bits.
    """
    target = devices.resolve(device)
    with devices.computing(target, precision):
        return [_train_one(index, run, target, on_epoch or _ignore) for index, run in enumerate(runs)]


def _ignore(run: int, epoch: Epoch) -> None: ...


def _train_one(index: int, run: Run, device: torch.device, on_epoch: Callable[[int, Epoch], None]) -> Result:
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(stream(run.seed, "model"))
        training = Training(run, device)
        for _ in range(run.epochs):
            epoch = training.epoch()
            if not math.isfinite(epoch.train_loss):
                return training.result(diverged=True)
            training.finish(epoch)
            on_epoch(index, epoch)
        return training.result(diverged=epoch.train_loss >= math.log(run.feed.classes))


class Training:
    """A run while it trains: the network, its optimizer and scheduler, the data order, the epochs so far."""

    def __init__(self, run: Run, device: torch.device) -> None:
        self.run = run
        self.feed = run.feed.to(device)
        self.rows, self.validation_rows = self.feed.split(run.seed)
        self.order = torch.Generator(device).manual_seed(stream(run.seed, "order"))
        self.model = run.model(run.feed.shape, run.feed.classes).to(device)
        self.optimizer = run.optimizer(self.model.parameters())
        self.scheduler = run.schedule.build(self.optimizer)
        self.epochs: list[Epoch] = []

    def epoch(self) -> Epoch:
        """Train on every batch once, then measure; the host waits for the device only at the end."""
        self.model.train()
        batches = self._batches()
        losses = torch.empty(len(batches), device=self.rows.device)
        right = torch.zeros((), dtype=torch.long, device=self.rows.device)
        for number, rows in enumerate(batches):
            losses[number], hits = self._step(rows)
            right += hits
            lr = self.optimizer.param_groups[0]["lr"]
            self.run.schedule.after_step(self.scheduler)
        right_share = 100 * right.double() / (len(batches) * self.run.batch_size)
        validation = accuracy(self.model, self.feed.images, self.feed.labels, self.validation_rows)
        measured = torch.stack([losses.double().mean(), right_share, validation])
        loss, trained, validated = measured.tolist()
        return Epoch(len(self.epochs) + 1, loss, trained, validated, float(lr))

    def finish(self, epoch: Epoch) -> None:
        """Keep an epoch's measurements and let the scheduler see them."""
        self.epochs.append(epoch)
        self.run.schedule.after_epoch(self.scheduler, epoch)

    def result(self, diverged: bool) -> Result:
        """The run as it stands now."""
        score = self.feed.chance if diverged else self.epochs[-1].validation_accuracy
        state = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict(),
            "order": self.order.get_state(),
            "epochs": len(self.epochs),
        }
        return Result(score, diverged, self.epochs, self.model, state)

    def _batches(self) -> tuple[Tensor, ...]:
        size = self.run.batch_size
        shuffled = torch.randperm(len(self.rows), generator=self.order, device=self.rows.device)
        full = len(self.rows) // size
        batches: tuple[Tensor, ...] = self.rows[shuffled[: full * size]].split(size)
        return batches

    def _step(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        images, labels = self.feed.images.index_select(0, rows), self.feed.labels[rows]
        logits = self.model(images)
        loss = nn.functional.cross_entropy(logits, labels)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.detach(), (logits.detach().argmax(1) == labels).sum()


def evaluate(run: Run, result: Result, device: str = "auto", precision: str = "fp32") -> dict[str, float]:
    """Accuracy of a trained run in percent on each split, the test split included."""
    target = devices.resolve(device)
    feed = run.feed.to(target)
    train_rows, validation_rows = feed.split(run.seed)
    with devices.computing(target, precision):
        return {
            "train": accuracy(result.model, feed.images, feed.labels, train_rows).item(),
            "validation": accuracy(result.model, feed.images, feed.labels, validation_rows).item(),
            "test": accuracy(result.model, feed.test_images, feed.test_labels).item(),
        }


@torch.inference_mode()
def accuracy(model: nn.Module, images: Tensor, labels: Tensor, rows: Tensor | None = None) -> Tensor:
    """Share of right answers over the given rows (all, if None) in percent, a scalar on the device."""
    model.eval()
    if rows is None:
        rows = torch.arange(len(labels), device=labels.device)
    hits = [
        (model(images.index_select(0, part)).argmax(1) == labels[part]).sum()
        for part in rows.split(EVALUATION_BATCH)
    ]
    return 100 * torch.stack(hits).sum().double() / len(rows)
