"""What the tests of training share: runs, and the plain loop of torch that they are compared with."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Adam, Optimizer
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from sweeps.data import mnist5k
from sweeps.models import mlp
from sweeps.optimizers import build_optimizer, set_mode
from sweeps.seeds import seed_for
from sweeps.training.device import numerics
from sweeps.training.run import Epoch, Result, Run, State
from sweeps.training.stack.dropout_masks import Masks, dropout_factors
from sweeps.training.stack.mixing import draw_share
from sweeps.training.train import Observer

MLP = partial(mlp, widths=[75, 45], dropout=[0.5, 0.3], norm="batch")
FEED = mnist5k(normalize=True)
RUN = Run(FEED, MLP, partial(Adam, lr=0.005), seed=0, epochs=2)
SMALL_FEED = replace(
    FEED,
    images=FEED.images[:600],
    targets=FEED.targets[:600],
    validation=100,
)


def to_float64(run: Run) -> Run:
    """Return the run in double precision."""
    feed = replace(run.feed, images=run.feed.images.double(), test_images=run.feed.test_images.double())
    return replace(run, feed=feed, model=lambda *shape: run.model(*shape).double())


class Log(Observer):
    """Writes down what it observes, by the index of the run."""

    def __init__(self) -> None:
        self.epochs: list[tuple[int, Epoch]] = []
        self.states: list[tuple[int, State]] = []
        self.diverged_runs: list[int] = []
        self.stopped_runs: list[int] = []

    def epoch(self, run: int, epoch: Epoch) -> None:
        self.epochs.append((run, epoch))

    def state(self, run: int, state: Callable[[], State]) -> None:
        self.states.append((run, state()))

    def diverged(self, run: int) -> None:
        self.diverged_runs.append(run)

    def stopped(self, run: int) -> None:
        self.stopped_runs.append(run)


def copy_state(result: Result) -> dict[str, Tensor]:
    """Return a copy of a result's weights and buffers."""
    return {name: value.clone() for name, value in result.model.state_dict().items()}


def same_bits(left: Any, right: Any) -> bool:
    """Return whether two states, nested as they may be, hold the same bits."""
    if isinstance(left, torch.Tensor):
        return left.dtype == right.dtype and torch.equal(left, right)
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same_bits(left[key], right[key]) for key in left)
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(same_bits, left, right))
    return type(left) is type(right) and left == right


def assert_close(result: Result, model: nn.Module, tolerance: float) -> None:
    """Check that a result has the weights and buffers of a model, within a tolerance."""
    wanted = model.state_dict()
    for name, value in copy_state(result).items():
        message = partial("{}: {}".format, name)
        torch.testing.assert_close(value, wanted[name], rtol=tolerance, atol=tolerance, msg=message)


class Convolutions(nn.Module):
    """A small network with what a sequence of known layers lacks."""

    def __init__(self, shape: torch.Size, classes: int) -> None:
        super().__init__()
        self.convolution, self.norm = nn.Conv2d(shape[0], 4, 3, stride=2), nn.BatchNorm2d(4)
        self.channels, self.dropout = nn.Dropout2d(0.2), nn.Dropout(0.4)
        self.linear, self.unused = nn.Linear(4 * 13 * 13, classes), nn.Linear(2, 2)

    def forward(self, images: Tensor) -> Tensor:
        values = self.channels(torch.relu(self.norm(self.convolution(images))))
        logits: Tensor = self.linear(self.dropout(values.flatten(1)))
        return logits


class ReplayedDropout(nn.Module):
    """Dropout of one network's features by the numbers that a run draws."""

    # (1, features, batch)
    bits: Tensor

    def __init__(self, dropout: nn.Dropout) -> None:
        super().__init__()
        self.p = dropout.p

    def forward(self, values: Tensor) -> Tensor:
        return values * dropout_factors(self.bits[0].T, self.p, values.dtype) if self.training else values


Criterion = Callable[[Tensor, Tensor], Tensor]


def train_by_hand(
    run: Run, criterion: Criterion = nn.functional.cross_entropy
) -> tuple[nn.Module, list[Epoch]]:
    """Train the run in a plain loop of torch, one batch after the other: its network and its epochs.

    The matrix products are of the library that `train` takes on this processor: others have other bits.
    """
    with numerics(CPU, "fp32"):
        return _train_plainly(run, criterion)


