"""A run that was broken off goes on from its state and ends bit for bit as an unbroken one."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam, Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR

from sweeps.models import mlp
from sweeps.schedulers import Schedule
from sweeps.training import checkpoint
from sweeps.training.run import Result, Run, State
from sweeps.training.stack.stack import Stack
from sweeps.training.train import train
from tests.support.training_runs import SMALL_FEED, Log, copy_state, same_bits, to_float64

EPOCHS = 4
NO_CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
MLP = partial(mlp, widths=[20], dropout=[0.5], norm="batch")
RUN = Run(SMALL_FEED, MLP, partial(Adam, lr=0.005), seed=0, epochs=EPOCHS, batch_size=100)
# Without norm, and with such a learning rate, the loss is not finite within the first epoch.
EXPLODING = replace(
    RUN, model=partial(mlp, widths=[20], dropout=[0.0], norm="none"), optimizer=partial(SGD, lr=1e6)
)


def states(run: Run, device: str = "cpu", precision: str = "fp32") -> tuple[Result, list[State]]:
    """A run's result and its state after each epoch."""
    log = Log()
    [result] = train([run], device, precision, observer=log)
    return result, [state for _, state in log.states]


def assert_ends_the_same_wherever_broken(run: Run, folder: Path, device: str, precision: str) -> None:
    unbroken, after = states(run, device, precision)
    assert [state["epochs"] for state in after] == list(range(1, run.epochs + 1))
    for state in after:
        checkpoint.save(folder / "checkpoint.pt", state)
        start = checkpoint.load(folder / "checkpoint.pt")
        [resumed] = train([run], device, precision, starts=[start])
        assert same_bits(resumed.state, unbroken.state), state["epochs"]
        assert (resumed.epochs, resumed.score) == (unbroken.epochs, unbroken.score)
        assert (resumed.diverged, resumed.learned_nothing) == (unbroken.diverged, unbroken.learned_nothing)
        assert same_bits(resumed.model.state_dict(), unbroken.model.state_dict())


@pytest.mark.usefixtures("_matmul_library")
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=[pytest.mark.cuda, NO_CUDA])])
def test_dropout_and_a_scheduler_by_steps_go_on_too(device: str, precision: str, tmp_path: Path) -> None:
    schedule = Schedule(partial(CosineAnnealingLR, T_max=5 * EPOCHS), interval="step")
    assert_ends_the_same_wherever_broken(replace(RUN, schedule=schedule), tmp_path, device, precision)


@pytest.mark.parametrize("part", ["optimizer", "order", "dropout"])
@pytest.mark.parametrize("optimizer", [partial(SGD, lr=0.1, momentum=0.9), partial(Adam, lr=0.005)])
def test_without_a_part_of_the_state_the_run_ends_elsewhere(optimizer: partial[Optimizer], part: str) -> None:
    run = replace(RUN, optimizer=optimizer)
    unbroken, after = states(run)
    _, fresh = states(replace(run, epochs=1, seed=1))
    lost = (
        {"optimizer": after[1]["optimizer"] | {"state": {}}}
        if part == "optimizer"
        else {"generators": after[1]["generators"] | {part: fresh[0]["generators"][part]}}
    )
    [resumed] = train([run], "cpu", starts=[after[1] | lost])
    assert not same_bits(resumed.state["model"], unbroken.state["model"])
    assert [epoch.number for epoch in resumed.epochs] == [1, 2, 3, 4]


def test_a_list_of_runs_goes_on_each_from_its_own_state() -> None:
    run, other = (
        to_float64(each) for each in (RUN, replace(RUN, seed=1, optimizer=partial(SGD, lr=0.1, momentum=0.9)))
    )
    unbroken = train([run, other], "cpu")
    _, after = states(other)
    log = Log()
    results = train([run, other], "cpu", starts=[None, after[2]], observer=log)
    epochs = [(index, epoch.number) for index, epoch in log.epochs]
    assert epochs == [(1, 1), (1, 2), (1, 3), (0, 1), (1, 4), (0, 2), (0, 3), (0, 4)]
    assert [index for index, _ in log.states] == [0, 1, 0, 0, 0]
    for one, another in zip(results, unbroken, strict=True):
        torch.testing.assert_close(copy_state(one), copy_state(another), rtol=1e-9, atol=1e-9)
        assert same_bits(one.state["generators"], another.state["generators"])


