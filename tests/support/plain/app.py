"""A Hydra application as anybody writes one: it knows nothing of sweeps."""

import json
import math
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn
from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from sweeps import Job, current_trial


@hydra.main(config_path=".", config_name="config", execution_whitelist=["tests.support.plain.*"])
def main(cfg: DictConfig) -> Any:
    """Leave a line in the journal, then do what `act` says."""
    job = HydraConfig.get()
    if job.job.chdir:
        Path("made").touch()
    facts = {
        "process": os.getpid(),
        "lr": cfg.lr,
        "act": cfg.act,
        "name": cfg.name,
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


def together(jobs: Sequence[Job]) -> list[Any]:
    """Run several jobs at once."""
    return [ACTS[job.config.act](job.config) for job in jobs]


class Witness(Callback):
    """Writes what Hydra tells of jobs to the journal."""

    def on_job_start(self, config: DictConfig, **_: Any) -> None:
        """Write a line."""
        self.write(config, config, "start", HydraConfig.get().job.num)

    def on_job_end(self, config: DictConfig, job_return: JobReturn, **_: Any) -> None:
        """Write a line."""
        self.write(config, job_return.cfg, "end", job_return.return_value)

    def write(self, config: DictConfig, task: Any, event: str, value: Any) -> None:
        """Add a line to the journal."""
        facts = {"event": event, "lr": task.lr, "num": config.hydra.job.num, "value": value}
        with Path(config.journal).open("a") as file:
            file.write(json.dumps(facts) + "\n")


def score(cfg: DictConfig) -> float:
    """Return a loss whose best learning rate is 0.3."""
    return float((cfg.lr - 0.3) ** 2)


def die(cfg: DictConfig) -> float:
    """Die as for lack of memory; with a small learning rate, work in a child instead."""
    if cfg.lr > 0.5:
        os.kill(os.getpid(), signal.SIGKILL)
    process = multiprocessing.Process(target=math.sqrt, args=(4,))
    process.start()
    process.join()
    assert process.exitcode == 0
    return score(cfg)


def named(cfg: DictConfig) -> float:
    """Tell the name that the config takes from Hydra."""
    with Path(cfg.journal).open("a") as file:
        file.write(json.dumps({"named": cfg.name, "lr": cfg.lr}) + "\n")
    return score(cfg)


def wait(cfg: DictConfig) -> float:
    """Take a minute with a large learning rate, while <journal>.hold is there."""
    time.sleep(60 if cfg.lr > 0.5 and Path(f"{cfg.journal}.hold").exists() else 0)
    return score(cfg)


def exceed(cfg: DictConfig) -> float:
    """Keep within a limit of the learning rate, or not."""
    current_trial().set_constraint("lr", cfg.lr - 0.2)
    return score(cfg)


def fail(cfg: DictConfig) -> float:
    """Raise."""
    raise RuntimeError(f"asked to fail with lr={cfg.lr}")


ACTS: dict[str, Callable[[DictConfig], Any]] = {
    "score": score,
    "die": die,
    "wait": wait,
    "exceed": exceed,
    "fail": fail,
    "named": named,
    "undefined": lambda _: math.nan,
    "nothing": lambda _: None,
    "text": lambda _: "high",
    "infinite": lambda _: math.inf,
    "pair": lambda _: (1.0, 2.0),
}


if __name__ == "__main__":
    main()
