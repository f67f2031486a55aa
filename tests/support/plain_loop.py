"""The plain loop of torch that training is compared with."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from sweeps.optimizers import build_optimizer, set_mode
from sweeps.seeds import seed_for
from sweeps.training.device import numerics
from sweeps.training.run import Epoch, Run
from sweeps.training.stack.dropout_masks import Masks, dropout_factors
from sweeps.training.stack.mixing import draw_share
from tests.support.training_runs import CPU

Criterion = Callable[[Tensor, Tensor], Tensor]


def train_by_hand(
    run: Run, criterion: Criterion = nn.functional.cross_entropy
) -> tuple[nn.Module, list[Epoch]]:
    """Train the run in a plain loop of torch, one batch after the other: its network and its epochs.

    The matrix products are of the library that `train` takes on this processor: others have other bits.
    """
    with numerics(CPU, "fp32"):
        return PlainLoop(run, criterion).train()


class PlainLoop:
    """One run and what it trains with."""

    def __init__(self, run: Run, criterion: Criterion) -> None:
        self.run, self.criterion = run, criterion
        self.rows, self.validation_rows = run.feed.split(run.seed)
        self.order, self.dropout, self.augmentation = (
            torch.Generator().manual_seed(seed_for(run.seed, name))
            for name in ("order", "dropout", "augmentation")
        )
        torch.manual_seed(seed_for(run.seed, "model"))
        self.model = run.model(run.feed.shape, run.outputs)
        if run.init_from is not None:
            self.model.load_state_dict(dict(run.init_from.tensors))
        self.dropouts = _replay_dropout(self.model)
        self.optimizer = _build_optimizer(run, self.model)
        self.scheduler = run.schedule.build(self.optimizer)
        averaging = get_ema_multi_avg_fn(run.ema or 0.0)
        self.average = AveragedModel(self.model, multi_avg_fn=averaging, use_buffers=True)

    def train(self) -> tuple[nn.Module, list[Epoch]]:
        """Return the network, or its average, and its epochs."""
        epochs: list[Epoch] = []
        for number in range(1, self.run.epochs + 1):
            epochs.append(Epoch(number, self._train_epoch(), self._validate(), self.last_lr))
            self.run.schedule.after_epoch(self.scheduler, epochs[-1].to_values())
        if self.run.ema is None:
            return self.model, epochs
        for name, buffer in self.average.module.named_buffers():
            if not buffer.is_floating_point():  # counts are no averages
                buffer.copy_(self.model.get_buffer(name))
        return self.average.module, epochs

    def _train_epoch(self) -> dict[str, float]:
        run, targets = self.run, self.run.feed.targets
        self.model.train()
        set_mode(self.optimizer, training=True)
        losses, right = [], 0
        count = len(self.rows) // run.step_rows * run.accumulate
        order = torch.randperm(len(self.rows), generator=self.order)
        masks = self._draw_masks()
        for index, batch in enumerate(self.rows[order].split(run.batch_size)[:count]):
            for dropout, bits in zip(self.dropouts, next(masks), strict=True):
                dropout.bits = bits
            images, mixed_targets = self._read_batch(batch)
            logits = self.model(images)
            loss = self.criterion(logits, mixed_targets)
            losses.append(loss.item())
            right += _count_right(logits, targets[batch])
            (loss / run.accumulate).backward()
            if (index + 1) % run.accumulate == 0:
                self._step()
        return {"loss": sum(losses) / count, "accuracy": 100 * right / (count * run.batch_size)}

    def _draw_masks(self) -> Iterator[list[Tensor]]:
        """Yield the numbers of each batch's dropout, which follows the first linear layers."""
        layers = [module for module in self.model.modules() if isinstance(module, nn.Linear)]
        shapes = [(layer.out_features, self.run.batch_size) for layer in layers[: len(self.dropouts)]]
        return iter(Masks([self.dropout], shapes, CPU))

    def _read_batch(self, batch: Tensor) -> tuple[Tensor, Tensor]:
        """Return a batch's images and targets, augmented and mixed."""
        run, images, targets = self.run, self.run.feed.images[batch], self.run.feed.targets[batch]
        if run.augment is not None:
            images = run.augment(images, self.augmentation)
        if run.mixup is None:
            return images, targets
        share = draw_share(run.mixup, self.augmentation).item()
        classes = nn.functional.one_hot(targets, run.outputs).to(images.dtype)
        images = share * images + (1 - share) * images.roll(1, 0)
        return images, share * classes + (1 - share) * classes.roll(1, 0)

    def _step(self) -> None:
        run = self.run
        self.last_lr = self.optimizer.param_groups[0]["lr"]
        if run.clip_value is not None:
            nn.utils.clip_grad_value_(self.model.parameters(), run.clip_value)
        if run.clip_norm is not None:
            nn.utils.clip_grad_norm_(self.model.parameters(), run.clip_norm)
        self.optimizer.step()
        self.optimizer.zero_grad()
        if run.ema is not None:
            self.average.update_parameters(self.model)
        run.schedule.after_step(self.scheduler)

    def _validate(self) -> dict[str, float]:
        feed, rows = self.run.feed, self.validation_rows
        self.model.eval()
        set_mode(self.optimizer, training=False)
        with torch.no_grad():
            logits = (self.model if self.run.ema is None else self.average.eval())(feed.images[rows])
        loss = self.criterion(logits, feed.targets[rows]).item()
        return {"loss": loss, "accuracy": 100 * _count_right(logits, feed.targets[rows]) / len(rows)}


class ReplayedDropout(nn.Module):
    """Dropout of one network's features by the numbers that a run draws."""

    # (1, features, batch)
    bits: Tensor

    def __init__(self, dropout: nn.Dropout) -> None:
        super().__init__()
        self.p = dropout.p

    def forward(self, values: Tensor) -> Tensor:
        return values * dropout_factors(self.bits[0].T, self.p, values.dtype) if self.training else values


def _replay_dropout(model: nn.Module) -> list[ReplayedDropout]:
    """Return what stands in the model for its dropout from now on."""
    dropouts = [(name, part) for name, part in model.named_modules() if isinstance(part, nn.Dropout)]
    replays = [ReplayedDropout(dropout) for _, dropout in dropouts]
    for (name, _), replay in zip(dropouts, replays, strict=True):
        model.set_submodule(name, replay)
    return replays


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


def _count_right(outputs: Tensor, targets: Tensor) -> int:
    """Count right answers; values have none."""
    return 0 if targets.is_floating_point() else int((outputs.argmax(1) == targets).sum())
