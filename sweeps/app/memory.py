"""What a model's weights take of memory, before they take it."""

import os
from collections.abc import Callable

import torch
from torch import nn

# Copies of each weight while it trains: itself, its gradient and two moments.
COPIES = 4


def check_memory(build: Callable[..., nn.Module], shape: torch.Size, outputs: int) -> None:
    """Raise ValueError for a model whose weights can't fit into the machine's memory while they train.

    A model that can't be built without memory is built for real by whoever calls.
    """
    try:
        with torch.random.fork_rng(devices=[]), torch.device("meta"):
            model = build(shape, outputs)
            needed = COPIES * sum(value.nbytes for value in model.parameters())
    except Exception:  # it reads its own values, say, which are not there
        return
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if needed > memory:
        raise ValueError(
            f"model: its weights take {needed / 1e9:,.0f} GB while they train, and this machine has "
            f"{memory / 1e9:,.0f} GB; make the model smaller"
        )
