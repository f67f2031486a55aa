"""Optimizers that step by torch's fused kernels alone."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR

from sweeps.training.stack.fused_steps import Steps, use_fused_kernel
from sweeps.training.train import train
from tests.support.training_runs import RUN, SMALL_FEED, same_bits

SMALL = replace(RUN, feed=SMALL_FEED, batch_size=100)
STEPPED: list[Callable[..., Optimizer]] = [
    partial(SGD, lr=0.1),
    partial(SGD, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01, maximize=True),
    partial(Adam, lr=0.01, amsgrad=True, weight_decay=0.1),
    partial(AdamW, lr=0.01, betas=(0.5, 0.9)),
]


@pytest.mark.parametrize("build_optimizer", STEPPED)
def test_steps_by_kernels_leave_the_bits_and_the_state_of_the_optimizers_own(
    build_optimizer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = [nn.Linear(30, 20) for _ in range(2)]
    models[1].load_state_dict(models[0].state_dict())
    groups = [[{"params": [model.weight]}, {"params": [model.bias], "lr": 0.02}] for model in models]
    own, other = optimizers = [build_optimizer(parts) for parts in groups]
    schedulers = [CosineAnnealingLR(optimizer, T_max=4) for optimizer in optimizers]
    for optimizer in optimizers:
        use_fused_kernel(optimizer)
    for model in models:
        for parameter in model.parameters():
            parameter.grad = torch.zeros_like(parameter)
    steps = Steps(other)
    own_steps = []
    monkeypatch.setattr(other, "_optimizer_step_code", lambda: own_steps.append(1))  # in each step()
    for _ in range(5):
        for pair in zip(*(model.parameters() for model in models), strict=True):
            gradient = torch.randn_like(pair[0])
            for parameter in pair:
                assert parameter.grad is not None
                parameter.grad.copy_(gradient)
        own.step()
        steps.take()
        for scheduler in schedulers:
            scheduler.step()
    assert len(own_steps) == 1  # the first, which makes the state
    assert same_bits(models[1].state_dict(), models[0].state_dict())
    assert same_bits(other.state_dict(), own.state_dict())


def test_an_optimizer_with_a_hook_steps_by_itself() -> None:
    hooked: list[int] = []

    def build(parameters: Any) -> Optimizer:
        optimizer = SGD(parameters, lr=0.1)
        optimizer.register_step_post_hook(lambda *_: hooked.append(1))
        return optimizer

    train([replace(SMALL, optimizer=build, epochs=2)], "cpu")
    assert len(hooked) == 10
