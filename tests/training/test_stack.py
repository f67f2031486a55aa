"""Runs that train together: each as if it were alone, and as plain torch would train it."""

from collections.abc import Collection
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
from hydra import compose, initialize_config_dir
from torch import nn
from torch.optim import SGD, Adam, AdamW
from torch.optim.lr_scheduler import CosineAnnealingLR, ReduceLROnPlateau

from sweeps.app.build import build
from sweeps.models import mlp
from sweeps.run import CONF
from sweeps.schedulers import Schedule
from sweeps.training.member import Member
from sweeps.training.stack.layered import LayeredNetwork
from sweeps.training.stack.network import choose_network
from sweeps.training.stack.stack import build_stacks
from sweeps.training.train import Observer, train
from tests.support.plain_loop import train_by_hand
from tests.support.training_runs import CPU, MLP, SMALL, SMALL_FEED, assert_close, to_float64

OPTIMIZERS = sorted(path.stem for path in (CONF / "optimizer").glob("*.yaml"))
PLATEAU = Schedule(partial(ReduceLROnPlateau, patience=0, factor=0.5), monitor="train_loss")
COSINE = Schedule(partial(CosineAnnealingLR, T_max=15), interval="step")
EXPLODING = replace(SMALL, optimizer=partial(SGD, lr=1e30), seed=9)


def optimizer_of(option: str) -> Any:
    with initialize_config_dir(str(CONF)):
        return build(compose("config", [f"optimizer={option}"])).optimizer


# They make a whole step of the rounding errors that batch norm leaves of a bias's gradient.
SIGNED = {"adafactor", "adagrad", "lion", "rprop"}


@pytest.mark.parametrize("option", OPTIMIZERS)
def test_a_stack_trains_each_member_as_plain_torch_would_alone(option: str) -> None:
    model = partial(MLP, norm="layer" if option in SIGNED else "batch")
    optimizer = optimizer_of(option)
    runs = [
        replace(SMALL, model=model, optimizer=optimizer, seed=seed, schedule=schedule, epochs=2)
        for seed, schedule in enumerate([Schedule(), PLATEAU, COSINE])
    ]
    runs = [to_float64(run) for run in (*runs[:2], EXPLODING, runs[2])]
    results = train(runs, "cpu")
    assert results.pop(2).diverged
    for run, result in zip([*runs[:2], runs[3]], results, strict=True):
        network, epochs = train_by_hand(run)
        assert_close(result, network, tolerance=1e-9)
        assert [epoch.to_values() for epoch in result.epochs] == [
            pytest.approx(epoch.to_values(), rel=1e-6)
            for epoch in epochs  # losses are kept in float32
        ]


