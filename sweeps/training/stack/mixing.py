"""Mixup: training on weighted means of two images of a batch, and of their losses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from sweeps.training.member import Member
from sweeps.training.stack.layout import Layout
from sweeps.training.stack.rows import align


class MixedTargets(NamedTuple):
    """The targets of rows that are means of two: each row's loss is the same mean of its two losses."""

    # (stack, batch, ...), those of each row's larger part
    targets: Tensor
    # Likewise, of its smaller part.
    partners: Tensor
    # (stack, 1): the larger part's share.
    shares: Tensor


def mix(
    images: Tensor, targets: Tensor, groups: Sequence[Sequence[Member]], layout: Layout
) -> tuple[Tensor, MixedTargets]:
    """Mix each image with the one before it in its batch: (groups, batch, ...) and (stack, batch, ...).

    The members of a group draw together. A batch is in random order, so that its neighbours are random pairs.
    """
    shares = torch.stack([_draw_share(first) for first, *_ in groups]).to(images.dtype)
    weights = align(shares, images)
    mixed = torch.lerp(images.roll(1, 1), images, weights)
    return mixed, MixedTargets(targets, targets.roll(1, 1), layout.spread(shares).unsqueeze(1))


def draw_share(alpha: float, generator: torch.Generator) -> Tensor:
    """Draw the larger of two parts, of which each is from the distribution Beta(alpha, alpha): a scalar."""
    concentration = torch.full((2,), alpha, dtype=torch.double, device=generator.device)
    # As torch.distributions.Beta does, which takes no generator.
    parts: Tensor = torch._sample_dirichlet(concentration, generator=generator)
    return parts.max()


def _draw_share(member: Member) -> Tensor:
    assert member.run.mixup is not None
    return draw_share(member.run.mixup, member.generators["augmentation"])
