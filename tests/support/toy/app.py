"""A Hydra application without torch, for tests of the sweeper."""

import json
import math
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import hydra
import optuna
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from sweeps import Job, current_trial

# "lr,momentum" -> validation accuracies of SGD by seed, and whether they diverged.
SGD = json.loads((Path(__file__).parent / "worked_sgd.json").read_text())


@hydra.main(
    config_path=str(Path(__file__).parent / "conf"), config_name="config", execution_whitelist="app.*"
)
def main(cfg: DictConfig) -> Any:
    """Take a while, leave a trace, return a value."""
    job = ",".join(sorted(HydraConfig.get().overrides.task))
    trace(cfg.journal, f"start {os.getpid()} {job}")
    time.sleep(cfg.pause * (10 if cfg.uneven and cfg.shape.x in (0, 2) else 1))
    wait_while_held(cfg.journal, job)
    fail = Path(f"{cfg.journal}.fail")
    if fail.exists() and fail.read_text() == f"{cfg.shape.x}:{cfg.seed}":
        raise RuntimeError("asked to fail")
    trace(cfg.journal, f"end {os.getpid()} {job}")
    height = height_of(cfg)
    for step in range(1, cfg.steps + 1):  # falls towards the height, and can be seen to
        current_trial().report(height + cfg.steps - step, step)
        if current_trial().should_prune():
            raise optuna.TrialPruned
    if cfg.read_test:
        current_trial().set_user_attr("test", 100 + height)
    trace(cfg.journal, f"saw {os.environ.get('CUDA_VISIBLE_DEVICES')}")
    kinds = {"height": height, "both": (height, -height)}
    return kinds[cfg.returns]


def wait_while_held(journal: str, job: str) -> None:
    """Wait, and leave a trace of it, while as many jobs have ended as <journal>.hold lets."""
    if is_held(journal):
        trace(journal, f"held {os.getpid()} {job}")
        deadline = time.monotonic() + 120
        while is_held(journal):
            if time.monotonic() > deadline:  # the test that would let it go has failed
                raise TimeoutError(f"{journal}.hold is still there")
            time.sleep(0.01)


def is_held(journal: str) -> bool:
    """Return whether as many jobs have ended as <journal>.hold lets; without that file any number may."""
    try:
        limit = int(Path(f"{journal}.hold").read_text())
    except FileNotFoundError:
        return False
    lines = Path(journal).read_text().splitlines()
    return sum(line.startswith("end ") for line in lines) >= limit


def together(jobs: Sequence[Job]) -> list[Any]:
    """The jobs at once: every one takes its step before any is judged."""
    trace(jobs[0].config.journal, f"together {len(jobs)}")
    if any(job.config.seed == jobs[0].config.poison for job in jobs):
        raise RuntimeError("one of them spoils it for all")
    pruned: set[int] = set()
    for step in range(1, jobs[0].config.steps + 1):
        left = [(place, job) for place, job in enumerate(jobs) if place not in pruned]
        for _, job in left:
            job.trial.report(height_of(job.config) + job.config.steps - step, step)
        pruned |= {place for place, job in left if job.trial.should_prune()}
    return [
        optuna.TrialPruned() if place in pruned else returned(job.config) for place, job in enumerate(jobs)
    ]


def returned(cfg: DictConfig) -> Any:
    """What a job gives, or the exception that it ends with."""
    fail = Path(f"{cfg.journal}.fail")
    if fail.exists() and fail.read_text() == f"{cfg.shape.x}:{cfg.seed}":
        return RuntimeError("asked to fail")
    return height_of(cfg)


def height_of(cfg: DictConfig) -> float:
    """The objective; from seed 1000 on there may be a trap where the learning rate isn't the config's."""
    if cfg.shape.name == "sgd":
        scores, diverged = SGD[f"{float(cfg.shape.lr)},{cfg.shape.momentum}"]
        current_trial().set_user_attr("diverged", diverged[cfg.seed])
        return float(scores[cfg.seed])
    height = (cfg.shape.x - 1) ** 2 + cfg.shape.get("y", 0) + cfg.seed / 10
    if cfg.shape.name == "valley":
        height += abs(math.log10(cfg.shape.lr / cfg.shape.best_lr))
        if cfg.seed >= 1000 and cfg.shape.lr != 0.1:
            height += cfg.shape.trap * (1 + cfg.seed % 3 / 10)
        height += cfg.shape.rough * math.sin(1e4 * cfg.shape.lr * (cfg.seed + 1))
    return float(height)


def check(cfg: DictConfig) -> None:
    """A check that lets no learning rate above 0.5 pass."""
    if cfg.shape.lr > 0.5:
        raise ValueError(f"shape.lr={cfg.shape.lr} is too large")


def forecast(cfg: DictConfig) -> tuple[float, int]:
    """What `estimate` says of one job."""
    return estimate(cfg, 1)


def short_forecast(cfg: DictConfig) -> tuple[float, int]:
    """A forecast of a tenth of a second."""
    return estimate(cfg, 1)[0] / 600, 1_000_000


def broken_forecast(cfg: DictConfig) -> tuple[float, int]:
    """A forecast that fails."""
    raise RuntimeError(f"no forecast for {cfg.shape.name}")


def estimate_checkpoints(cfg: DictConfig, count: int) -> tuple[float, int, int]:
    """As `estimate`, nine tenths of the bytes in checkpoints."""
    seconds, size = estimate(cfg, count)
    return seconds, size, size * 9 // 10


def estimate(cfg: DictConfig, count: int) -> tuple[float, int]:  # noqa: ARG001 -- the signature asked for
    """Seconds and bytes of a job: a minute, of which `count` share half; a megabyte."""
    return 30 + 30 / count, 1_000_000


def further(config: DictConfig, trial: optuna.Trial) -> None:  # noqa: ARG001 -- the signature asked for
    """A custom_search_space: the seed, where x is positive."""
    if trial.params["shape.x"] > 0:
        trial.suggest_int("seed", 5, 6)


def trace(path: str, line: str) -> None:
    """Add a line at once, so that a kill loses none."""
    with Path(path).open("a") as file:
        file.write(line + "\n")


if __name__ == "__main__":
    main()
