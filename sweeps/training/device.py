"""The device that training computes on, its precision, and the CPU's library of matrix products."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import torch

PRECISIONS = ("fp32", "tf32", "bf16")
# The largest error of an exact product, relative to its largest value: fp32 makes some 1e-6, bf16 3e-3.
EXACT_PRODUCT = 1e-5


def resolve(device: str) -> torch.device:
    """Return the torch device for `auto | cpu | cuda | cuda:N`.

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


@contextmanager
def numerics(device: torch.device, precision: str) -> Iterator[None]:
    """Compute deterministically and in `precision`: fp32, tf32 (fp32 on the CPU) or bf16 (autocast)."""
    if precision not in PRECISIONS:
        raise ValueError(f"precision={precision} is not known; write one of {', '.join(PRECISIONS)}")
    matmul = torch.backends.cuda.matmul
    convolution = torch.backends.cudnn.conv  # type: ignore[attr-defined]
    before = matmul.fp32_precision, convolution.fp32_precision
    matmul.fp32_precision = convolution.fp32_precision = "tf32" if precision == "tf32" else "ieee"
    try:
        with (
            _deterministic() if device.type == "cuda" else matmul_backend(),
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


@contextmanager
def matmul_backend() -> Iterator[None]:
    """Let oneDNN compute the CPU's matrix products where it is faster than MKL and as exact.

    MKL takes slow paths on processors that aren't Intel's: there oneDNN is twice as fast (110 and 250
    GFLOP/s a core of an AMD EPYC Zen 5); on Intel's it is not. Decided by the processor alone, never by a
    clock: a run that continues on another day must have the same bits.
    """
    switch = torch.backends.mkldnn.matmul  # type: ignore[attr-defined]
    before = switch.fp32_precision
    if prefers_onednn():
        switch.fp32_precision = "bf16"
    try:
        yield
    finally:
        switch.fp32_precision = before


def prefers_onednn() -> bool:
    """Return whether oneDNN is both faster than MKL on this processor and as exact."""
    return processor_maker() != "GenuineIntel" and onednn_is_exact()


@cache
def processor_maker() -> str:
    """Return the name that the processor gives its maker; Intel's where the system doesn't say."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("vendor_id"):
                return line.split(":")[1].strip()
    return "GenuineIntel"


@cache
def onednn_is_exact() -> bool:
    """Return whether oneDNN multiplies in fp32.

    The switch that makes torch take it allows bf16, which processors without AMX don't use.
    """
    generator = torch.Generator().manual_seed(0)
    matrix, factor = torch.randn(2, 64, 64, generator=generator)
    exact = matrix.double() @ factor.double()
    switch = torch.backends.mkldnn.matmul  # type: ignore[attr-defined]
    before = switch.fp32_precision
    switch.fp32_precision = "bf16"
    product = matrix @ factor
    switch.fp32_precision = before
    return bool((product - exact).abs().max() < EXACT_PRODUCT * exact.abs().max())
