"""Every option of every group composes, passes the checks and trains. A new file is tested by being there."""

import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from sweeps.data import PARTS, mnist5k
from sweeps.run import CONF, build, check
from sweeps.train import train

Compose = Callable[..., DictConfig]
OPTIMIZERS, SCHEDULERS, DATA, MODELS = (
    sorted(path.stem for path in (CONF / group).glob("*.yaml"))
    for group in ("optimizer", "scheduler", "data", "model")
)


@pytest.fixture
def composed(tmp_path: Path) -> Iterator[Compose]:
    """Composes a config from overrides."""
    with initialize_config_dir(str(CONF)):
        yield lambda *overrides: compose("config", [f"outputs={tmp_path}", "epochs=2", *overrides])


def write_idx(folder: Path) -> None:
    """The 5,000 MNIST images as IDX files: 4,000 development, 1,000 test."""
    feed = mnist5k(normalize=False)
    for images, labels, parts in (
        (feed.images, feed.labels, PARTS[:2]),
        (feed.test_images, feed.test_labels, PARTS[2:]),
    ):
        pixels = (images.squeeze(1) * 255).round().to(torch.uint8)
        for values, part in zip((pixels, labels.to(torch.uint8)), parts, strict=True):
            sizes = struct.pack(f">{values.dim()}I", *values.shape)
            (folder / part).write_bytes(bytes([0, 0, 8, values.dim()]) + sizes + values.numpy().tobytes())


def assert_trains(cfg: DictConfig) -> None:
    check(cfg)
    run = build(cfg)
    few = replace(run.feed, images=run.feed.images[:700], labels=run.feed.labels[:700], validation=100)
    [result] = train([replace(run, feed=few)], device="cpu")
    assert [epoch.number for epoch in result.epochs] == [1, 2]
    assert result.epochs[1].train_loss < result.epochs[0].train_loss


@pytest.mark.parametrize(("optimizer", "scheduler"), [*product(OPTIMIZERS, SCHEDULERS)])
def test_every_optimizer_trains_with_every_scheduler(
    optimizer: str, scheduler: str, composed: Compose
) -> None:
    assert_trains(composed(f"optimizer={optimizer}", f"scheduler={scheduler}", "optimizer.lr=0.01"))


@pytest.mark.parametrize("model", MODELS)
def test_every_model_trains(model: str, composed: Compose) -> None:
    assert_trains(composed(f"model={model}"))


@pytest.mark.parametrize("data", DATA)
def test_every_data_feed_trains(data: str, composed: Compose, tmp_path: Path) -> None:
    write_idx(tmp_path)
    has_root = "root" in composed(f"data={data}").data
    files = [f"data.root={tmp_path}", "data.validation=1000"] if has_root else []
    assert_trains(composed(f"data={data}", *files))


def test_an_optimizer_brings_its_scheduler_unless_the_user_names_one(composed: Compose) -> None:
    assert "ReduceLROnPlateau" in composed("optimizer=sgd").scheduler._target_
    assert "CosineAnnealingLR" in composed("optimizer=sgd", "scheduler=cosine").scheduler._target_
    assert "ConstantLR" in composed("optimizer=adam").scheduler._target_
