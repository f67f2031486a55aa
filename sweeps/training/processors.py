"""The processors that this machine trains on: torch, which takes seconds to import, counts GPUs alone."""

import ctypes
import os
from pathlib import Path


def workers(device: str) -> int:
    """Return how many training processes this machine carries: one a GPU, or one a core on the CPU.

    Raises ValueError for a device that is unknown or absent, where there is a GPU that it could be.
    """
    if device == "cpu" or not has_gpu_driver():
        return count_cores()
    import torch

    from sweeps.training.device import resolve

    if resolve(device).type == "cpu":
        return count_cores()
    return 1 if ":" in device else torch.cuda.device_count()


def count_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def has_gpu_driver() -> bool:
    """Return whether the system has what torch reaches a GPU by: NVIDIA's library, or AMD's device."""
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return Path("/dev/kfd").exists()
    return True
