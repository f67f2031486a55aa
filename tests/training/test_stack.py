"""Runs that train together: each as if it were alone, and as plain torch would train it."""

import math
from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
from hydra import compose, initialize_config_dir
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW
from torch.optim.lr_scheduler import CosineAnnealingLR, ReduceLROnPlateau
from torch.utils._python_dispatch import TorchDispatchMode

from sweeps.app.build import build
from sweeps.models import mlp
from sweeps.run import CONF
from sweeps.schedulers import Schedule
from sweeps.training.member import Member
from sweeps.training.stack.autograd import SingleNetwork, VmapNetwork
from sweeps.training.stack.layered import LayeredNetwork
from sweeps.training.stack.network import choose_network
from sweeps.training.stack.stack import Stack, build_stacks
from sweeps.training.train import Observer, train
from tests.support.training_runs import (
    CPU,
    MLP,
    RUN,
    SMALL_FEED,
    Convolutions,
    assert_close,
    copy_state,
    same_bits,
    to_float64,
    train_by_hand,
)

OPTIMIZERS = sorted(path.stem for path in (CONF / "optimizer").glob("*.yaml"))
PLATEAU = Schedule(partial(ReduceLROnPlateau, patience=0, factor=0.5), monitor="train_loss")
COSINE = Schedule(partial(CosineAnnealingLR, T_max=15), interval="step")
SMALL = replace(RUN, feed=SMALL_FEED, batch_size=100, epochs=3)
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
        (Adam, {"lr": 0.01, "amsgrad": True, "weight_decay": 0.1, "eps": 1e-3}),
        (AdamW, {"lr": 0.01, "weight_decay": 0.5, "betas": (0.5, 0.9)}),
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


@pytest.mark.usefixtures("_matmul_library")
def test_in_float32_a_member_differs_from_plain_torch_by_rounding() -> None:
    # The orders of sums differ; over 15 steps of batch norm at this lr the relative error grows to some 1e-5.
    run = replace(SMALL, optimizer=partial(SGD, lr=0.1, momentum=0.9))
    assert_close(train([run, replace(run, seed=1)], "cpu")[0], train_by_hand(run)[0], tolerance=1e-3)


# Models of other kinds


class Branching(nn.Module):
    """A network that no vmap takes: it decides by its values, and draws random numbers by itself."""

    def __init__(self, shape: torch.Size, classes: int) -> None:
        super().__init__()
        self.linear = nn.Linear(shape.numel(), classes)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.linear(images.flatten(1))
        if self.training and logits.mean() > 0:
            logits = nn.functional.dropout(logits, 0.1)
        return logits


def test_any_model_of_plain_modules_is_stacked_by_vmap() -> None:
    # AdamW would make steps of the rounding that is all of the gradient of a bias before batch norm.
    decaying = partial(SGD, lr=0.1, momentum=0.9, weight_decay=0.01)
    run = to_float64(replace(SMALL, model=Convolutions, optimizer=decaying))
    runs = [replace(run, seed=seed) for seed in range(3)]
    members = [Member(index, run, CPU) for index, run in enumerate(runs)]
    assert [(stack.network_class, len(stack.members)) for stack in build_stacks(members)] == [
        (VmapNetwork, 3)
    ]
    together = train(runs, "cpu")
    for run, result in zip(runs, together, strict=True):
        [alone] = train([run], "cpu")
        assert_close(result, alone.model, tolerance=1e-9)
        assert not result.diverged
    plain = replace(runs[0], model=lambda *shape: _without_dropout(Convolutions(*shape).double()))
    model, _ = train_by_hand(plain)
    assert_close(train([plain, plain], "cpu")[1], model, tolerance=1e-9)


def _without_dropout(model: nn.Module) -> nn.Module:
    model.channels, model.dropout = nn.Identity(), nn.Identity()
    return model


class Shared(nn.Module):
    """A network that runs a layer twice by two names, and a third one with the layer's weight."""

    def __init__(self, shape: torch.Size, classes: int) -> None:
        super().__init__()
        self.first, self.middle = nn.Linear(shape.numel(), 20), nn.Linear(20, 20)
        self.again, self.tied, self.last = self.middle, nn.Linear(20, 20), nn.Linear(20, classes)
        self.tied.weight = self.middle.weight

    def forward(self, images: Tensor) -> Tensor:
        values = torch.tanh(self.again(self.middle(self.first(images.flatten(1)))))
        logits: Tensor = self.last(self.tied(values))
        return logits


def test_a_stack_keeps_what_a_network_shares_shared() -> None:
    # torch's functional_call leaves other tensors in a module that has two names.
    run = to_float64(replace(SMALL, model=Shared, optimizer=partial(SGD, lr=0.1)))
    runs = [run, replace(run, seed=1)]
    [stack] = build_stacks([Member(index, run, CPU) for index, run in enumerate(runs)])
    assert stack.network_class is VmapNetwork
    for run, result in zip(runs, train(runs, "cpu"), strict=True):
        assert_close(result, train_by_hand(run)[0], tolerance=1e-9)


class Scaled(Convolutions):
    """A network with a setting that torch doesn't print."""

    def __init__(self, shape: torch.Size, classes: int, scale: float) -> None:
        super().__init__(shape, classes)
        self.scale = scale

    def forward(self, images: Tensor) -> Tensor:
        return super().forward(self.scale * images)


