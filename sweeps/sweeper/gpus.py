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