def test_only_the_missing_epochs_are_trained_and_a_state_is_left_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, after = states(RUN)
    before = states(RUN)[1][2]
    trained: list[Stack] = []
    train_epoch = Stack.train_epoch

    def record_and_train(stack: Stack) -> None:
        trained.append(stack)
        train_epoch(stack)

    monkeypatch.setattr(Stack, "train_epoch", record_and_train)
    for done, epochs_left in ((3, 1), (4, 0)):
        trained.clear()
        train([RUN], "cpu", starts=[after[done - 1]])
        assert len(trained) == epochs_left
    assert same_bits(after[2], before)


@pytest.mark.usefixtures("_matmul_library")
def test_a_run_can_go_on_to_more_epochs_than_it_was_begun_with() -> None:
    [short], [long] = train([replace(RUN, epochs=2)], "cpu"), train([RUN], "cpu")
    [resumed] = train([RUN], "cpu", starts=[short.state])
    assert same_bits(resumed.state, long.state)


def test_a_run_that_goes_on_is_measured_by_the_loss_before_its_very_first_update() -> None:
    wild = replace(RUN, optimizer=partial(SGD, lr=10, momentum=0.99))
    unbroken, after = states(wild)
    [resumed] = train([wild], "cpu", starts=[after[1]])
    assert resumed.diverged
    limits = {state["loss_limit"] for state in (*after, unbroken.state, resumed.state)}
    assert len(limits) == 1
    assert unbroken.losses[0] < limits.pop() < unbroken.epochs[-1].train["loss"]


def test_a_diverged_run_stays_as_it_ended() -> None:
    [exploded] = train([EXPLODING], "cpu")
    assert len(exploded.epochs) < EPOCHS
    [resumed] = train([EXPLODING], "cpu", starts=[exploded.state])
    assert (resumed.diverged, resumed.score, resumed.epochs) == (True, exploded.chance, exploded.epochs)
    assert same_bits(resumed.state["generators"], exploded.state["generators"])  # nothing more was drawn


OTHERS = {
    "seed": (replace(RUN, seed=1), "seed=0 there, 1 now"),
    "batch size": (replace(RUN, batch_size=50), "batch_size=100 there, 50 now"),
    "data": (
        replace(RUN, feed=replace(SMALL_FEED, images=SMALL_FEED.images + 1)),
        r"data.checksum=\d+ there, \d+ now",
    ),
    "optimizer": (replace(RUN, optimizer=partial(SGD, lr=0.1)), r"optimizer=\S+Adam there, \S+SGD now$"),
    "setting": (replace(RUN, optimizer=partial(Adam, lr=0.1)), "optimizer.lr=0.005 there, 0.1 now"),
    "scheduler": (
        replace(RUN, schedule=Schedule(partial(CosineAnnealingLR, T_max=4))),
        r"scheduler=\S+ConstantLR there, \S+CosineAnnealingLR now",
    ),
    "loss": (
        replace(RUN, loss=nn.MultiMarginLoss(reduction="none")),
        r"loss=\S+ there, MultiMarginLoss now",
    ),
    "loss's setting": (
        replace(RUN, loss=nn.CrossEntropyLoss(reduction="none", label_smoothing=0.1)),
        "loss.label_smoothing=0.0 there, 0.1 now$",
    ),
    "model": (
        replace(RUN, model=partial(mlp, widths=[30], dropout=[0.5], norm="batch")),
        r"model.1=Linear\(\S+ out_features=20\S* .*there, Linear\(.*out_features=30",
    ),
    "dropout": (
        replace(RUN, model=partial(mlp, widths=[20], dropout=[0.4], norm="batch")),
        r"model.4=Dropout\(p=0.5, inplace=False\) there, Dropout\(p=0.4",
    ),
    "fewer epochs": (replace(RUN, epochs=3), "4 epochs done, more than epochs=3"),
}


@pytest.mark.parametrize(("run", "message"), OTHERS.values(), ids=OTHERS)
def test_a_state_of_another_run_is_refused_and_the_difference_named(run: Run, message: str) -> None:
    [result] = train([RUN], "cpu")
    with pytest.raises(ValueError, match=message):
        train([run], "cpu", starts=[result.state])


def test_a_state_from_before_there_were_losses_is_one_of_cross_entropy() -> None:
    log = Log()
    [result] = train([RUN], "cpu", observer=log)
    _, state = log.states[0]
    state["run"] = {key: value for key, value in state["run"].items() if not key.startswith("loss")}
    [resumed] = train([RUN], "cpu", starts=[state])
    assert same_bits(resumed.state, result.state)
    other, message = OTHERS["loss"]
    with pytest.raises(ValueError, match=message):
        train([other], "cpu", starts=[state])
