"""The training function against plain torch, and what it promises besides."""

import math
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.optim import SGD
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

from sweeps.models import mlp
from sweeps.schedulers import Schedule
from sweeps.seeds import seed_for
from sweeps.training.device import numerics
from sweeps.training.member import Member
from sweeps.training.stack import stack
from sweeps.training.train import evaluate, train
from tests.support.training_runs import CPU, RUN, SMALL_FEED, Log, copy_state, same_bits, to_float64

NO_CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
CUDA = pytest.param("cuda", 1, marks=[pytest.mark.cuda, NO_CUDA])
STEPS = 3000 // 256  # an epoch of mnist5k
# Without norm, and with such a learning rate, the loss is not finite within the first epoch.
EXPLODING = replace(
    RUN, model=partial(mlp, widths=[75], dropout=[0.0], norm="none"), optimizer=partial(SGD, lr=1e6)
)


class Indifferent(nn.Module):
    """Prefers class 0 whatever the image and whatever it learns: a loss above ln(10), an accuracy of 10 %."""

    logits: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(10))
        self.register_buffer("logits", torch.eye(10)[0])

    def forward(self, images: Tensor) -> Tensor:
        return (0 * self.weight + self.logits).expand(len(images), 10)


INDIFFERENT = replace(RUN, model=lambda *_: Indifferent(), optimizer=partial(SGD, lr=0.1))


# Seeds


@pytest.mark.usefixtures("_matmul_library")
@pytest.mark.parametrize(("device", "threads"), [("cpu", 1), ("cpu", 2), CUDA])
def test_the_same_seed_gives_the_same_bits_and_another_seed_gives_others(device: str, threads: int) -> None:
    torch.set_num_threads(threads)
    run = replace(RUN, epochs=1)
    runs = [run, replace(run, seed=1), run]
    first, other, second = train(runs, device)
    assert same_bits(copy_state(first), copy_state(second))
    assert first.epochs == second.epochs
    assert not same_bits(copy_state(first), copy_state(other))


def test_the_streams_of_a_seed_share_no_numbers_and_are_fixed_for_ever() -> None:
    streams = [seed_for(seed, purpose) for seed in range(1000) for purpose in ("model", "order", "split")]
    assert len(set(streams)) == len(streams)
    assert all(0 <= number < 2**63 for number in streams)
    assert seed_for(0, "model") == 1170523354611945826  # else an update changes everybody's results


# Splits and batches


@pytest.mark.usefixtures("_matmul_library")
def test_training_reads_neither_the_validation_nor_the_test_images() -> None:
    run = replace(RUN, epochs=1)
    feed = run.feed
    _, held = feed.split(run.seed)
    spoilt = replace(
        feed,
        images=feed.images.index_fill(0, held, math.nan),
        test_images=torch.full_like(feed.test_images, math.nan),
    )
    [whole], [blind] = train([run], "cpu"), train([replace(run, feed=spoilt)], "cpu")
    assert same_bits(copy_state(whole), copy_state(blind))
    assert whole.score > 2 * blind.score


def test_an_epoch_draws_full_batches_of_distinct_training_images_anew() -> None:
    member = Member(0, replace(RUN, batch_size=700), CPU)
    epochs = [member.draw_batches() for _ in range(8)]
    for epoch in epochs:
        assert epoch.shape == (4, 700)
        assert len(epoch.unique()) == 2800
    assert not any(torch.equal(one, another) for one, another in pairwise(epochs))
    assert torch.equal(torch.cat(epochs).unique(), member.training_rows)


@pytest.mark.usefixtures("_matmul_library")
def test_evaluation_measures_each_split_whatever_its_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    run = replace(RUN, seed=1)
    [result] = train([run], "cpu")
    feed, (rows, held) = run.feed, run.feed.split(run.seed)
    with numerics(CPU, "fp32"):  # a near tie may turn with the last bit
        right = result.model.eval()(feed.images).argmax(1) == feed.targets
        tested = result.model(feed.test_images).argmax(1) == feed.test_targets
    expected = {
        name: pytest.approx(100 * hits.double().mean().item())  # one rounding of float64
        for name, hits in {"train": right[rows], "validation": right[held], "test": tested}.items()
    }
    for size in (8192, 300):
        monkeypatch.setattr(stack, "EVALUATION_BATCH", size)
        assert evaluate(run, result, "cpu") == expected
    assert result.score == expected["validation"]


