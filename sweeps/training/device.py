"""Where training computes, and in which precision."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from sweeps.training import products

PRECISIONS = ("fp32", "tf32", "bf16")


def resolve(device: str) -> torch.device:
    """The torch device for `auto | cpu | cuda | cuda:N`.

    auto: CUDA where there is one, else the CPU. Raises ValueError for what is unknown or absent.
    """
    name, _, index = device.partition(":")
    if name not in ("auto", "cpu", "cuda") or (index and (name != "cuda" or not index.isdigit())):
        raise ValueError(f"device={device} is not known; write auto, cpu, cuda or cuda:N")
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "cpu" or (name == "auto" and not count):
        return torch.device("cpu")
    number = int(index or 0)
    if number >= count:
        raise ValueError(f"device={device} is absent: torch finds {count} CUDA devices; write device=cpu")
    return torch.device("cuda", number)


def workers(device: str) -> int:
    """How many training processes this machine carries: one a GPU, or one a core on the CPU."""
    if resolve(device).type == "cpu":
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return 1 if ":" in device else torch.cuda.device_count()


@contextmanager
def computing(device: torch.device, precision: str) -> Iterator[None]:
    """Compute deterministically and in `precision`: fp32, tf32 (fp32 on the CPU) or bf16 (autocast)."""
    if precision not in PRECISIONS:
        raise ValueError(f"precision={precision} is not known; write one of {', '.join(PRECISIONS)}")
    matmul = torch.backends.cuda.matmul
    convolution = torch.backends.cudnn.conv  # type: ignore[attr-defined]
    before = matmul.fp32_precision, convolution.fp32_precision
    matmul.fp32_precision = convolution.fp32_precision = "tf32" if precision == "tf32" else "ieee"
    try:
        with (
            _deterministic() if device.type == "cuda" else products.fastest(),
            # Its cache would keep the first step's weights: it is emptied where the block ends.
            torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16", cache_enabled=False),
        ):
            yield
    finally:
        matmul.fp32_precision, convolution.fp32_precision = before


@contextmanager
def _deterministic() -> Iterator[None]:
    """Choose CUDA kernels whose results don't vary. The CPU's don't; the switch takes seconds to import."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read by cuBLAS when it starts
    before = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    memory: Any = torch.utils.deterministic  # its switch is a property that type checkers don't see
    filled = memory.fill_uninitialized_memory
    torch.use_deterministic_algorithms(True)
    memory.fill_uninitialized_memory = False  # nothing here reads what it has not written
    try:
        yield
    finally:
        memory.fill_uninitialized_memory = filled
        torch.use_deterministic_algorithms(before, warn_only=warn_only)
