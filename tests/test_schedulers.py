"""The schedulers: how often they step in a run, and the warm-up before any of them."""

from dataclasses import replace
from functools import partial

import pytest
import torch
from hydra import compose, initialize_config_dir
from torch.optim import SGD

from sweeps.app.build import build
from sweeps.run import CONF
from sweeps.schedulers import Schedule, WarmUp, one_cycle
from sweeps.training.run_identity import identify_unbuilt_run
from tests.support.training_runs import CPU, RUN

SCHEDULERS = sorted(path.stem for path in (CONF / "scheduler").glob("*.yaml"))
STEPS = 3000 // 256  # an epoch of mnist5k
LR = 0.4


def build_schedule(*overrides: str) -> Schedule:
    with initialize_config_dir(str(CONF)):
        return build(compose("config", overrides=list(overrides))).schedule


def lr_of_each_step(schedule: Schedule, epochs: int) -> list[float]:
    """The learning rate of every step; validation accuracy and loss never improve."""
    optimizer = SGD([torch.zeros(1, requires_grad=True)], lr=LR)
    scheduler = schedule.build(optimizer)
    lrs = []
    for _ in range(epochs):
        for _ in range(STEPS):
            lrs.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            schedule.after_step(scheduler)
        schedule.after_epoch(scheduler, {"validation_accuracy": 90.0, "validation_loss": 1.0})
    return lrs


@pytest.mark.parametrize("option", [*SCHEDULERS, "cosine scheduler.eta_min=0.05"])
def test_after_the_warm_up_a_scheduler_does_what_it_does_alone(option: str) -> None:
    alone = build_schedule(*f"scheduler={option}".split(), "epochs=6")
    warmed = Schedule(
        partial(WarmUp, build=alone.build, steps=2 * STEPS, start_factor=0.1), alone.interval, alone.monitor
    )
    expected = lr_of_each_step(alone, epochs=6)
    lrs = lr_of_each_step(warmed, epochs=8)
    assert lrs[2 * STEPS :] == expected
    rise = [expected[0] * (0.1 + 0.9 * step / (2 * STEPS)) for step in range(2 * STEPS)]
    assert lrs[: 2 * STEPS] == pytest.approx(rise)


def test_a_warm_up_may_end_within_an_epoch() -> None:
    lrs = lr_of_each_step(
        build_schedule("scheduler=step", "scheduler.step_size=1", "epochs=3", "warmup.epochs=0.5"), 3
    )
    half = round(STEPS / 2)
    assert lrs[0] == pytest.approx(0.01 * LR)
    assert lrs[half - 1] < LR
    assert lrs[half:STEPS] == [LR] * (STEPS - half)
    assert lrs[STEPS::STEPS] == [LR / 2, LR / 4]


@pytest.mark.parametrize("interval", ["epoch", "step"])
@pytest.mark.parametrize("warmup", [0, 1])
def test_a_cosine_ends_with_the_run_whatever_it_counts(interval: str, warmup: int) -> None:
    overrides = ("scheduler=cosine", f"scheduler.interval={interval}", f"warmup.epochs={warmup}")
    optimizer_steps = lr_of_each_step(build_schedule(*overrides, "epochs=5"), epochs=6)
    after = optimizer_steps[5 * STEPS]  # the first step that the run no longer takes
    assert after == pytest.approx(0, abs=1e-12)
    assert all(rate > 1e-4 for rate in optimizer_steps[: 5 * STEPS])
    falling = optimizer_steps[warmup * STEPS : 5 * STEPS]
    assert len(set(falling)) == (5 - warmup if interval == "epoch" else (5 - warmup) * STEPS)


def test_one_cycle_rises_to_the_optimizers_learning_rate_and_ends_with_the_run() -> None:
    lrs = lr_of_each_step(build_schedule("scheduler=onecycle", "epochs=5"), epochs=5)
    assert lrs[0] == pytest.approx(LR / 25)
    assert max(lrs) == pytest.approx(LR, rel=1e-3)  # the peak lies between two steps
    assert lrs[-1] == pytest.approx(LR / 25 / 10_000)


@pytest.mark.parametrize(("share", "steps"), [(0.25, 4), (1.0, 4), (1, 2)])
def test_one_cycle_with_a_phase_without_a_step_is_refused(share: float, steps: int) -> None:
    optimizer = SGD([torch.zeros(1, requires_grad=True)], lr=LR)
    with pytest.raises(ValueError, match=f"pct_start={share} of {steps} steps leaves a phase without a step"):
        one_cycle(optimizer, total_steps=steps, pct_start=share)


def test_the_milestones_lie_at_a_half_and_three_quarters_of_the_run() -> None:
    lrs = lr_of_each_step(build_schedule("scheduler=multistep", "epochs=8"), epochs=8)
    assert lrs[::STEPS] == pytest.approx([LR] * 4 + [LR / 10] * 2 + [LR / 100] * 2)


def test_a_plateau_may_watch_the_validation_loss() -> None:
    overrides = ["scheduler.monitor=validation_loss", "scheduler.mode=min", "scheduler.patience=0"]
    lrs = lr_of_each_step(build_schedule("scheduler=plateau", *overrides), epochs=4)
    assert lrs[::STEPS] == [LR, LR, LR / 2, LR / 4]


def test_a_scheduler_of_ones_own_steps_by_epochs_and_watches_nothing_unless_it_says_so() -> None:
    schedule = build_schedule("~scheduler.interval", "~scheduler.monitor")
    assert (schedule.interval, schedule.monitor) == ("epoch", None)


def test_a_runs_identity_holds_its_scheduler_and_its_warm_up() -> None:
    alone = [build_schedule(f"scheduler={name}") for name in ("plateau", "cosine", "step")]
    warm_ups = [(5, 0.1), (6, 0.1), (5, 0.2)]
    warmed = [
        replace(schedule, build=partial(WarmUp, build=schedule.build, steps=steps, start_factor=factor))
        for schedule in alone
        for steps, factor in warm_ups
    ]
    identities = {
        str(identify_unbuilt_run(replace(RUN, schedule=schedule), CPU)) for schedule in (*alone, *warmed)
    }
    assert len(identities) == len(alone) * (1 + len(warm_ups))
