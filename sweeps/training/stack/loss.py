"""The losses of a stack's members, in as few calls as there are different ones."""

from collections.abc import Sequence
from copy import deepcopy
from itertools import groupby

import torch
from torch import Tensor, nn

from sweeps.losses import CROSS_ENTROPY, Loss, is_plain_cross_entropy, row_losses
from sweeps.training.stack.mixing import MixedTargets

Targets = Tensor | MixedTargets


class StackLoss:
    """Computes each row's loss, (stack, batch): outputs (stack, batch, outputs), and targets."""

    def __init__(self, losses: Sequence[Loss], like: Tensor) -> None:
        self.is_plain = all(map(is_plain_cross_entropy, losses))
        # Each with how many members, side by side, it is the loss of.
        self.parts = [(_move(loss, like), len(list(group))) for loss, group in groupby(losses)]

    def __call__(self, outputs: Tensor, targets: Targets) -> Tensor:
        if isinstance(targets, MixedTargets):
            larger, smaller = (self(outputs, part) for part in (targets.targets, targets.partners))
            return targets.shares * larger + (1 - targets.shares) * smaller
        sizes = [size for _, size in self.parts]
        parts = zip(self.parts, outputs.split(sizes), targets.split(sizes), strict=True)
        losses = [
            row_losses(loss, part.flatten(0, 1), part_targets.flatten(0, 1)).view(part.shape[:2])
            for (loss, _), part, part_targets in parts
        ]
        return losses[0] if len(losses) == 1 else torch.cat(losses)


def plain_loss(stack: int) -> StackLoss:
    """Return the cross-entropy of a stack's members."""
    return StackLoss([CROSS_ENTROPY] * stack, torch.empty(0))


def _move(loss: Loss, like: Tensor) -> Loss:
    """Return the loss with its weights of a tensor's type and on its device."""
    return deepcopy(loss).to(like) if isinstance(loss, nn.Module) else loss