@pytest.mark.parametrize("model", [SMALL.model, Convolutions])
def test_a_compiled_stack_trains_as_any_other(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def traced(function: Any) -> Any:
        """Torch's compiler up to the point where it would write code, which takes it many seconds."""
        calls.append(function)
        return compiler(function, backend="aot_eager", fullgraph=True)

    compiler = torch.compile
    monkeypatch.setattr(torch, "compile", traced)
    runs = [to_float64(replace(SMALL, model=model, seed=seed, epochs=seed + 1)) for seed in range(2)]
    expected, results = train(runs, "cpu"), train(runs, "cpu", compiled=True)
    assert len(calls) == 2  # again when one has left
    for one, other in zip(expected, results, strict=True):
        assert torch.equal(one.losses, other.losses)
        assert same_bits(copy_state(one), copy_state(other))


def test_models_that_were_built_otherwise_share_no_vmap() -> None:
    models = [partial(Scaled, scale=scale) for scale in (1.0, 0.1)]
    members = [Member(index, replace(SMALL, model=model), CPU) for index, model in enumerate(models)]
    assert [[member.index for member in stack.members] for stack in build_stacks(members)] == [[0], [1]]


@pytest.mark.usefixtures("_matmul_library")
def test_what_cannot_be_stacked_runs_alone_bit_for_bit_as_in_plain_torch() -> None:
    run = replace(SMALL, model=Branching, optimizer=partial(SGD, lr=0.1, momentum=0.9, fused=True))
    results = train([run, replace(run, seed=1)], "cpu")
    members = [Member(index, run, CPU) for index in range(2)]
    assert [(stack.network_class, len(stack.members)) for stack in build_stacks(members)] == [
        (SingleNetwork, 1),
        (SingleNetwork, 1),
    ]
    for seed, result in enumerate(results):
        model, _ = train_by_hand(replace(run, seed=seed))
        assert same_bits(copy_state(result), model.state_dict())


def test_a_batch_norm_that_averages_all_batches_trains_alone_as_in_plain_torch() -> None:
    def model(shape: torch.Size, classes: int) -> nn.Module:
        norm = nn.BatchNorm1d(5, momentum=None)  # which no vmap takes
        return nn.Sequential(nn.Flatten(), nn.Linear(shape.numel(), 5), norm, nn.Linear(5, classes))

    run = to_float64(replace(SMALL, model=model, optimizer=partial(SGD, lr=0.1)))
    assert choose_network(model(SMALL_FEED.shape, 10), torch.Size((100, *SMALL_FEED.shape))) is SingleNetwork
    assert_close(train([run, replace(run, seed=1)], "cpu")[0], train_by_hand(run)[0], tolerance=1e-9)


# Who is in a stack, and who leaves it


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


# Random numbers


# What it costs


class Counting(TorchDispatchMode):
    """Counts what is dispatched to a device."""

    def __init__(self) -> None:
        TorchDispatchMode.__init__(self)
        self.seen: Counter[str] = Counter()

    def __torch_dispatch__(self, function: Any, types: Any, arguments: Any = (), keywords: Any = None) -> Any:
        self.seen[str(function)] += not function.is_view
        return function(*arguments, **(keywords or {}))


@pytest.mark.parametrize("optimizer", [partial(SGD, lr=0.1, momentum=0.9), partial(Adam, lr=0.005)])
@pytest.mark.parametrize("seeds", [16, 4])
def test_a_member_of_sixteen_costs_a_tenth_of_the_operations_of_a_plain_loop(
    optimizer: Any, seeds: int
) -> None:
    def steps(action: Any) -> int:
        counting = Counting()
        with counting:
            action()
        return counting.seen.total()

    run = replace(SMALL, optimizer=optimizer, epochs=1)
    three, two = (replace(run, epochs=epochs) for epochs in (3, 2))
    plain = steps(lambda: train_by_hand(three)) - steps(lambda: train_by_hand(two))
    members = [Member(index, replace(run, seed=index % seeds), CPU) for index in range(16)]
    stack = Stack(LayeredNetwork, members)
    stack.train_epoch()
    assert 16 * plain / steps(stack.train_epoch) >= 10


@pytest.mark.parametrize("optimizer", [partial(SGD, lr=0.1, momentum=0.9), partial(Adam, lr=0.005)])
@pytest.mark.parametrize("model", [MLP, Convolutions])
def test_an_epoch_waits_for_the_device_once(optimizer: Any, model: Any, monkeypatch: Any) -> None:
    # Tensors on torch's meta device have no values: item(), bool(), nonzero(), cpu() all raise.
    meta, reads = torch.device("meta"), []
    members = [Member(index, replace(SMALL, model=model, seed=index // 2), CPU) for index in range(3)]
    for member in members:
        member.feed = SMALL.feed.to(meta)
        member.training_rows, member.validation_rows = (
            member.training_rows.to(meta),
            member.validation_rows.to(meta),
        )
        member.model = member.model.to(meta)
        member.optimizer = optimizer(member.model.parameters())
        member.scheduler = Schedule().build(member.optimizer)

    def read(tensor: Tensor) -> list[list[float]]:
        reads.append(tensor.device)
        zeros: list[list[float]] = torch.zeros(tensor.shape).numpy().tolist()
        return zeros

    monkeypatch.setattr(Tensor, "tolist", read)
    [stack] = build_stacks(members)
    # The device has no generators either.
    monkeypatch.setattr(Member, "share_draws", lambda member, other: None)  # noqa: ARG005
    for member in members:
        monkeypatch.setattr(member, "generators", dict.fromkeys(member.generators))
    stack.train_epoch()
    assert reads == [meta]
    assert [math.isfinite(member.epochs[0].train["loss"]) for member in members] == [True] * 3
