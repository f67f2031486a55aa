"""Dropout's random numbers: each member's from its own generator, many steps in one draw."""

from collections.abc import Iterator, Sequence
from math import prod

import torch
from torch import Tensor

# Steps whose numbers are drawn at once: it makes the draw's overhead small, and takes little memory.
STEPS = 16
# Values of the 16 bits that decide whether a unit is kept: four to each number that a generator draws.
LEVELS = 2**16


class Masks:
    """The masks of one epoch.

    shapes: what each dropout layer masks, (features, batch) say. Iterating gives the random bits of a step:
    for each layer an int16 tensor (stack, *shape), of which `factors` makes the mask.
    """

    def __init__(
        self,
        generators: Sequence[torch.Generator],
        shapes: Sequence[Sequence[int]],
        device: torch.device,
    ) -> None:
        self.generators = generators
        self.device = device
        self.shapes = shapes
        self.sizes = [prod(shape) for shape in shapes]

    def __iter__(self) -> Iterator[list[Tensor]]:
        if not self.sizes:
            while True:
                yield []
        while True:
            for bits in self._draw().unbind(1):
                parts = bits.split_with_sizes(self.sizes, 1)
                yield [part.view(-1, *shape) for part, shape in zip(parts, self.shapes, strict=True)]

    def _draw(self) -> Tensor:
        """Bits of many steps: (stack, steps, bits a step)."""
        count = STEPS * sum(self.sizes)
        words = torch.empty(len(self.generators), -(-count // 4), dtype=torch.int64, device=self.device)
        for row, generator in zip(words, self.generators, strict=True):
            row.random_(-(2**63), None, generator=generator)
        return words.view(torch.int16)[:, :count].view(len(words), STEPS, -1)


def factors(bits: Tensor, dropped: float, dtype: torch.dtype) -> Tensor:
    """What dropout multiplies each value by: 0 for a share `dropped` of them, else 1 / (1 - dropped).

    The share is rounded to one of 65,536 levels.
    """
    level = round(dropped * LEVELS)
    kept = (bits >= level - LEVELS // 2).to(dtype)
    return kept.mul_(LEVELS / max(LEVELS - level, 1))
