"""torch's fused kernels: one operation for the step of all of an optimizer's parameters."""

from typing import Any

from torch import Tensor
from torch.optim import SGD, Adam, AdamW, Optimizer


def use_fused_kernel(optimizer: Optimizer) -> None:
    """Let an optimizer that torch has a fused kernel for use it, unless its user chose otherwise."""
    groups = optimizer.param_groups
    if type(optimizer) in (SGD, Adam, AdamW) and all(_can_be_fused(group) for group in groups):
        for group in groups:
            group["fused"] = True


def _can_be_fused(group: dict[str, Any]) -> bool:
    is_undecided = group["fused"] is None and not group["foreach"] and not group["differentiable"]
    is_plain = isinstance(group["lr"], float | int) and not group.get("capturable")
    has_kernel = all(_is_fusable(parameter) for parameter in group["params"])
    return (is_undecided or group["fused"] is True) and is_plain and has_kernel


def _is_fusable(parameter: Tensor) -> bool:
    return parameter.is_floating_point() and parameter.device.type in ("cpu", "cuda")
