"""The tracker that `logger` names, told of a run's epochs and its end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from sweeps.app.build import build_part
from sweeps.study.dotted_keys import flatten
from sweeps.trial import Job

if TYPE_CHECKING:
    from sweeps.loggers import Logger, RunLog

# Keys of a config that say nothing of a run.
UNTOLD = ("logger", "search_space", "spaces", "hydra", "report", "confirm", "outputs", "extend", "lr_limits")


def build_logger(cfg: DictConfig) -> Logger | None:
    """Build the tracker that a config names. Raises ValueError where its package is missing."""
    if cfg.get("logger") is None:
        return None
    logger: Logger = build_part("logger", cfg.logger)
    if hasattr(logger, "check"):
        logger.check()
    return logger


def start_tracking(job: Job) -> RunLog | None:
    """Begin a job's run in the tracker; None where there is none."""
    logger = build_logger(job.config)
    if logger is None:
        return None
    from sweeps.loggers import Identity

    folder, outputs = job.folder.absolute(), Path(job.config.outputs).absolute()
    name = folder.relative_to(outputs) if folder.is_relative_to(outputs) else Path(folder.name)
    study = getattr(job.trial, "study", None) or "runs"
    return logger.start(Identity(study, str(name), folder, _settings(job.config)))


@contextmanager
def end_tracking(trackers: Sequence[RunLog | None]) -> Iterator[dict[int, tuple[str, Mapping[str, float]]]]:
    """Yield a mapping that takes status and scores of runs by index; end all when the block does."""
    ends: dict[int, tuple[str, Mapping[str, float]]] = {}
    try:
        yield ends
    finally:
        for index, tracker in enumerate(trackers):
            if tracker is not None:
                tracker.end(*ends.get(index, ("failed", {})))


def _settings(cfg: DictConfig) -> dict[str, Any]:
    """Return what decides a run, by dotted key; a list is one value."""
    values: Any = OmegaConf.to_container(cfg, resolve=False)
    return flatten({key: value for key, value in values.items() if key not in UNTOLD}, into_lists=False)
