"""Every option composes, passes the checks, trains and goes on. A new file is tested by being there."""

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from sweeps.app.build import build
from sweeps.app.check import check
from sweeps.data import PARTS, mnist5k
from sweeps.data.feed import Feed
from sweeps.run import CONF
from sweeps.training import checkpoint
from sweeps.training.run import Result, Run
from sweeps.training.train import train
from tests.support.cifar_files import write_cifar
from tests.support.own_data import OWN_DATA
from tests.support.training_runs import Log, same_bits

Compose = Callable[..., DictConfig]
OPTIMIZERS, SCHEDULERS, DATA, MODELS, EXPERIMENTS = (
    sorted(path.stem for path in (CONF / group).glob("*.yaml"))
    for group in ("optimizer", "scheduler", "data", "model", "experiment")
)


@pytest.fixture
def compose_config(tmp_path: Path) -> Iterator[Compose]:
    """Composes a config from overrides."""
    with initialize_config_dir(str(CONF)):
        yield lambda *overrides: compose("config", [f"outputs={tmp_path}", "epochs=2", *overrides])


def cut_feed(feed: Feed, images: int, validation: int) -> Feed:
    kept = replace(feed, images=feed.images[:images], targets=feed.targets[:images])
    return replace(kept, validation=validation, validation_rows=None)


def write_idx(folder: Path) -> None:
    """The 5,000 MNIST images as IDX files: 4,000 development, 1,000 test."""
    feed = mnist5k(normalize=False)
    for images, labels, parts in (
        (feed.images, feed.targets, PARTS[:2]),
        (feed.test_images, feed.test_targets, PARTS[2:]),
    ):
        pixels = (images.squeeze(1) * 255).round().to(torch.uint8)
        for values, part in zip((pixels, labels.to(torch.uint8)), parts, strict=True):
            sizes = struct.pack(f">{values.dim()}I", *values.shape)
            (folder / part).write_bytes(bytes([0, 0, 8, values.dim()]) + sizes + values.numpy().tobytes())


def assert_go_on(runs: Sequence[Run], folder: Path) -> list[Result]:
    """Check that two epochs of each run end with the same bits where they are broken in between."""
    log = Log()
    results = train(runs, "cpu", observer=log)
    assert [[epoch.number for epoch in result.epochs] for result in results] == [[1, 2]] * len(runs)
    checkpoint.save(folder / "checkpoint.pt", {str(run): state for run, state in log.states[: len(runs)]})
    starts = checkpoint.load(folder / "checkpoint.pt")
    resumed = train(runs, "cpu", starts=[starts[str(run)] for run in range(len(runs))])
    for before, after in zip(results, resumed, strict=True):
        assert same_bits(after.state, before.state)
    return results


def assert_lowers_the_loss(result: Result) -> None:
    assert result.epochs[-1].train["loss"] < result.epochs[0].train["loss"]


def assert_option_trains(cfg: DictConfig, folder: Path, images: int = 700) -> None:
    check(cfg)
    run = build(cfg)
    [result] = assert_go_on([replace(run, feed=cut_feed(run.feed, images, 100))], folder)
    assert_lowers_the_loss(result)


# The two epochs of a pair are three steps each. Composing takes longer: each option is composed once.
PAIRED = ("epochs=2", "batch_size=100", "data.subset=400", "data.validation=100")


@cache
def alone(*overrides: str) -> Run:
    with initialize_config_dir(str(CONF)):
        return build(compose("config", [*PAIRED, *overrides]))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_goes_on_with_every_scheduler(optimizer: str, tmp_path: Path) -> None:
    # A warm-up of 1.5 epochs ends after the break.
    schedules = [
        alone(f"scheduler={scheduler}", f"warmup.epochs={warmup}").schedule
        for scheduler, warmup in [*product(SCHEDULERS, [0]), ("plateau", 1.5)]
    ]
    run = alone(f"optimizer={optimizer}")
    # One stack: each member has an optimizer and a scheduler of its own all the same.
    assert_go_on([replace(run, schedule=schedule) for schedule in schedules], tmp_path)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_passes_the_checks_and_lowers_the_loss(
    optimizer: str, compose_config: Compose
) -> None:
    cfg = compose_config(f"optimizer={optimizer}", *PAIRED, "epochs=8")
    check(cfg)
    assert_lowers_the_loss(*train([build(cfg)], "cpu"))


@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize("warmup", [0, 0.5])
def test_every_scheduler_passes_the_checks(scheduler: str, warmup: float, compose_config: Compose) -> None:
    check(compose_config(f"scheduler={scheduler}", f"warmup.epochs={warmup}"))


@pytest.mark.parametrize("model", MODELS)
def test_every_model_trains_and_goes_on(model: str, compose_config: Compose, tmp_path: Path) -> None:
    # Without a momentum, whose sums would be as large as the weights.
    plain = ("data=digits", "batch_size=30", "optimizer=sgd", "optimizer.momentum=0")
    assert_option_trains(compose_config(f"model={model}", *plain), tmp_path, images=160)


@pytest.mark.parametrize("data", DATA)
def test_every_data_feed_trains_and_goes_on(
    data: str, compose_config: Compose, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if data.startswith("cifar"):
        write_cifar(data.upper(), tmp_path, 1200, monkeypatch)
    if data in OWN_DATA:
        files = OWN_DATA[data](tmp_path)
    else:
        has_root = "root" in compose_config(f"data={data}").data
        if has_root and not data.startswith("cifar"):
            write_idx(tmp_path)
        files = [f"data.root={tmp_path}", "data.validation=0.1"] if has_root else []
    assert_option_trains(compose_config(f"data={data}", *files), tmp_path)


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_experiment_trains_and_goes_on(
    experiment: str, compose_config: Compose, tmp_path: Path
) -> None:
    assert_option_trains(compose_config(f"experiment={experiment}", "data=digits"), tmp_path)


def test_an_optimizer_brings_its_scheduler_unless_the_user_names_one(compose_config: Compose) -> None:
    assert "ReduceLROnPlateau" in compose_config("optimizer=sgd").scheduler._target_
    assert "CosineAnnealingLR" in compose_config("optimizer=sgd", "scheduler=cosine").scheduler._target_
    assert "ConstantLR" in compose_config("optimizer=adam").scheduler._target_
    assert "ReduceLROnPlateau" in compose_config("experiment=lecture_sgd").scheduler._target_