def _train_plainly(run: Run, criterion: Criterion) -> tuple[nn.Module, list[Epoch]]:
    feed = run.feed
    rows, held = feed.split(run.seed)
    order, dropping, changing = (
        torch.Generator().manual_seed(seed_for(run.seed, name))
        for name in ("order", "dropout", "augmentation")
    )
    torch.manual_seed(seed_for(run.seed, "model"))
    model = run.model(feed.shape, run.outputs)
    if run.init_from is not None:
        model.load_state_dict(dict(run.init_from.tensors))
    dropouts = [(name, part) for name, part in model.named_modules() if isinstance(part, nn.Dropout)]
    replayed = [ReplayedDropout(dropout) for _, dropout in dropouts]
    for (name, _), dropout in zip(dropouts, replayed, strict=True):
        model.set_submodule(name, dropout)
    optimizer = _build_optimizer(run, model)
    scheduler = run.schedule.build(optimizer)
    averaging = get_ema_multi_avg_fn(run.ema or 0.0)
    averaged = AveragedModel(model, multi_avg_fn=averaging, use_buffers=True)
    widths = [module.out_features for module in model.modules() if isinstance(module, nn.Linear)]
    epochs: list[Epoch] = []
    for number in range(1, run.epochs + 1):
        model.train()
        set_mode(optimizer, training=True)
        losses, right = [], 0
        count = len(rows) // run.step_rows * run.accumulate
        masks = iter(Masks([dropping], [(width, run.batch_size) for width in widths[: len(dropouts)]], CPU))
        batches = rows[torch.randperm(len(rows), generator=order)].split(run.batch_size)[:count]
        for index, batch in enumerate(batches):
            for module, drawn in zip(replayed, next(masks), strict=True):
                module.bits = drawn
            lr = optimizer.param_groups[0]["lr"]
            images = feed.images[batch]
            images = images if run.augment is None else run.augment(images, changing)
            targets: Tensor = feed.targets[batch]
            if run.mixup is not None:
                share = draw_share(run.mixup, changing).item()
                images = share * images + (1 - share) * images.roll(1, 0)
                classes = nn.functional.one_hot(targets, run.outputs).to(images.dtype)
                targets = share * classes + (1 - share) * classes.roll(1, 0)
            logits = model(images)
            loss = criterion(logits, targets)
            losses.append(loss.item())
            right += _count_right(logits, feed.targets[batch])
            (loss / run.accumulate).backward()
            if (index + 1) % run.accumulate:
                continue
            _clip(run, model)
            optimizer.step()
            optimizer.zero_grad()
            if run.ema is not None:
                averaged.update_parameters(model)
            run.schedule.after_step(scheduler)
        model.eval()
        set_mode(optimizer, training=False)
        with torch.no_grad():
            logits = (model if run.ema is None else averaged.eval())(feed.images[held])
        missed = criterion(logits, feed.targets[held]).item()
        validated = 100 * _count_right(logits, feed.targets[held]) / len(held)
        trained = 100 * right / (count * run.batch_size)
        train = {"loss": sum(losses) / count, "accuracy": trained}
        validation = {"loss": missed, "accuracy": validated}
        epochs.append(Epoch(number, train, validation, lr))
        run.schedule.after_epoch(scheduler, epochs[-1].to_values())
    if run.ema is None:
        return model, epochs
    for name, buffer in averaged.module.named_buffers():
        if not buffer.is_floating_point():  # counts are no averages
            buffer.copy_(model.get_buffer(name))
    return averaged.module, epochs


def _build_optimizer(run: Run, model: nn.Module) -> Optimizer:
    """Build the optimizer; of patterns it knows *.bias, and no scheduler or weight decay beside it."""
    if not run.freeze and not run.lr_factors:
        return build_optimizer(run.optimizer, model, run.weight_decay_on)
    biases = [value for name, value in model.named_parameters() if name.endswith(".bias")]
    weights = [value for name, value in model.named_parameters() if not name.endswith(".bias")]
    if run.freeze:
        for bias in biases:
            bias.requires_grad_(False)
        return run.optimizer(weights)
    [(_, factor)] = run.lr_factors
    arguments: Any = run.optimizer
    return run.optimizer([{"params": weights}, {"params": biases, "lr": factor * arguments.keywords["lr"]}])


def _clip(run: Run, model: nn.Module) -> None:
    if run.clip_value is not None:
        nn.utils.clip_grad_value_(model.parameters(), run.clip_value)
    if run.clip_norm is not None:
        nn.utils.clip_grad_norm_(model.parameters(), run.clip_norm)


def _count_right(outputs: Tensor, targets: Tensor) -> int:
    """Count right answers; values have none."""
    return 0 if targets.is_floating_point() else int((outputs.argmax(1) == targets).sum())


CPU = torch.device("cpu")
