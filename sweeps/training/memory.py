"""Memory that runs out: how torch says so, and how what nobody holds any more is given back."""

import gc

import torch

# What torch's CPU allocator and CUDA's libraries write, in errors that have no class of their own.
WORDS = ("DefaultCPUAllocator", "out of memory", "ALLOC_FAILED")


def ran_out(error: BaseException) -> bool:
    """Return whether an error says that there is not enough memory."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(word in str(error) for word in WORDS)


def release(device: torch.device) -> None:
    """Give back the memory of tensors that nobody holds any more."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
