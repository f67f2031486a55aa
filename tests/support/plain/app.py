"""A Hydra application as anybody writes one: it knows nothing of sweeps."""

import json
import math
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig


@hydra.main(config_path=".", config_name="config")
def main(cfg: DictConfig) -> Any:
    """Leave a line in the journal, then do what `act` says."""
    job = HydraConfig.get()
    facts = {
        "process": os.getpid(),
        "lr": cfg.lr,
        "act": cfg.act,
        "overrides": list(job.overrides.task),
        "num": job.job.num,
        "id": job.job.id,
        "folder": job.runtime.output_dir,
        "cwd": str(Path.cwd()),
        "original_cwd": hydra.utils.get_original_cwd(),
    }
    with Path(cfg.journal).open("a") as file:
        file.write(json.dumps(facts) + "\n")
    return ACTS[cfg.act](cfg)


def score(cfg: DictConfig) -> float:
    """Return a loss whose best learning rate is 0.3."""
    return float((cfg.lr - 0.3) ** 2)


def die(cfg: DictConfig) -> float:
    """Die as a process does that needs too much memory, unless the learning rate is small."""
    if cfg.lr > 0.5:
        os.kill(os.getpid(), signal.SIGKILL)
    return score(cfg)


def fail(cfg: DictConfig) -> float:
    """Raise."""
    raise RuntimeError(f"asked to fail with lr={cfg.lr}")


ACTS: dict[str, Callable[[DictConfig], Any]] = {
    "score": score,
    "die": die,
    "fail": fail,
    "undefined": lambda _: math.nan,
    "nothing": lambda _: None,
    "text": lambda _: "high",
    "infinite": lambda _: math.inf,
    "pair": lambda _: (1.0, 2.0),
}


if __name__ == "__main__":
    main()