@pytest.mark.parametrize(
    "settings",
    [
        (SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
        (SGD, {"lr": 0.1}),
        (SGD, {"lr": 0.1, "momentum": 0.9, "dampening": 0.5}),
        # With a small eps they make steps of the rounding errors of a bias before batch norm.
        (Adam, {"lr": 0.01, "amsgrad": True, "weight_decay": 0.1, "eps": 1e-3}),
        (AdamW, {"lr": 0.01, "weight_decay": 0.5, "betas": (0.5, 0.9), "eps": 1e-3}),
    ],
    ids=str,
)
def test_a_fused_step_is_the_optimizers_own(settings: Any) -> None:
    run = to_float64(replace(SMALL, optimizer=partial(settings[0], **settings[1])))
    assert_close(train([run], "cpu")[0], train_by_hand(run)[0], tolerance=1e-9)


@pytest.mark.parametrize("norm", ["layer", "none"])
@pytest.mark.parametrize("activation", [nn.ReLU, nn.GELU, nn.Tanh])
def test_every_layer_is_differentiated_as_torch_does(norm: str, activation: type[nn.Module]) -> None:
    def model(*shape: Any) -> nn.Module:
        network = mlp(*shape, widths=[30, 20], dropout=[0.5, 0.3], norm=norm).children()
        return nn.Sequential(*(activation() if isinstance(part, nn.ReLU) else part for part in network))

    run = to_float64(replace(SMALL, model=model))
    assert choose_network(model(SMALL_FEED.shape, 10), torch.Size((100, *SMALL_FEED.shape))) is LayeredNetwork
    assert_close(train([run], "cpu")[0], train_by_hand(run)[0], tolerance=1e-9)


def test_layers_are_differentiated_as_torch_does_in_any_order() -> None:
    def model(shape: torch.Size, classes: int) -> nn.Module:
        first = nn.Linear(shape.numel(), 30), nn.ReLU(), nn.BatchNorm1d(30), nn.Dropout(0.5)
        second = nn.Linear(30, 20), nn.Dropout(0.3), nn.ReLU(), nn.Tanh(), nn.ReLU(), nn.LayerNorm(20)
        return nn.Sequential(nn.Flatten(), *first, *second, nn.Linear(20, classes))

    run = to_float64(replace(SMALL, model=model))
    assert choose_network(model(SMALL_FEED.shape, 10), torch.Size((100, *SMALL_FEED.shape))) is LayeredNetwork
    assert_close(train([run], "cpu")[0], train_by_hand(run)[0], tolerance=1e-9)


@pytest.mark.usefixtures("_matmul_library")
def test_in_float32_a_member_differs_from_plain_torch_by_rounding() -> None:
    # The orders of sums differ; over 15 steps of batch norm at this lr the relative error grows to some 1e-5.
    run = replace(SMALL, optimizer=partial(SGD, lr=0.1, momentum=0.9))
    assert_close(train([run, replace(run, seed=1)], "cpu")[0], train_by_hand(run)[0], tolerance=1e-3)


def test_runs_that_differ_in_structure_train_in_stacks_of_their_own() -> None:
    narrow = replace(SMALL, model=partial(mlp, widths=[20], dropout=[0.5], norm="batch"))
    runs = [SMALL, narrow, replace(SMALL, seed=1), replace(SMALL, batch_size=50), replace(narrow, seed=1)]
    members = [Member(index, run, CPU) for index, run in enumerate(runs)]
    assert [[member.index for member in stack.members] for stack in build_stacks(members)] == [
        [0, 2],
        [1, 4],
        [3],
    ]
    networks = [result.model.get_submodule("1") for result in train(runs, "cpu")]
    assert [network.out_features for network in networks] == [75, 20, 75, 75, 20]


def test_members_may_have_feeds_of_their_own() -> None:
    run = to_float64(SMALL)
    dark = replace(run.feed, images=run.feed.images * 0.5)
    runs = [replace(run, feed=feed, seed=seed) for seed, feed in enumerate([run.feed, dark, run.feed, dark])]
    assert len(build_stacks([Member(index, run, CPU) for index, run in enumerate(runs)])) == 1
    for run, result in zip(runs, train(runs, "cpu"), strict=True):
        assert_close(result, train_by_hand(run)[0], tolerance=1e-9)


def test_finished_diverged_and_stopped_members_leave_and_the_others_go_on_as_before() -> None:
    lengths = {0: 5, 1: 2, 2: 5, 3: 5}
    runs = [to_float64(replace(SMALL, seed=seed, epochs=epochs)) for seed, epochs in lengths.items()]
    runs[2] = to_float64(replace(EXPLODING, epochs=5))
    together: list[list[int]] = []

    class Stopper(Observer):
        def stop(self, runs: Collection[int]) -> Collection[int]:
            together.append(sorted(runs))
            return [3] if len(together) == 3 else []

    results = train(runs, "cpu", observer=Stopper())
    assert [len(result.epochs) for result in results] == [5, 2, 0, 3]
    assert together == [[0, 1, 3], [0, 1, 3], [0, 3], [0], [0]]
    for index in (0, 1):
        assert_close(results[index], train_by_hand(runs[index])[0], tolerance=1e-9)
    state = results[1].model.state_dict()
    # Not the whole stack's memory.
    assert [value.untyped_storage().nbytes() for value in state.values()] == [
        value.nbytes for value in state.values()
    ]
