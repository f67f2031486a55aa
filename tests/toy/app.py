"""A Hydra application without torch, for tests of the sweeper."""

import os
import time
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig
from sweeps import current_trial


@hydra.main(config_path="conf", config_name="config")
def main(cfg: DictConfig) -> float:
    """Take a while, leave a trace, return a value."""
    job = ",".join(sorted(HydraConfig.get().overrides.task))
    trace(cfg.journal, f"start {os.getpid()} {job}")
    current_trial().report(float(cfg.shape.x), 1)
    time.sleep(cfg.pause)
    fail = Path(f"{cfg.journal}.fail")
    if fail.exists() and fail.read_text() == f"{cfg.shape.x}:{cfg.seed}":
        raise RuntimeError("asked to fail")
    trace(cfg.journal, f"end {os.getpid()} {job}")
    return float((cfg.shape.x - 1) ** 2 + cfg.shape.get("y", 0) + cfg.seed / 10)


def trace(path: str, line: str) -> None:
    """Add a line at once, so that a kill loses none."""
    with Path(path).open("a") as file:
        file.write(line + "\n")


if __name__ == "__main__":
    main()
