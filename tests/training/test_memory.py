"""Stacks that memory is too small for, by an allocation that really fails."""

import gc
import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.optim import SGD

from sweeps.training.run import Run, State
from sweeps.training.train import train
from tests.support.training_runs import MLP, SMALL_FEED, Log, same_bits

BATCH = 100
TOO_MUCH = 1 << 50  # bytes


class Crowded:
    """A cross-entropy that asks for more memory than there is where more runs than `most` share a call.

    from_call: how many calls with room for all come first.
    """

    def __init__(self, most: int, from_call: int = 0) -> None:
        self.most, self.from_call = most, from_call
        self.calls = 0

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        if outputs.requires_grad:
            self.calls += 1
            if len(outputs) > self.most * BATCH and self.calls > self.from_call:
                torch.empty(TOO_MUCH, dtype=torch.uint8)
        return nn.functional.cross_entropy(outputs, targets, reduction="none")


def runs_with(loss: Crowded, count: int, epochs: int = 2) -> list[Run]:
    sgds = [partial(SGD, lr=0.1 / (1 + number), momentum=0.9) for number in range(count)]
    return [Run(SMALL_FEED, MLP, sgd, 0, epochs, BATCH, loss=loss) for sgd in sgds]


def states_of(runs: Sequence[Run], log: Log | None = None) -> list[State]:
    return [result.state for result in train(runs, "cpu", observer=log)]


def test_a_stack_that_memory_is_too_small_for_goes_on_in_halves(caplog: pytest.LogCaptureFixture) -> None:
    log, runs = Log(), runs_with(Crowded(most=2), count=7)
    with caplog.at_level(logging.WARNING, logger="sweeps.training.train"):
        states = states_of(runs, log)
    messages = [record.getMessage().split(" runs")[0] for record in caplog.records]
    assert messages == ["7", "3", "4"]
    for number in range(7):
        assert [epoch.number for run, epoch in log.epochs if run == number] == [1, 2]
    # Each of the parts is as if it had been trained so from the start.
    loss = Crowded(most=7)
    for part in (slice(0, 1), slice(1, 3), slice(3, 5), slice(5, 7)):
        assert same_bits(states[part], states_of(runs_with(loss, 7)[part]))


class Saver(Log):
    """Keeps the states of the first two epochs, as checkpoints may lag behind."""

    def last_state(self, run: int) -> State | None:
        states = [state for number, state in self.states if number == run and state["epochs"] <= 2]
        return states[-1] if states else None


def test_runs_go_on_from_their_last_checkpoints_where_memory_runs_out_later() -> None:
    steps = SMALL_FEED.training // BATCH
    log = Saver()
    states = states_of(runs_with(Crowded(most=1, from_call=3 * steps + 2), 2, epochs=5), log)
    assert [epoch.number for run, epoch in log.epochs if run == 0] == [1, 2, 3, 3, 4, 5]
    together, alone = Log(), Crowded(most=2)
    states_of(runs_with(alone, 2, epochs=2), together)
    starts = [state for _, state in together.states[-2:]]
    for index in range(2):
        [run] = runs_with(alone, 2, epochs=5)[index : index + 1]
        [rest] = train([run], "cpu", starts=[starts[index]])
        assert same_bits(states[index], rest.state)


def test_a_run_that_is_too_large_alone_is_told_so() -> None:
    [run] = runs_with(Crowded(most=0), 1)
    with pytest.raises(MemoryError, match=r"one run is too large: .*can't allocate memory"):
        train([run], "cpu")


def test_other_errors_are_not_taken_for_a_lack_of_memory() -> None:
    def broken(outputs: Tensor, targets: Tensor) -> Tensor:
        if outputs.requires_grad:
            raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")
        return nn.functional.cross_entropy(outputs, targets, reduction="none")

    runs = [replace(run, loss=broken) for run in runs_with(Crowded(most=2), 2)]
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        train(runs, "cpu")


def test_what_failed_is_freed_before_the_halves_are_built(monkeypatch: pytest.MonkeyPatch) -> None:
    alive = []

    def release(_: torch.device) -> None:
        gc.collect()
        alive.append(count())

    def count() -> int:
        # Others' objects may warn where isinstance() asks for their class.
        return sum(type(each) is SGD for each in gc.get_objects())

    before = count()
    monkeypatch.setattr("sweeps.training.memory.release", release)
    train(runs_with(Crowded(most=1), 2), "cpu")
    assert alive == [before]
