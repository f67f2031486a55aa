"""The GPUs of a host, shared out among its workers."""

import os
from pathlib import Path
from typing import Any


def select_gpu(devices: Any, worker: int) -> None:
    """Let this process see its share of the host's GPUs, one, before anything in it loads CUDA."""
    if devices == "auto":
        gpus = list_gpus()
    elif isinstance(devices, str | int):
        gpus = str(devices).split(",")
    else:
        gpus = [str(gpu) for gpu in devices or ()]
    if gpus:
        os.environ["CUDA_VISIBLE_DEVICES"] = gpus[worker % len(gpus)]


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
    names = str(devices).split(",") if isinstance(devices, str | int) else [str(name) for name in devices]
    missing = [name for name in names if name not in gpus and not name.startswith(("GPU-", "MIG-"))]
    if missing:
        raise ValueError(
            f"hydra.sweeper.cuda_devices={devices} names {', '.join(missing)}, but this host has "
            f"{', '.join(gpus) or 'no GPUs'}; write auto, null, or a list of those"
        )
