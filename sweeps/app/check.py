"""Checks that refuse a config that can't train, before anything is trained."""

from __future__ import annotations

import math
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import InterpolationValidationError

from sweeps.app.build import build
from sweeps.app.check_arguments import check_values, write_value
from sweeps.app.check_objective import DIRECTIONS, check_objective
from sweeps.app.check_options import check_options
from sweeps.app.tracking import build_logger
from sweeps.app.unknown_keys import check_keys
from sweeps.sweeper.study_name import check_study_name

if TYPE_CHECKING:
    from sweeps.data.feed import Feed


def check(cfg: DictConfig) -> None:
    """Raise ValueError, with key, value and fix, for a config that can't train; nothing is trained."""
    from sweeps.app import run_folder
    from sweeps.app.check_parts import check_parts
    from sweeps.training import device

    check_keys(cfg)
    check_values(cfg)
    _check_whole_number(cfg, "epochs", at_least=1)
    _check_whole_number(cfg, "batch_size", at_least=1)
    _check_whole_number(cfg, "seed", at_least=0)
    _check_positive(cfg, "optimizer.lr")
    _check_warmup(cfg)
    _check_seconds(cfg, "checkpoint_every")
    check_options(cfg)
    if not cfg.get("metric"):
        raise ValueError("metric=[] measures nothing; write metric=accuracy, say")
    _check_writable(cfg.outputs)
    if not isinstance(cfg.device, str):
        raise ValueError(f"device={write_value(cfg.device)} is not known; write auto, cpu, cuda or cuda:N")
    for key in ("compile", "keep_best", "read_test"):
        if not isinstance(cfg[key], bool):
            raise ValueError(f"{key}={write_value(cfg[key])} must be true or false; write {key}=true")
    with device.numerics(device.resolve(cfg.device), cfg.precision):
        run = build(cfg)
        if run.step_rows > run.feed.training >= run.batch_size:
            raise ValueError(
                f"accumulate={run.accumulate} makes a step of {run.step_rows} images, more than the "
                f"training split has ({run.feed.training}); "
                f"write accumulate={run.feed.training // run.batch_size} or less"
            )
        if run.batch_size > run.feed.training:
            raise ValueError(
                f"batch_size={run.batch_size} is larger than the training split of "
                f"{run.feed.training} images; write batch_size={run.feed.training} or less"
            )
        check_objective(cfg, run)
        check_parts(cfg, run)
        build_logger(cfg)
        _show_feed(run.feed)
        if cfg.resume is not None:
            run_folder.load_resumed_state(cfg.resume, run, cfg.device)


@cache
def _show_feed(feed: Feed) -> None:
    """Print the sizes of a feed's splits and classes, once for all settings that train on it."""
    from sweeps.data.checks import describe_feed

    print(describe_feed(feed), flush=True)


def _check_whole_number(cfg: DictConfig, key: str, at_least: int) -> None:
    value = OmegaConf.select(cfg, key)
    if not isinstance(value, int) or isinstance(value, bool) or value < at_least:
        raise ValueError(f"{key}={write_value(value)} must be a whole number of at least {at_least}")


def _check_positive(cfg: DictConfig, key: str) -> None:
    value = OmegaConf.select(cfg, key)
    if value is not None and not (isinstance(value, int | float) and 0 < value < math.inf):
        raise ValueError(f"{key}={value} must be a number greater than 0; write {key}=0.01, say")


def _check_warmup(cfg: DictConfig) -> None:
    epochs, factor = cfg.warmup.epochs, cfg.warmup.start_factor
    if isinstance(epochs, bool) or not (isinstance(epochs, int | float) and 0 <= epochs < cfg.epochs):
        raise ValueError(
            f"warmup.epochs={epochs} must be a number of at least 0 and less than epochs={cfg.epochs}"
        )
    if not (isinstance(factor, int | float) and 0 < factor <= 1):
        raise ValueError(
            f"warmup.start_factor={factor} must be greater than 0 and at most 1; write 0.01, say"
        )


def _check_seconds(cfg: DictConfig, key: str) -> None:
    value = OmegaConf.select(cfg, key)
    if isinstance(value, bool) or not (isinstance(value, int | float) and value >= 0):
        raise ValueError(f"{key}={write_value(value)} must be a number of seconds; 0 is after every epoch")


def _check_writable(value: Any, key: str = "outputs") -> None:
    """Raise ValueError for a folder in which no file can be written, existing or not."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{key}='{'' if value is None else value}' names no folder; write {key}=<folder>")
    if value.startswith("~"):
        raise ValueError(f"{key}={value} begins with ~; write {key}={Path(value).expanduser()}")
    folder = Path(value).absolute()
    try:
        while not folder.exists():
            folder = folder.parent
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        reason = error.strerror
        raise ValueError(
            f"{key}={value} can't be written ({reason}); write {key}=<another folder>"
        ) from error


class WritableOutputs(Callback):
    """Says that a folder can't be written before Hydra trips over it. Set in conf/config.yaml."""

    def on_run_start(self, config: DictConfig, **kwargs: Any) -> None:  # noqa: ARG002 -- Hydra's signature
        """Leave with the message, which Hydra would turn into a warning were it an Exception."""
        _leave_unless_writable(config, "hydra.run.dir")

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:  # noqa: ARG002 -- Hydra's signature
        """Leave with the message, also where the sweep would go against its metric."""
        _leave_unless_writable(config, "hydra.sweep.dir")
        _leave_unless_readable(config)
        metric = next(iter(config.metric or ()), None)
        direction = config.hydra.sweeper.get("direction")
        metric_direction = metric and config.metric[metric].direction
        if (
            metric
            and isinstance(direction, str)
            and direction in DIRECTIONS
            and direction != metric_direction
        ):
            raise SystemExit(
                f"hydra.sweeper.direction={direction} would pick the worst {metric}; leave it out, "
                f"or write metric.{metric}.direction={direction}"
            )


def _leave_unless_writable(config: DictConfig, key: str) -> None:
    try:
        _check_writable(config.outputs)
        if isinstance(name := OmegaConf.select(config, "hydra.sweeper.study_name"), str):
            check_study_name(name)
        _check_writable(OmegaConf.select(config, key), key)
    except ValueError as error:
        raise SystemExit(str(error)) from None


def _leave_unless_readable(config: DictConfig) -> None:
    """Leave with a message for a key such as `extend` that the sweeper can't take as it is."""
    values: Any = OmegaConf.to_container(config.hydra.sweeper, resolve=False)
    for key, value in values.items():
        try:
            config.hydra.sweeper.get(key)
        except InterpolationValidationError as error:
            name = str(value).strip("${}")
            reason = str(error).splitlines()[0].rpartition(": ")[2]
            raise SystemExit(f"{name}={OmegaConf.select(config, name)} can't be used: {reason}") from None


class TorchInstalled(Callback):
    """Says what to install where torch is missing, before an option asks for it. Set in conf/config.yaml."""

    def on_run_start(self, config: DictConfig, **kwargs: Any) -> None:  # noqa: ARG002 -- Hydra's signature
        """Leave with the message, which Hydra would turn into a warning were it an Exception."""
        if find_spec("torch") is None:
            raise SystemExit("Training needs torch: pip install 'optimizer-sweeps[train]'")

    on_multirun_start = on_run_start
