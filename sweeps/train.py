"""The training function: plain PyTorch, on the CPU or CUDA, without Hydra or Optuna."""

import math
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from sweeps import device as devices
from sweeps.feed import Feed
from sweeps.identity import identity, objection
from sweeps.schedule import Schedule
from sweeps.seeds import stream

# A run between two epochs: all that decides how it goes on, in tensors and plain values.
State = dict[str, Any]

# Images in one forward pass of an evaluation; bounds memory, changes no result.
EVALUATION_BATCH = 8192


@dataclass(frozen=True)
class Run:
    """One training: everything that decides its result.

    model: builds the network from (image shape, classes); optimizer: from the network.
    seed: initialisation, dropout, data order and train/validation split. batch_size: images a step; the
    images that don't fill an epoch's last batch sit that epoch out, drawn anew in each.
    """

    feed: Feed
    model: Callable[[torch.Size, int], nn.Module]
    optimizer: Callable[[nn.Module], Optimizer]
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
    validation_loss: float
    validation_accuracy: float
    lr: float


@dataclass(frozen=True)
class Result:
    """How a run ended.

    score: validation accuracy after the last epoch in percent, or chance where the run diverged, which is
    a loss that is not finite, or a last epoch's training loss of at least ln(classes).
    epochs: those that were finished with a finite loss; losses: (steps,) the loss of each of their steps.
    state: what a checkpoint holds.
    """

    score: float
    diverged: bool
    epochs: list[Epoch]
    losses: Tensor
    model: nn.Module
    state: State


def train(
    runs: Sequence[Run],
    device: str = "auto",
    precision: str = "fp32",
    on_epoch: Callable[[int, Epoch], None] | None = None,
    starts: Sequence[State | None] | None = None,
    on_state: Callable[[int, Callable[[], State]], None] | None = None,
) -> list[Result]:
    """Train each run and return their results in order.

    on_epoch is called with a run's place in `runs` and what its epoch measured.
    starts: what each run goes on from, or None where it begins; on_epoch is told of those epochs again.
    on_state is called after each epoch that was trained, with the run's place and what builds its state.
    Same seed, same machine, same number of threads: same bits, however often a run was broken off.
    Raises ValueError for a state of another run.
    """
    target = devices.resolve(device)
    pairs = zip(runs, starts or [None] * len(runs), strict=True)
    with devices.computing(target, precision):
        return [
            _train_one(place, run, target, start, on_epoch or _ignore, on_state or _ignore)
            for place, (run, start) in enumerate(pairs)
        ]


def _ignore(run: int, told: object) -> None: ...


def _train_one(
    place: int,
    run: Run,
    device: torch.device,
    start: State | None,
    on_epoch: Callable[[int, Epoch], None],
    on_state: Callable[[int, Callable[[], State]], None],
) -> Result:
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(stream(run.seed, "model"))
        training = Training(run, device)
        if start is not None:
            training.restore(start)
        for epoch in training.epochs:
            on_epoch(place, epoch)
        while training.unfinished:
            if training.finish(*training.epoch()):
                on_epoch(place, training.epochs[-1])
                on_state(place, training.state)
        return training.result()


