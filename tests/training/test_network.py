"""Models of other kinds: a stack runs them by vmap, or each alone, as plain torch would."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.optim import SGD

from sweeps.training.member import Member
from sweeps.training.stack.autograd import SingleNetwork, VmapNetwork
from sweeps.training.stack.network import choose_network
from sweeps.training.stack.stack import build_stacks
from sweeps.training.train import train
from tests.support.plain_loop import train_by_hand
from tests.support.training_runs import (
    CPU,
    SMALL,
    SMALL_FEED,
    Convolutions,
    assert_close,
    copy_state,
    same_bits,
    to_float64,
)


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