def test_epochs_are_told_as_they_end_with_the_place_of_their_run() -> None:
    log = Log()
    results = train([RUN, replace(RUN, seed=1, epochs=1)], "cpu", observer=log)
    assert [(run, epoch.number) for run, epoch in log.epochs] == [(0, 1), (1, 1), (0, 2)]
    first, second = (result.epochs for result in results)
    assert [epoch for _, epoch in log.epochs] == [first[0], second[0], first[1]]


# Schedulers


def test_a_scheduler_by_steps_moves_with_each_and_the_lr_recorded_is_the_last_one_used() -> None:
    schedule = Schedule(partial(LambdaLR, lr_lambda=lambda step: 1 / (1 + step)), interval="step")
    [result] = train([replace(RUN, schedule=schedule)], "cpu")
    assert [epoch.lr for epoch in result.epochs] == [0.005 / STEPS, 0.005 / (2 * STEPS)]


def test_a_plateau_halves_the_lr_when_the_metric_it_watches_stalls() -> None:
    plateau = partial(ReduceLROnPlateau, mode="max", factor=0.5, patience=1)
    schedule = Schedule(plateau, monitor="validation_accuracy")
    [result] = train([replace(INDIFFERENT, schedule=schedule, epochs=6)], "cpu")
    assert [epoch.lr for epoch in result.epochs] == [0.1, 0.1, 0.1, 0.05, 0.05, 0.025]
    rising = Schedule(plateau, monitor="number")
    [result] = train([replace(INDIFFERENT, schedule=rising, epochs=6)], "cpu")
    assert [epoch.lr for epoch in result.epochs] == [0.1] * 6


def test_without_a_scheduler_the_lr_stays_exactly_as_it_is() -> None:
    [result] = train([replace(INDIFFERENT, epochs=8)], "cpu")
    assert [epoch.lr for epoch in result.epochs] == [0.1] * 8


def test_a_schedule_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match=r"scheduler\.interval=batch .* epoch or step"):
        Schedule(interval="batch")
    with pytest.raises(ValueError, match=r"scheduler\.monitor=train_loss .* scheduler\.interval=epoch"):
        Schedule(interval="step", monitor="train_loss")


# Divergence


def test_a_run_that_diverges_ends_scores_chance_and_leaves_the_others_as_they_are() -> None:
    log = Log()
    runs = [to_float64(run) for run in (RUN, EXPLODING, replace(RUN, seed=1))]
    first, exploded, last = train(runs, "cpu", observer=log)
    assert (exploded.diverged, exploded.score, exploded.epochs) == (True, 10.0, [])
    assert [run for run, _ in log.epochs] == [0, 2, 0, 2]
    assert log.diverged_runs == [1]
    for run, result in ((runs[0], first), (runs[2], last)):
        [alone] = train([run], "cpu")
        torch.testing.assert_close(copy_state(result), copy_state(alone), rtol=1e-9, atol=1e-9)
        assert not result.diverged