class Training:
    """A run while it trains: the network, its optimizer and scheduler, the data order, the epochs so far."""

    def __init__(self, run: Run, device: torch.device) -> None:
        self.run = run
        self.device = device
        self.feed = run.feed.to(device)
        self.rows, self.validation_rows = self.feed.split(run.seed)
        self.order = torch.Generator(device).manual_seed(stream(run.seed, "order"))
        self.model = run.model(run.feed.shape, run.feed.classes).to(device)
        self.optimizer = run.optimizer(self.model)
        self.scheduler = run.schedule.build(self.optimizer)
        self.augmentation = torch.Generator(device).manual_seed(stream(run.seed, "augmentation"))
        self.epochs: list[Epoch] = []
        self.losses = torch.empty(0)
        self.finite = True
        self.identity = identity(run, device, self.model, self.optimizer, self.scheduler)

    @property
    def unfinished(self) -> bool:
        """Whether there is an epoch left to train."""
        return self.finite and len(self.epochs) < self.run.epochs

    def epoch(self) -> tuple[Epoch, Tensor]:
        """Train on every batch once, then measure; the host waits for the device only at the end.

        Returns the measurements and each step's loss, (steps,).
        """
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
        validation = measure(self.model, self.feed.images, self.feed.labels, self.validation_rows)
        measured = torch.cat([losses.double().mean().view(1), right_share.view(1), validation, losses])
        loss, trained, validation_loss, validated, *steps = measured.tolist()
        epoch = Epoch(len(self.epochs) + 1, loss, trained, validation_loss, validated, float(lr))
        return epoch, torch.tensor(steps, dtype=torch.float32)

    def finish(self, epoch: Epoch, losses: Tensor) -> bool:
        """Keep an epoch's measurements and let the scheduler see them, unless the loss is not finite."""
        self.finite = math.isfinite(epoch.train_loss)
        if self.finite:
            self.epochs.append(epoch)
            self.losses = torch.cat([self.losses, losses])
            self.run.schedule.after_epoch(self.scheduler, epoch)
        return self.finite

    def state(self) -> State:
        """A copy of all that decides how the run goes on."""
        random = {"cpu": torch.get_rng_state()}
        if self.device.type == "cuda":
            random["cuda"] = torch.cuda.get_rng_state(self.device)
        state = {
            "run": self.identity,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict(),
            "order": self.order.get_state(),
            "augmentation": self.augmentation.get_state(),
            "random": random,
            "epochs": len(self.epochs),
            "losses": self.losses,
            "history": [asdict(epoch) for epoch in self.epochs],
            "finite": self.finite,
        }
        return deepcopy(state)

    def restore(self, state: State) -> None:
        """Go on from a state of the same run. Raises ValueError for another's."""
        if reason := objection(state, self.identity, self.run.epochs):
            raise ValueError(f"the run can't go on from this state: {reason}")
        state = deepcopy(state)  # an optimizer trains in place on the tensors that it loads
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.scheduler.load_state_dict(state["scheduler"])
        self.order.set_state(state["order"])
        self.augmentation.set_state(state["augmentation"])
        self.losses = state["losses"]
        self.epochs = [Epoch(**epoch) for epoch in state["history"]]
        self.finite = state["finite"]
        torch.set_rng_state(state["random"]["cpu"])
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(state["random"]["cuda"], self.device)

    def result(self) -> Result:
        """The run as it stands now."""
        diverged = not self.finite or self.epochs[-1].train_loss >= math.log(self.run.feed.classes)
        score = self.feed.chance if diverged else self.epochs[-1].validation_accuracy
        return Result(score, diverged, self.epochs, self.losses, self.model, self.state())

    def _batches(self) -> tuple[Tensor, ...]:
        size = self.run.batch_size
        shuffled = torch.randperm(len(self.rows), generator=self.order, device=self.rows.device)
        full = len(self.rows) // size
        batches: tuple[Tensor, ...] = self.rows[shuffled[: full * size]].split(size)
        return batches

    def _step(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        images, labels = self.feed.images.index_select(0, rows), self.feed.labels[rows]
        if self.feed.augment is not None:
            images = self.feed.augment(images, self.augmentation)
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
    splits = {
        "train": (feed.images, feed.labels, train_rows),
        "validation": (feed.images, feed.labels, validation_rows),
        "test": (feed.test_images, feed.test_labels),
    }
    with devices.computing(target, precision):
        return {name: measure(result.model, *split)[1].item() for name, split in splits.items()}


@torch.inference_mode()
def measure(model: nn.Module, images: Tensor, labels: Tensor, rows: Tensor | None = None) -> Tensor:
    """(2,) on the device: mean loss in nats and right answers in percent, over the given rows or all."""
    model.eval()
    if rows is None:
        rows = torch.arange(len(labels), device=labels.device)
    parts = rows.split(EVALUATION_BATCH)
    sums = [_measure(model(images.index_select(0, part)), labels[part]) for part in parts]
    return torch.stack(sums).sum(0) / len(rows)


def _measure(logits: Tensor, labels: Tensor) -> Tensor:
    loss = nn.functional.cross_entropy(logits, labels, reduction="sum")
    return torch.stack([loss.double(), 100 * (logits.argmax(1) == labels).sum().double()])
