"""What a run will cost, from short runs like it: for the plan of a sweep."""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import DictConfig

from sweeps.app import run_folder
from sweeps.app.build import build
from sweeps.training.checkpoint import CHECKPOINT
from sweeps.training.train import train

if TYPE_CHECKING:
    from sweeps.data.feed import Feed
    from sweeps.training.run import Result, Run

# Seconds of training that are worth timing; a shorter epoch is timed whole.
BUDGET = 2.0
# Bytes of what Hydra writes for a run, and of its records in the storage.
SMALL_FILES = 20_000
# Bytes that metrics.json takes for a step's loss, and for an epoch.
STEP_BYTES, EPOCH_BYTES = 12, 250


def estimate_run(cfg: DictConfig, count: int) -> tuple[float, int, int]:
    """Return seconds, bytes and bytes of checkpoints that a run takes, where a worker trains `count` at once.

    An epoch is timed on the device that the config names, or its first steps where it takes long.
    """
    run = build(cfg)
    runs = [replace(run, seed=seed) for seed in range(count)]
    epoch_steps = run.feed.training // run.step_rows
    step, _ = _train(cfg, _shorten(runs, 1), epochs=1)
    if step < BUDGET:  # the first steps of a process are slow
        step, _ = _train(cfg, _shorten(runs, 1), epochs=1)
    steps = max(1, min(epoch_steps, int(BUDGET / step)))
    once, _ = _train(cfg, _shorten(runs, steps), epochs=1)
    twice, result = _train(cfg, _shorten(runs, steps), epochs=2)
    epoch = max(twice - once, 0.0)
    seconds = max(once - epoch, 0.0) + run.epochs * epoch * epoch_steps / steps
    return seconds / count, *_measure_files(cfg, run, result)


def _train(cfg: DictConfig, runs: list[Run], epochs: int) -> tuple[float, Result]:
    """Train the runs for so many epochs; return the seconds, and the first one's result."""
    start = time.perf_counter()
    results = train([replace(run, epochs=epochs) for run in runs], cfg.device, cfg.precision)
    return time.perf_counter() - start, results[0]


def _shorten(runs: list[Run], steps: int) -> list[Run]:
    """Return runs whose epoch has so many steps, and validation images in proportion."""
    feed = runs[0].feed
    training = min(steps * runs[0].step_rows, feed.training)
    short_feed = _shorten_feed(feed, training, max(1, feed.validation * training // feed.training))
    return [replace(run, feed=short_feed) for run in runs]


def _shorten_feed(feed: Feed, training: int, validation: int) -> Feed:
    count = training + validation
    images, targets = feed.images[:count], feed.targets[:count]
    return replace(feed, images=images, targets=targets, validation=validation, validation_rows=None)


def _measure_files(cfg: DictConfig, run: Run, result: Result) -> tuple[int, int]:
    """Return the bytes of a run's folder, from a short run's files, and those of checkpoints among them."""
    with tempfile.TemporaryDirectory() as folder:
        run_folder.write_run(Path(folder), run, result, {})
        sizes = {path.name: path.stat().st_size for path in Path(folder).iterdir()}
    steps = run.epochs * (run.feed.training // run.step_rows)
    checkpoints = (2 if cfg.keep_best else 1) * sizes.pop(CHECKPOINT)
    rest = sum(sizes.values()) + SMALL_FILES + run.epochs * EPOCH_BYTES + steps * STEP_BYTES
    return checkpoints + rest, checkpoints