def test_a_diverging_run_stops_after_the_epoch_whose_loss_is_not_finite(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    members: list[Member] = []
    draw_batches = Member.draw_batches

    def record_and_draw(member: Member) -> Tensor:
        members.append(member)
        return draw_batches(member)

    monkeypatch.setattr(Member, "draw_batches", record_and_draw)
    late = Schedule(partial(LambdaLR, lr_lambda=lambda epoch: 1e20 if epoch == 2 else 1))
    run = replace(EXPLODING, optimizer=partial(SGD, lr=0.01), schedule=late, epochs=50)
    [result] = train([run], "cpu")
    assert (result.diverged, result.score) == (True, 10.0)
    assert [epoch.number for epoch in result.epochs] == [1, 2]
    assert all(math.isfinite(epoch.train["loss"]) for epoch in result.epochs)
    assert len(members) == 3


def test_a_run_that_ends_above_the_loss_it_began_with_has_diverged() -> None:
    wild = replace(RUN, optimizer=partial(SGD, lr=10, momentum=0.99), epochs=3)
    [result] = train([wild], "cpu")
    assert math.isfinite(result.epochs[-1].train["loss"])
    assert result.epochs[-1].train["loss"] > 2 * result.losses[0]
    assert (result.diverged, result.learned_nothing, len(result.epochs)) == (True, False, 3)
    assert result.score == result.chance == 10.0


@pytest.mark.parametrize("batch_size", [16, 256])
def test_a_run_too_slow_to_learn_has_not_diverged_though_chance_lifts_its_loss(batch_size: int) -> None:
    slow = replace(RUN, optimizer=partial(SGD, lr=1e-6), epochs=1, batch_size=batch_size)
    results = train([replace(slow, seed=seed) for seed in range(30)], "cpu")
    rises = [result.epochs[-1].train["loss"] > result.losses[0] for result in results]
    assert 5 < sum(rises) < 25  # the first minibatch is one of many
    assert not any(result.diverged for result in results)
    assert all(result.learned_nothing == (result.score <= result.chance) for result in results)
    assert any(result.learned_nothing for result in results)


@pytest.mark.parametrize("model", [EXPLODING.model, lambda *shape: nn.Sequential(EXPLODING.model(*shape))])
def test_chance_may_lift_a_loss_by_three_errors_of_the_first_minibatchs(model: Any) -> None:
    """Once with the backward pass written out, once by autograd."""
    run = to_float64(replace(RUN, model=model, epochs=2))
    member = Member(0, run, CPU)
    [batch, *_] = member.draw_batches()
    losses = nn.functional.cross_entropy(
        member.model(run.feed.images[batch]), run.feed.targets[batch], reduction="none"
    )
    limit = (losses.mean() + 3 * losses.std(correction=0) / 16).item()
    [result] = train([run], "cpu")
    assert result.state["loss_limit"] == pytest.approx(limit, rel=1e-9)  # float64, summed in another order


def test_a_run_that_starts_badly_and_recovers_has_not_diverged() -> None:
    def build_biased(shape: torch.Size, classes: int) -> nn.Module:
        model = EXPLODING.model(shape, classes)
        *_, last = model.children()
        assert isinstance(last, nn.Linear)
        nn.init.constant_(last.bias[:1], 3.0)
        return model

    # The first epoch learns nothing.
    late = Schedule(partial(LambdaLR, lr_lambda=lambda epoch: min(epoch, 1)))
    run = replace(RUN, model=build_biased, optimizer=partial(SGD, lr=0.1), schedule=late, epochs=3)
    [result] = train([run], "cpu")
    assert result.epochs[0].train["loss"] > math.log(10) > result.epochs[-1].train["loss"]
    assert not result.diverged
    assert not result.learned_nothing
    assert result.score == result.epochs[-1].validation["accuracy"]


# Learning nothing


def test_a_run_no_better_than_always_the_commonest_class_learned_nothing_and_keeps_its_score() -> None:
    [result] = train([INDIFFERENT], "cpu")
    assert result.epochs[-1].train["loss"] > math.log(10)
    assert (result.diverged, result.learned_nothing, result.score) == (False, True, 10.0)


def test_guessing_scores_the_share_of_the_commonest_training_class() -> None:
    # Nine in ten are of class 7; no image tells which.
    labels = torch.where(torch.arange(600) % 10 == 0, torch.arange(600) // 10 % 7, 7)
    feed = replace(SMALL_FEED, images=torch.zeros_like(SMALL_FEED.images), targets=labels)
    run = replace(RUN, feed=feed, optimizer=partial(SGD, lr=0.1), batch_size=100)
    results = train([replace(run, seed=seed) for seed in range(3)], "cpu")
    for seed, result in enumerate(results):
        _, held = feed.split(seed)
        assert result.chance == 100 * (labels[held] == 7).sum().item() / 100
        assert result.score == result.chance == 90.0
        assert (result.diverged, result.learned_nothing) == (False, True)
    [learned] = train([replace(run, feed=SMALL_FEED)], "cpu")
    assert not learned.learned_nothing
