"""How a stack is laid out: members that draw the same random numbers lie side by side and share them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby

import torch
from torch import Tensor


@dataclass(frozen=True)
class Block:
    """Groups of one size that lie side by side."""

    # Their rows among all groups, and their members' rows in the stack.
    groups: slice
    members: slice
    # Members of each group.
    size: int

    def split(self, values: Tensor) -> Tensor:
        """Return the block's part of (stack, *shape) as (groups, size, *shape)."""
        return values[self.members].view(-1, self.size, *values.shape[1:])

    def merge(self, values: Tensor) -> Tensor:
        """Return the block's part of (stack, outputs, *shape) as (groups, size * outputs, *shape)."""
        return values[self.members].view(-1, self.size * values.shape[1], *values.shape[2:])


class Layout:
    """The groups of a stack, each of which shares its images and its dropout masks."""

    def __init__(self, sizes: Sequence[int]) -> None:
        # Members of each group. Equal sizes side by side make one block, and one product of its matrices.
        self.sizes = list(sizes)
        self.stack = sum(sizes)
        ends = [0, *accumulate(sizes)]
        self.blocks: list[Block] = []
        for size, group in groupby(range(len(sizes)), key=lambda index: sizes[index]):
            first, *_ = indices = list(group)
            last = indices[-1] + 1
            self.blocks.append(Block(slice(first, last), slice(ends[first], ends[last]), size))
        self._rows: Tensor | None = None

    @staticmethod
    def apart(stack: int) -> "Layout":
        """Return the layout of members that share nothing."""
        return Layout([1] * stack)

    def spread(self, values: Tensor) -> Tensor:
        """Give each member its group's values: (groups, *shape) -> (stack, *shape)."""
        if len(self.sizes) == self.stack:
            return values
        if self._rows is None:
            rows = [group for group, size in enumerate(self.sizes) for _ in range(size)]
            self._rows = torch.tensor(rows, device=values.device)
        return values.index_select(0, self._rows)
