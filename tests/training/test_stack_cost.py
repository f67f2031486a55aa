"""What a stack costs: operations, and waiting for its device."""

import math
from collections import Counter
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.optim import SGD, Adam
from torch.utils._python_dispatch import TorchDispatchMode

from sweeps.schedulers import Schedule
from sweeps.training.member import Member
from sweeps.training.stack.layered import LayeredNetwork
from sweeps.training.stack.stack import Stack, build_stacks
from tests.support.plain_loop import train_by_hand
from tests.support.training_runs import (
    CPU,
    MLP,
    SMALL,
    Convolutions,
)


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
