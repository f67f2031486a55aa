"""Training options: each in a stack as plain torch alone, and resumed as unbroken."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import SGD

from sweeps.training.member import Member
from sweeps.training.stack.autograd import SingleNetwork, VmapNetwork
from sweeps.training.stack.layered import LayeredNetwork
from sweeps.training.stack.stack import build_stacks
from sweeps.training.train import train
from tests.support.training_runs import (
    CPU,
    MLP,
    RUN,
    SMALL_FEED,
    Log,
    assert_close,
    same_bits,
    to_float64,
    train_by_hand,
)

SMALL = replace(
    RUN, feed=SMALL_FEED, model=MLP, optimizer=partial(SGD, lr=0.1, momentum=0.9), batch_size=100, epochs=2
)


def convolutions(shape: torch.Size, outputs: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(shape[0], 4, 3, stride=2),
        nn.BatchNorm2d(4),
        nn.Tanh(),
        nn.Flatten(),
        nn.Linear(676, outputs),
    )


class Deciding(nn.Module):
    """A network that no vmap takes, as it looks at its values."""

    def __init__(self, shape: torch.Size, outputs: int) -> None:
        super().__init__()
        self.part, self.unused = nn.Linear(shape.numel(), outputs), nn.Linear(2, 2)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        outputs: torch.Tensor = self.part(images.flatten(1))
        return outputs if outputs.mean() > 0 else 2 * outputs


MODELS: Mapping[str, tuple[Any, Any]] = {
    "layers": (MLP, LayeredNetwork),
    "vmap": (convolutions, VmapNetwork),
    "alone": (Deciding, SingleNetwork),
}
# What a member sets beside those that set nothing, by the key that it shows.
OPTIONS: Mapping[str, dict[str, Any]] = {
    "clip_norm": {"clip_norm": 0.5},
    "clip_value": {"clip_value": 0.01},
    "ema": {"ema": 0.9},
}
# The members of a stack: each option with another value or seed too.
MEMBERS: list[dict[str, Any]] = [
    {},
    *OPTIONS.values(),
    {"clip_norm": 3.0, "seed": 1},
    {"clip_value": 0.1, "clip_norm": 0.5},
    {"ema": 0.7, "clip_norm": 0.5},
]


@pytest.mark.parametrize("model", MODELS)
def test_a_stack_trains_members_of_different_options_as_plain_torch_would_alone(model: str) -> None:
    build, network = MODELS[model]
    run = to_float64(replace(SMALL, model=build))  # a model of one's own is stacked by its builder
    runs = [replace(run, **values) for values in MEMBERS]
    stacks = build_stacks([Member(index, run, CPU) for index, run in enumerate(runs)])
    assert len(stacks) == (len(runs) if network is SingleNetwork else 1)
    assert stacks[0].network_class is network
    for run, values, result in zip(runs, MEMBERS, train(runs, "cpu"), strict=True):
        wanted, epochs = train_by_hand(run)
        assert_close(result, wanted, tolerance=1e-9)
        for epoch, by_hand in zip(result.epochs, epochs, strict=True):
            assert epoch.to_values() == pytest.approx(by_hand.to_values(), rel=1e-6), values


@pytest.mark.parametrize("option", OPTIONS)
def test_a_run_with_an_option_resumes_with_the_same_bits(option: str) -> None:
    run = replace(SMALL, **OPTIONS[option])
    log = Log()
    [unbroken] = train([run], "cpu", observer=log)
    state = log.states[0][1]
    [resumed] = train([run], "cpu", starts=[state])
    [plain] = train([SMALL], "cpu")
    assert not same_bits(unbroken.model.state_dict(), plain.model.state_dict())
    assert same_bits(resumed.state, unbroken.state)
    with pytest.raises(ValueError, match=rf"{option}=\S+ there, \(absent\) now"):
        train([SMALL], "cpu", starts=[state])
