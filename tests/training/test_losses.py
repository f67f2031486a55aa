"""Losses: each trains a stack as plain torch would train its members alone."""

from dataclasses import replace
from functools import cache, partial
from typing import Any

import numpy as np
import pytest
import torch
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig
from sklearn.utils.class_weight import compute_class_weight
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import SGD

from sweeps.app.build import build_loss, build_metrics
from sweeps.data.feed import Feed
from sweeps.run import CONF
from sweeps.training.member import Member
from sweeps.training.run import Result, Run
from sweeps.training.stack.autograd import VmapNetwork
from sweeps.training.stack.layered import LayeredNetwork
from sweeps.training.stack.stack import build_stacks
from sweeps.training.train import train
from tests.support.plain_loop import Criterion, train_by_hand
from tests.support.training_runs import CPU, MLP, RUN, assert_close, to_float64
from tests.support.training_runs import FEED as MNIST

# 500 training images of all classes, the last of them rare.
ROWS = torch.cat([torch.arange(0, 3600, 7), torch.arange(3600, 4000, 29)])[:572]
CLASSES = replace(MNIST, images=MNIST.images[ROWS], targets=MNIST.targets[ROWS], validation=len(ROWS) - 500)
PAIR = replace(CLASSES, targets=(CLASSES.targets > 6).long(), outputs=2)
VALUES = replace(CLASSES, targets=functional.one_hot(CLASSES.targets, 10).double())
# Adam would make steps of rounding errors, where a class weighs nothing.
SMALL = replace(RUN, batch_size=100, optimizer=partial(SGD, lr=0.1, momentum=0.9))
WEIGHT = [0.5, 2, 1, 0, 3, 1, 1, 1, 1, 7]


def convolutions(shape: torch.Size, outputs: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(shape[0], 4, 3, stride=2), nn.Tanh(), nn.Flatten(), nn.Linear(4 * 13 * 13, outputs)
    )


def focal(outputs: Tensor, targets: Tensor, gamma: float) -> Tensor:
    losses = functional.cross_entropy(outputs, targets, reduction="none")
    return (1 - torch.exp(-losses)) ** gamma * losses


def weighted(weight: Any, **arguments: Any) -> Any:
    """Take the plain mean of torch's weighted losses."""
    weight = torch.as_tensor(weight, dtype=torch.float64)
    criterion = nn.CrossEntropyLoss(weight, reduction="none", **arguments)
    return lambda outputs, targets: criterion(outputs, targets).mean()


def of_one(outputs: Tensor, targets: Tensor, **arguments: Any) -> Tensor:
    return functional.binary_cross_entropy_with_logits(outputs.squeeze(1), targets.double(), **arguments)


def balanced_weight() -> Any:
    """Return scikit-learn's weights of the classes that a seed trains on, the same for each."""
    labels = CLASSES.targets[CLASSES.split(0)[0]].numpy()
    weights = compute_class_weight("balanced", classes=np.arange(10), y=labels)
    return weights.astype(np.float32)  # as the loss keeps them


OWN = f"loss._target_={__name__}.focal ~loss.reduction ~loss.label_smoothing ~loss.weight +loss.gamma=2"
# The loss, what it is the loss of, and what torch makes of a batch.
CASES: dict[str, tuple[Feed, Criterion]] = {
    "loss=cross_entropy": (CLASSES, functional.cross_entropy),
    "loss.reduction=mean": (CLASSES, functional.cross_entropy),  # of all rows: in stacks of one
    "loss.label_smoothing=0.2": (CLASSES, partial(functional.cross_entropy, label_smoothing=0.2)),
    f"loss.weight={WEIGHT}": (CLASSES, weighted(WEIGHT)),
    "loss.weight=balanced loss.label_smoothing=0.1": (
        CLASSES,
        weighted(balanced_weight(), label_smoothing=0.1),
    ),
    OWN: (CLASSES, lambda outputs, targets: focal(outputs, targets, gamma=2).mean()),
    "loss=bce": (PAIR, of_one),
    "loss=bce loss.pos_weight=[3]": (PAIR, partial(of_one, pos_weight=torch.tensor([3.0]))),
    "loss=mse": (VALUES, functional.mse_loss),
    "loss=l1": (VALUES, functional.l1_loss),
    "loss=huber loss.delta=0.3": (VALUES, partial(functional.huber_loss, delta=0.3)),
}


@cache
def compose_config(overrides: str) -> DictConfig:
    with initialize_config_dir(str(CONF)):
        return compose("config", [*overrides.replace(", ", ",").split(), "metric=loss"])


def runs_of(overrides: str, feed: Feed, model: Any) -> list[Run]:
    """Return runs of a loss that share images and runs that don't, in double precision."""
    cfg = compose_config(overrides)
    run = replace(SMALL, feed=feed, model=model, metrics=build_metrics(cfg.metric))
    run = to_float64(replace(run, loss=build_loss(cfg, feed)))
    slow = replace(run, optimizer=partial(SGD, lr=0.03))
    return [run, slow, replace(run, seed=1)]


def assert_trained(run: Run, result: Result, criterion: Criterion) -> None:
    model, epochs = train_by_hand(run, criterion)
    assert_close(result, model, tolerance=1e-9)
    for split in ("train", "validation"):
        losses, expected = ([getattr(epoch, split)["loss"] for epoch in of] for of in (result.epochs, epochs))
        assert losses == pytest.approx(expected, rel=1e-6)  # losses are kept in float32


@pytest.mark.parametrize(("model", "network"), [(MLP, LayeredNetwork), (convolutions, VmapNetwork)])
@pytest.mark.parametrize("overrides", CASES)
def test_a_stack_trains_by_every_loss_as_plain_torch_would_alone(
    overrides: str, model: Any, network: Any
) -> None:
    feed, criterion = CASES[overrides]
    runs = runs_of(overrides, feed, model)
    stacks = build_stacks([Member(index, run, CPU) for index, run in enumerate(runs)])
    assert len(stacks) == (3 if "mean" in overrides else 1)
    assert {stack.network_class for stack in stacks} == {network}
    for run, result in zip(runs, train(runs, "cpu"), strict=True):
        assert_trained(run, result, criterion)


@pytest.mark.parametrize("model", [MLP, convolutions])
@pytest.mark.parametrize("overrides", [f"loss.weight={WEIGHT} loss.label_smoothing=0.1", OWN])
def test_a_loss_trains_in_half_precision(overrides: str, model: Any) -> None:
    [run, *_] = runs_of(overrides, CLASSES, model)
    run = replace(run, feed=CLASSES, model=model, epochs=3)
    [full], [half] = train([run], "cpu"), train([run], "cpu", "bf16")
    assert half.epochs[-1].train["loss"] == pytest.approx(full.epochs[-1].train["loss"], rel=0.1)
