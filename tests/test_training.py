"""The training function against plain torch, and what it promises besides."""

import math
import random
from collections.abc import Iterator
from dataclasses import astuple, replace
from functools import partial
from itertools import pairwise

import numpy
import pytest
import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam
from torch.optim.lr_scheduler import ConstantLR, CosineAnnealingLR, LambdaLR, ReduceLROnPlateau

from runs import of
from sweeps import train as training_module
from sweeps.data import mnist5k
from sweeps.device import computing, resolve, workers
from sweeps.models import mlp
from sweeps.schedule import Schedule
from sweeps.seeds import stream
from sweeps.train import Epoch, Result, Run, Training, evaluate, train

CPU = torch.device("cpu")
NO_CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
CUDA = pytest.param("cuda", 1, marks=[pytest.mark.cuda, NO_CUDA])
STEPS = 3000 // 256  # an epoch of mnist5k
MLP = partial(mlp, widths=[75, 45], dropout=[0.5, 0.3], norm="batch")
NONE = Schedule(partial(ConstantLR, factor=1.0))
RUN = Run(mnist5k(True), MLP, of(Adam, lr=0.005), NONE, seed=0, epochs=2, batch_size=256)
# Without norm, and with such a learning rate, the loss is not finite within the first epoch.
EXPLODING = replace(
    RUN, model=partial(mlp, widths=[75], dropout=[0.0], norm="none"), optimizer=of(SGD, lr=1e6)
)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Small work is done sooner by one thread, above all on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Indifferent(nn.Module):
    """Prefers class 0 whatever the image and whatever it learns: a loss above ln(10), an accuracy of 10 %."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(10))
        self.register_buffer("logits", torch.eye(10)[0])

    def forward(self, images: Tensor) -> Tensor:
        return (0 * self.weight + self.logits).expand(len(images), 10)


INDIFFERENT = replace(RUN, model=lambda *_: Indifferent(), optimizer=of(SGD, lr=0.1))


def bits(result: Result) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in result.model.state_dict().items()}


def equal(left: dict[str, Tensor], right: dict[str, Tensor]) -> bool:
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


# The same as plain torch


def lecture_mlp() -> nn.Module:
    return nn.Sequential(
        nn.Flatten(),
        *(nn.Linear(28 * 28, 75), nn.BatchNorm1d(75), nn.ReLU(), nn.Dropout(0.5)),
        *(nn.Linear(75, 45), nn.BatchNorm1d(45), nn.ReLU(), nn.Dropout(0.3)),
        nn.Linear(45, 10),
    )


RECIPES = {
    "SGD, momentum, plateau": (
        of(SGD, lr=0.1, momentum=0.9),
        lambda optimizer: ReduceLROnPlateau(optimizer, "max", factor=0.5, patience=0),
        {"monitor": "validation_accuracy"},
    ),
    "Adam, cosine": (
        of(Adam, lr=0.005),
        lambda optimizer: CosineAnnealingLR(optimizer, T_max=4),
        {},
    ),
    "SGD, cosine by steps": (
        of(SGD, lr=0.1),
        lambda optimizer: CosineAnnealingLR(optimizer, T_max=4 * STEPS),
        {"interval": "step"},
    ),
    "Adam, none": (of(Adam, lr=0.005), None, {}),
}


def by_hand(seed: int, build_optimizer, build_scheduler, interval="epoch", monitor=None):
    """Four epochs of plain torch: the trained model and an (epoch's) row of measurements each."""
    feed = mnist5k(True)
    rows, held = feed.split(seed)
    order = torch.Generator().manual_seed(stream(seed, "order"))
    torch.manual_seed(stream(seed, "model"))
    model = lecture_mlp()
    optimizer = build_optimizer(model)
    scheduler = build_scheduler and build_scheduler(optimizer)
    epochs = []
    for number in range(1, 5):
        model.train()
        losses, right = [], 0
        for batch in rows[torch.randperm(3000, generator=order)][: STEPS * 256].split(256):
            lr = optimizer.param_groups[0]["lr"]
            logits = model(feed.images[batch])
            loss = nn.functional.cross_entropy(logits, feed.labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            right += (logits.argmax(1) == feed.labels[batch]).sum().item()
            if interval == "step":
                scheduler.step()
        model.eval()
        with torch.no_grad():
            logits = model(feed.images[held])
            missed = nn.functional.cross_entropy(logits, feed.labels[held]).item()
            validated = (logits.argmax(1) == feed.labels[held]).sum().item() / 10
        epochs.append((number, sum(losses) / STEPS, 100 * right / (STEPS * 256), missed, validated, lr))
        if monitor:
            scheduler.step(validated)
        elif scheduler and interval == "epoch":
            scheduler.step()
    return model, epochs


@pytest.mark.parametrize(("optimizer", "scheduler", "when"), RECIPES.values(), ids=RECIPES)
def test_a_run_equals_a_plain_loop_of_torch_bit_for_bit(optimizer, scheduler, when):
    model, epochs = by_hand(3, optimizer, scheduler, **when)
    schedule = Schedule(scheduler, **when) if scheduler else NONE
    [result] = train([replace(RUN, optimizer=optimizer, schedule=schedule, seed=3, epochs=4)], "cpu")
    assert equal(bits(result), model.state_dict())
    # Means and shares are sums, whose order isn't fixed; the learning rate is exact.
    assert [astuple(epoch) for epoch in result.epochs] == [pytest.approx(row, rel=1e-6) for row in epochs]
    assert result.losses.view(4, STEPS).mean(1).tolist() == pytest.approx([row[1] for row in epochs])
    assert [epoch.lr for epoch in result.epochs] == [lr for *_, lr in epochs]
    assert result.score == result.epochs[-1].validation_accuracy


# Seeds


@pytest.mark.parametrize(("device", "threads"), [("cpu", 1), ("cpu", 2), CUDA])
def test_the_same_seed_gives_the_same_bits_and_another_seed_gives_others(device, threads):
    torch.set_num_threads(threads)
    run = replace(RUN, epochs=1)
    runs = [run, replace(run, seed=1), run]
    first, other, second = train(runs, device)
    assert equal(bits(first), bits(second))
    assert first.epochs == second.epochs
    assert not equal(bits(first), bits(other))


def test_the_streams_of_a_seed_share_no_numbers_and_are_fixed_for_ever():
    streams = [stream(seed, purpose) for seed in range(1000) for purpose in ("model", "order", "split")]
    assert len(set(streams)) == len(streams)
    assert all(0 <= number < 2**63 for number in streams)
    assert stream(0, "model") == 1170523354611945826  # else an update changes everybody's results


# Splits and batches


def test_training_reads_neither_the_validation_nor_the_test_images():
    run = replace(RUN, epochs=1)
    feed = run.feed
    _, held = feed.split(run.seed)
    spoilt = replace(
        feed,
        images=feed.images.index_fill(0, held, math.nan),
        test_images=torch.full_like(feed.test_images, math.nan),
    )
    [whole], [blind] = train([run], "cpu"), train([replace(run, feed=spoilt)], "cpu")
    assert equal(bits(whole), bits(blind))
    assert whole.score > 2 * blind.score


def test_an_epoch_draws_full_batches_of_distinct_training_images_anew():
    training = Training(replace(RUN, batch_size=700), CPU)
    epochs = [torch.stack(training._batches()) for _ in range(8)]
    for epoch in epochs:
        assert epoch.shape == (4, 700)
        assert len(epoch.unique()) == 2800
    assert not any(torch.equal(one, another) for one, another in pairwise(epochs))
    assert torch.equal(torch.cat(epochs).unique(), training.rows)


def test_evaluation_measures_each_split_whatever_its_batch(monkeypatch):
    run = replace(RUN, seed=1)
    [result] = train([run], "cpu")
    feed, (rows, held) = run.feed, run.feed.split(run.seed)
    right = result.model.eval()(feed.images).argmax(1) == feed.labels
    tested = result.model(feed.test_images).argmax(1) == feed.test_labels
    expected = {
        name: pytest.approx(100 * hits.double().mean().item())  # one rounding of float64
        for name, hits in {"train": right[rows], "validation": right[held], "test": tested}.items()
    }
    for size in (8192, 300):
        monkeypatch.setattr(training_module, "EVALUATION_BATCH", size)
        assert evaluate(run, result, "cpu") == expected
    assert result.score == expected["validation"]


def test_epochs_are_told_as_they_end_with_the_place_of_their_run():
    told: list[tuple[int, Epoch]] = []
    results = train([RUN, replace(RUN, seed=1, epochs=1)], "cpu", on_epoch=lambda *epoch: told.append(epoch))
    assert [(place, epoch.number) for place, epoch in told] == [(0, 1), (0, 2), (1, 1)]
    assert [epoch for _, epoch in told] == results[0].epochs + results[1].epochs


# Schedulers


def test_a_scheduler_by_steps_moves_with_each_and_the_lr_recorded_is_the_last_one_used():
    schedule = Schedule(partial(LambdaLR, lr_lambda=lambda step: 1 / (1 + step)), interval="step")
    [result] = train([replace(RUN, schedule=schedule)], "cpu")
    assert [epoch.lr for epoch in result.epochs] == [0.005 / STEPS, 0.005 / (2 * STEPS)]


def test_a_plateau_halves_the_lr_when_the_metric_it_watches_stalls():
    plateau = partial(ReduceLROnPlateau, mode="max", factor=0.5, patience=1)
    schedule = Schedule(plateau, monitor="validation_accuracy")
    [result] = train([replace(INDIFFERENT, schedule=schedule, epochs=6)], "cpu")
    assert [epoch.lr for epoch in result.epochs] == [0.1, 0.1, 0.1, 0.05, 0.05, 0.025]
    rising = Schedule(plateau, monitor="number")
    [result] = train([replace(INDIFFERENT, schedule=rising, epochs=6)], "cpu")
    assert [epoch.lr for epoch in result.epochs] == [0.1] * 6


def test_without_a_scheduler_the_lr_stays_exactly_as_it_is():
    [result] = train([replace(INDIFFERENT, epochs=8)], "cpu")
    assert [epoch.lr for epoch in result.epochs] == [0.1] * 8


def test_a_schedule_that_cannot_be_is_refused():
    with pytest.raises(ValueError, match=r"scheduler\.interval=batch .* epoch or step"):
        Schedule(NONE.build, interval="batch")
    with pytest.raises(ValueError, match=r"scheduler\.monitor=train_loss .* scheduler\.interval=epoch"):
        Schedule(NONE.build, interval="step", monitor="train_loss")


# Divergence


def test_a_run_that_diverges_ends_scores_chance_and_leaves_the_others_their_bits():
    told = []
    runs = [RUN, EXPLODING, replace(RUN, seed=1)]
    first, exploded, last = train(runs, "cpu", on_epoch=lambda run, _: told.append(run))
    assert (exploded.diverged, exploded.score, exploded.epochs) == (True, 10.0, [])
    assert told == [0, 0, 2, 2]
    for run, result in ((RUN, first), (runs[2], last)):
        [alone] = train([run], "cpu")
        assert equal(bits(result), bits(alone))
        assert not result.diverged


def test_a_diverging_run_stops_after_the_epoch_whose_loss_is_not_finite():
    forwards = []

    def counted(*arguments) -> nn.Module:
        model = EXPLODING.model(*arguments)
        model.register_forward_pre_hook(lambda module, _: forwards.append(module.training))
        return model

    late = Schedule(partial(LambdaLR, lr_lambda=lambda epoch: 1e20 if epoch == 2 else 1))
    run = replace(EXPLODING, model=counted, optimizer=of(SGD, lr=0.01), schedule=late, epochs=50)
    [result] = train([run], "cpu")
    assert (result.diverged, result.score) == (True, 10.0)
    assert [epoch.number for epoch in result.epochs] == [1, 2]
    assert all(math.isfinite(epoch.train_loss) for epoch in result.epochs)
    assert forwards.count(True) == 3 * STEPS


def test_a_run_that_ends_with_the_loss_of_guessing_or_more_has_diverged():
    [result] = train([INDIFFERENT], "cpu")
    assert result.epochs[-1].train_loss > math.log(10)
    assert (result.diverged, result.score, len(result.epochs)) == (True, 10.0, 2)


def test_a_run_that_starts_badly_and_recovers_has_not_diverged():
    def biased(*arguments) -> nn.Module:
        model = EXPLODING.model(*arguments)
        nn.init.constant_(model[-1].bias[:1], 3.0)
        return model

    # The first epoch learns nothing.
    late = Schedule(partial(LambdaLR, lr_lambda=lambda epoch: min(epoch, 1)))
    run = replace(RUN, model=biased, optimizer=of(SGD, lr=0.1), schedule=late, epochs=3)
    [result] = train([run], "cpu")
    assert result.epochs[0].train_loss > math.log(10) > result.epochs[-1].train_loss
    assert not result.diverged
    assert result.score == result.epochs[-1].validation_accuracy


# The device


@pytest.mark.parametrize(
    ("optimizer", "schedule"),
    [
        (
            of(SGD, lr=0.1, momentum=0.9),
            Schedule(partial(ReduceLROnPlateau, mode="max"), monitor="train_loss"),
        ),
        (of(Adam, lr=0.005), Schedule(partial(CosineAnnealingLR, T_max=50), interval="step")),
    ],
    ids=["SGD", "Adam"],
)
def test_an_epoch_waits_for_the_device_once(optimizer, schedule, monkeypatch):
    # Tensors on torch's meta device have no values: item(), bool(), nonzero(), cpu() all raise.
    run = replace(RUN, optimizer=optimizer, schedule=schedule)
    training, meta = Training(run, CPU), torch.device("meta")
    training.feed = run.feed.to(meta)
    training.rows, training.validation_rows = training.rows.to(meta), training.validation_rows.to(meta)
    training.order = training.augmentation = None
    training.model = training.model.to(meta)
    training.optimizer = optimizer(training.model)
    training.scheduler = schedule.build(training.optimizer)

    reads = []

    def read(tensor: Tensor) -> list[float]:
        reads.append(tensor)
        return [0.0] * len(tensor)

    monkeypatch.setattr(Tensor, "tolist", read)
    training.finish(*training.epoch())
    assert [tensor.device for tensor in reads] == [meta]


def global_state() -> dict[str, object]:
    return {
        "torch": torch.get_rng_state().tolist(),
        "numpy": numpy.random.get_state()[1].tolist(),
        "python": random.getstate(),
        "matmul": (torch.get_float32_matmul_precision(), torch.backends.cuda.matmul.fp32_precision),
        "convolution": torch.backends.cudnn.conv.fp32_precision,
        "deterministic": (
            torch.are_deterministic_algorithms_enabled(),
            torch.is_deterministic_algorithms_warn_only_enabled(),
        ),
        "autocast": torch.is_autocast_enabled("cpu"),
        "gradients": torch.is_grad_enabled(),
        "threads": torch.get_num_threads(),
    }


@pytest.fixture(params=["highest", "high"])
def _matmul_precision(request):
    """A user's own choice of precision, of torch's default and of another."""
    before = torch.backends.cuda.matmul.fp32_precision, torch.backends.cudnn.conv.fp32_precision
    if request.param != "highest":
        torch.set_float32_matmul_precision(request.param)
    yield
    torch.set_float32_matmul_precision("highest")
    torch.backends.cuda.matmul.fp32_precision, torch.backends.cudnn.conv.fp32_precision = before


@pytest.mark.usefixtures("_matmul_precision")
@pytest.mark.parametrize("precision", ["fp32", "tf32", "bf16"])
def test_training_leaves_the_global_state_of_torch_as_it_was_even_if_it_fails(precision):
    before = global_state()
    run = replace(RUN, epochs=1)
    train([run], "cpu", precision)
    assert global_state() == before
    with pytest.raises(ValueError, match="learning rate"):
        train([replace(run, optimizer=of(SGD, lr=-1.0))], "cpu", precision)
    assert global_state() == before


@pytest.mark.filterwarnings("ignore:.*CUDA is not available:UserWarning")
@pytest.mark.parametrize("choice", [{"mode": False}, {"mode": True}, {"mode": True, "warn_only": True}])
def test_computing_on_cuda_is_deterministic_and_leaves_the_switch_as_it_was(choice, monkeypatch):
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(**choice)
    try:
        before = global_state()
        with computing(torch.device("cuda"), "fp32"):
            assert global_state()["deterministic"] == (True, False)
        assert global_state() == before
    finally:
        torch.use_deterministic_algorithms(False)


def test_bf16_trains_to_a_result_of_its_own_and_tf32_on_the_cpu_is_fp32():
    results = {precision: train([RUN], "cpu", precision)[0] for precision in ("fp32", "tf32", "bf16")}
    assert not equal(bits(results["fp32"]), bits(results["bf16"]))
    assert equal(bits(results["fp32"]), bits(results["tf32"]))
    assert all(parameter.dtype == torch.float32 for parameter in results["bf16"].model.parameters())
    first, last = results["bf16"].epochs
    assert last.train_loss < first.train_loss
    # Eight seeds differed by at most 2.1 points after two epochs; not trained at all is 70 points away.
    assert results["bf16"].score == pytest.approx(results["fp32"].score, abs=5)


@pytest.mark.parametrize(
    ("device", "precision", "message"),
    [
        ("gpu", "fp32", "device=gpu is not known; write auto, cpu, cuda or cuda:N"),
        ("cpu:1", "fp32", "device=cpu:1 is not known"),
        ("cuda:one", "fp32", "device=cuda:one is not known"),
        ("cuda:99", "fp32", "device=cuda:99 is absent: torch finds .* CUDA devices; write device=cpu"),
        ("cpu", "fp16", "precision=fp16 is not known; write one of fp32, tf32, bf16"),
    ],
)
def test_an_unknown_or_absent_device_or_precision_is_named(device, precision, message):
    with pytest.raises(ValueError, match=message):
        train([RUN], device, precision)


def test_without_cuda_auto_is_the_cpu_and_cuda_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert resolve("auto") == CPU
    with pytest.raises(ValueError, match="device=cuda is absent: torch finds 0 CUDA devices"):
        resolve("cuda")


def test_a_sweep_runs_one_worker_a_gpu_unless_one_is_named(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert [resolve(device).index for device in ("auto", "cuda", "cuda:1")] == [0, 0, 1]
    assert resolve("cpu") == CPU
    assert [workers(device) for device in ("auto", "cuda", "cuda:1")] == [2, 2, 1]
