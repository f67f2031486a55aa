"""Dropout's random numbers: each group's from a generator of its own, many steps in one draw."""

from collections.abc import Iterator, Sequence
from math import prod

import torch
from torch import Tensor

# Steps whose numbers are drawn at once: it makes the draw's overhead small, and takes little memory.
STEPS_PER_DRAW = 16
# Values of the 16 bits that decide whether a unit is dropped: four to each number that a generator draws.
LEVELS = 2**16


class Masks:
    """The masks of one epoch.

    Iterating gives the random bits of a step: for each dropout layer an int16 tensor (groups, *shape), which
    `dropout_factors` makes the mask of.
    """

    def __init__(
        self,
        generators: Sequence[torch.Generator],
        shapes: Sequence[Sequence[int]],
        device: torch.device,
    ) -> None:
        # One generator a group of members that share their masks.
        self.generators = generators
        self.device = device
        # The shape of each dropout layer's mask in one member, such as (features, batch).
        self.shapes = shapes
        self.sizes = [prod(shape) for shape in shapes]

    def __iter__(self) -> Iterator[list[Tensor]]:
        if not self.sizes:
            while True:
                yield []
        while True:
            for bits in self._draw().unbind(1):  # (groups, bits a step)
                parts = bits.split_with_sizes(self.sizes, 1)
                yield [part.view(-1, *shape) for part, shape in zip(parts, self.shapes, strict=True)]

    def _draw(self) -> Tensor:
        """Draw the bits of many steps: (groups, steps, bits a step)."""
        count = STEPS_PER_DRAW * sum(self.sizes)
        # A number of 64 bits holds four of 16; rounded up.
        numbers = torch.empty(len(self.generators), -(-count // 4), dtype=torch.int64, device=self.device)
        for row, generator in zip(numbers, self.generators, strict=True):
            row.random_(-(2**63), None, generator=generator)
        return numbers.view(torch.int16)[:, :count].view(len(numbers), STEPS_PER_DRAW, -1)


def dropout_factors(
    bits: Tensor, probability: float, dtype: torch.dtype, out: Tensor | None = None
) -> Tensor:
    """Return dropout's factors, shaped as the bits: 0 with the probability, else 1 / (1 - probability).

    The probability is rounded to one of 65,536 levels.
    """
    level = round(probability * LEVELS)
    # int16 counts from -LEVELS / 2, so that `level` of its values lie below the threshold.
    threshold = level - LEVELS // 2
    factors = (bits >= threshold).to(dtype) if out is None else torch.ge(bits, threshold, out=out)
    return factors.mul_(LEVELS / max(LEVELS - level, 1))
