"""Which library computes the CPU's matrix products: MKL, torch's first choice, or oneDNN."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import torch

# The largest error of a product, relative to its largest value: of fp32 it is some 1e-6, of bf16 some 3e-3.
EXACT = 1e-5


@contextmanager
def fastest() -> Iterator[None]:
    """Let oneDNN compute the products where it is faster and as exact.

    MKL takes slow paths on processors that aren't Intel's: there oneDNN is twice as fast (110 and 250
    GFLOP/s a core of an AMD EPYC Zen 5); on Intel's it is not. Decided by the processor alone, never by a
    clock: a run that goes on another day must have the same bits.
    """
    switch = torch.backends.mkldnn.matmul  # type: ignore[attr-defined]
    before = switch.fp32_precision
    switch.fp32_precision = "bf16" if prefers_onednn() else before
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
    lines = information.read_text().splitlines() if information.exists() else []
    return next(
        (line.split(":")[1].strip() for line in lines if line.startswith("vendor_id")), "GenuineIntel"
    )


@cache
def onednn_is_exact() -> bool:
    """Return whether oneDNN multiplies in fp32.

    The switch that makes torch take it allows bf16, which processors without AMX don't use.
    """
    generator = torch.Generator().manual_seed(0)
    left, right = (torch.randn(64, 64, generator=generator) for _ in range(2))
    exact = left.double() @ right.double()
    switch = torch.backends.mkldnn.matmul  # type: ignore[attr-defined]
    before = switch.fp32_precision
    switch.fp32_precision = "bf16"
    product = left @ right
    switch.fp32_precision = before
    return bool((product - exact).abs().max() < EXACT * exact.abs().max())
