"""Memory for what every step computes anew."""

import torch
from torch import Tensor


class Buffer:
    """Memory that stays from step to step: in a wide stack, fresh pages cost more than the arithmetic."""

    def __init__(self) -> None:
        self._memory: Tensor | None = None
        self._views: dict[torch.Size, Tensor] = {}

    def take(self, like: Tensor, shape: torch.Size | None = None) -> Tensor:
        """Return a tensor to write to, shaped as `like` or as `shape`; it lasts until the next is taken."""
        shape = like.shape if shape is None else shape
        if torch.compiler.is_compiling():  # the compiler has memory of its own
            return like.new_empty(shape)
        if shape not in self._views:
            size = shape.numel()
            if self._memory is None or self._memory.numel() < size:
                self._memory, self._views = like.new_empty(size), {}
            self._views[shape] = self._memory[:size].view(shape)
        return self._views[shape]
