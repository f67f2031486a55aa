"""What launchers of Hydra need: which can start a sweep's workers, and how many."""

import os
import shutil

from omegaconf import DictConfig, OmegaConf


def is_joblib(config: DictConfig) -> bool:
    """Return whether workers start through joblib, which ends all where one dies."""
    return _target(config).endswith(".JoblibLauncher")


def count_jobs(config: DictConfig, n_jobs: int | None) -> int | None:
    """Return how many workers run at once: n_jobs, or what the launcher's own key says; None for one a core.

    Of joblib's key, -1 means all cores, -2 all but one. The basic launcher runs one after the other.
    """
    if _target(config).endswith(".BasicLauncher"):
        return 1
    count = OmegaConf.select(config, "hydra.launcher.n_jobs")
    if n_jobs or not isinstance(count, int) or count in (0, -1):
        return n_jobs
    return count if count > 0 else max(1, (os.cpu_count() or 1) + 1 + count)


def check_launcher(config: DictConfig) -> None:
    """Raise ValueError for a launcher that can't start workers here, with what to write instead."""
    if is_joblib(config):
        _check_joblib(config)
    if _target(config).endswith(".SlurmLauncher") and shutil.which("srun") is None:
        raise ValueError(
            "hydra/launcher=submitit_slurm needs Slurm, and there is no srun here; "
            "write hydra/launcher=submitit_local, or forkserver"
        )


def _check_joblib(config: DictConfig) -> None:
    reasons = {"multiprocessing": "waits forever for a process that was killed"}
    launcher = config.hydra.launcher
    backend = launcher.get("backend") or "loky"
    if backend != "loky":
        reason = reasons.get(backend, "starts no processes, and each worker needs one")
        raise ValueError(f"hydra.launcher.backend={backend} {reason}; write hydra.launcher.backend=loky")
    if launcher.get("require"):
        raise ValueError(
            f"hydra.launcher.require={launcher.require} asks for threads, and each worker needs a process; "
            "write hydra.launcher.require=null"
        )


def _target(config: DictConfig) -> str:
    return str(OmegaConf.select(config, "hydra.launcher._target_"))
