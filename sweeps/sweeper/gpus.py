"""The GPUs of a host, shared out among its workers."""

import os
from pathlib import Path
from typing import Any


def select_gpus(devices: Any, worker: int, workers: int) -> None:
    """Let this process see its share of the host's GPUs, before anything in it loads CUDA.

    workers: how many there are at once. Each has as many, one where there are no more than workers.
    """
    gpus = list_gpus() if devices == "auto" else _names(devices)
    if gpus:
        first, end = (len(gpus) * (worker % workers + part) // workers for part in (0, 1))
        share = gpus[first:end] if workers <= len(gpus) else [gpus[worker % len(gpus)]]
        os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(share)


def resolve_gpus(devices: Any, launcher: str) -> Any:
    """Return which GPUs workers share: those that the driver sees, if they work on its host.

    A worker's process may see fewer, as it was another's before; Slurm gives each its own.
    """
    if devices != "auto" or "ray" in launcher.lower():
        return devices
    return None if launcher.endswith(".SlurmLauncher") else list_gpus()


def list_gpus() -> list[str]:
    """Return the GPUs that processes of this host may use, as CUDA_VISIBLE_DEVICES names them."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [name for name in visible.split(",") if name]
    # Asking CUDA would load it, and would fix what this process sees.
    driver = Path("/proc/driver/nvidia/gpus")
    return [str(number) for number in range(len(list(driver.iterdir())))] if driver.exists() else []


def check_gpus(devices: Any, launcher: str) -> None:
    """Raise ValueError for GPUs that this host lacks, where the launcher's jobs run on it.

    devices: hydra.sweeper.cuda_devices; launcher: its dotted path.
    """
    if devices in ("auto", None) or "submitit" in launcher or "ray" in launcher:
        return
    gpus = list_gpus()
    absent_names = [
        name for name in _names(devices) if name not in gpus and not name.startswith(("GPU-", "MIG-"))
    ]
    if absent_names:
        raise ValueError(
            f"hydra.sweeper.cuda_devices={devices} names {', '.join(absent_names)}, but this host has "
            f"{', '.join(gpus) or 'no GPUs'}; write auto, null, or a list of those"
        )


def _names(devices: Any) -> list[str]:
    return str(devices).split(",") if isinstance(devices, str | int) else [str(gpu) for gpu in devices or ()]
