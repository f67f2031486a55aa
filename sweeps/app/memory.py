"""A limit for what a model's weights may take of memory, while it is built."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn
from torch.nn.modules.module import register_module_parameter_registration_hook
from torch.nn.parameter import UninitializedParameter

# Copies of each weight while it trains: itself, its gradient and two moments.
COPIES = 4


@contextmanager
def limit_weights() -> Iterator[None]:
    """Raise ValueError once a model's weights can't fit into memory, before they are written."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    sizes: dict[int, int] = {}

    def count(module: nn.Module, name: str, parameter: nn.Parameter) -> None:  # noqa: ARG001 -- torch's signature
        if isinstance(parameter, UninitializedParameter):
            return
        sizes[id(parameter)] = COPIES * parameter.nbytes  # a shared one counts once
        if (size := sum(sizes.values())) > memory:
            raise ValueError(
                f"model: its weights take {size / 1e9:,.0f} GB or more while they train, and this machine "
                f"has {memory / 1e9:,.0f} GB; make the model smaller"
            )

    handle = register_module_parameter_registration_hook(count)
    try:
        yield
    except RuntimeError as error:
        if "can't allocate memory" not in str(error):
            raise
        size = str(error).partition("you tried to allocate ")[2].partition(".")[0]
        raise ValueError(
            f"model: a tensor of {size or 'its'} can't be allocated, as this machine has "
            f"{memory / 1e9:,.0f} GB of memory; make the model smaller"
        ) from error
    finally:
        handle.remove()
