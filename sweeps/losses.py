"""The loss of a run: what torch's classes and the user's own make of outputs and targets, row by row."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

# Maps outputs (n, outputs) and targets to each row's loss, or to their mean.
Loss = Callable[[Tensor, Tensor], Tensor]

CROSS_ENTROPY = nn.CrossEntropyLoss(reduction="none")
# The classes that take targets of one kind alone; any other loss takes what its author says.
CLASS_LOSSES: tuple[type[nn.Module], ...] = (nn.CrossEntropyLoss, nn.NLLLoss, nn.MultiMarginLoss)
VALUE_LOSSES: tuple[type[nn.Module], ...] = (nn.MSELoss, nn.L1Loss, nn.HuberLoss, nn.SmoothL1Loss)


def is_plain_cross_entropy(loss: Loss) -> bool:
    """Return whether the loss is cross-entropy as it is without any option, whose gradient is written out."""
    return (
        type(loss) is nn.CrossEntropyLoss
        and loss.weight is None
        and loss.label_smoothing == 0
        and loss.ignore_index < 0
    )


def is_binary(loss: Loss) -> bool:
    """Return whether two classes have one output: the log-odds of the second."""
    return isinstance(loss, nn.BCEWithLogitsLoss)


def row_losses(loss: Loss, outputs: Tensor, targets: Tensor) -> Tensor:
    """Return each row's loss, (n,): outputs (n, outputs), targets (n,) or (n, outputs).

    The losses of a row's outputs are averaged. A loss that is the mean of all rows is each row's.
    """
    if is_binary(loss) and not targets.is_floating_point():
        targets = targets.to(outputs.dtype).unsqueeze(1)
    if targets.is_floating_point():
        dtype = torch.promote_types(outputs.dtype, targets.dtype)
        outputs, targets = outputs.to(dtype), targets.to(dtype)
    losses = loss(outputs, targets)
    if losses.dim() == 0:
        return losses.expand(len(outputs))
    return losses.flatten(1).mean(1) if losses.dim() > 1 else losses


def reduces_rows(loss: Loss, outputs: int, targets: Tensor) -> bool:
    """Return whether the loss of some rows is one number, so that no two runs share a call of it."""
    if reduction := getattr(loss, "reduction", None):
        return bool(reduction != "none")
    return loss(torch.zeros(len(targets), outputs), targets).dim() == 0


def balance_weights(classes: Tensor, count: int, development: Tensor | None = None) -> list[float]:
    """Return a weight for each of `count` classes, the inverse of its share: the mean over the rows is 1.

    A class that only other rows of the development split have weighs as if it had one row.
    Raises ValueError for a class without rows.
    """
    counts = classes.bincount(minlength=count)
    if development is not None:
        counts = counts.maximum(development.bincount(minlength=count).clamp(max=1))
    if not counts.all():
        absent_classes = (counts == 0).nonzero().flatten().tolist()
        raise ValueError(
            f"loss.weight=balanced has no weight for class {absent_classes[0]}, of which the training split "
            "has no row; write loss.weight=[...], a weight a class"
        )
    weights: list[float] = (len(classes) / (count * counts.double())).tolist()
    return weights


def describe_loss(loss: Any) -> dict[str, Any]:
    """Return a loss's class or function and its settings, by the key that decides each."""
    part = getattr(loss, "func", loss)
    name = getattr(part, "__qualname__", type(part).__qualname__)
    settings = dict(getattr(loss, "keywords", None) or {})
    if isinstance(loss, nn.Module):
        settings = {key: value for key, value in vars(loss).items() if not key.startswith("_")}
        settings |= {key: value.tolist() for key, value in loss.named_buffers()}
        settings.pop("training")
    return {"loss": name, **{f"loss.{key}": value for key, value in settings.items()}}
