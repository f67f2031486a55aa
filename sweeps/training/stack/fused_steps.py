"""Optimizer steps without their overhead: torch's own fused kernels, called on the optimizer's own state."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW, Optimizer

Kernel = Callable[[Mapping[str, Any]], None]


def fuse(optimizer: Optimizer) -> bool:
    """Let an optimizer that torch has a fused kernel for use it, unless its user chose otherwise."""
    groups = optimizer.param_groups
    fused = type(optimizer) in KERNELS and all(_can_be_fused(group) for group in groups)
    for group in groups if fused else ():
        group["fused"] = True
    return fused and not (optimizer._optimizer_step_pre_hooks or optimizer._optimizer_step_post_hooks)


class Update:
    """One member's optimizer step.

    The first is the optimizer's own, which makes its state; those that follow call the same kernel with the
    same tensors, without the checks before it. Where there is none, every step is the optimizer's own.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer
        self.is_fused = fuse(optimizer)
        self.kernels: list[tuple[Kernel, Mapping[str, Any]]] = []

    def __call__(self) -> None:
        for kernel, group in self.kernels:
            kernel(group)
        if not self.kernels:
            self.optimizer.step()
            if self.is_fused:
                self._bind()

    def _bind(self) -> None:
        make = KERNELS[type(self.optimizer)]
        for group in self.optimizer.param_groups:
            trained = [parameter for parameter in group["params"] if parameter.grad is not None]
            states = [self.optimizer.state[parameter] for parameter in trained]
            self.kernels.append((make(trained, states), group))


def _can_be_fused(group: Mapping[str, Any]) -> bool:
    chosen = group["fused"] is None and not group["foreach"] and not group["differentiable"]
    plain = isinstance(group["lr"], float | int) and not group.get("capturable")
    return (chosen or group["fused"] is True) and plain and all(map(_is_fusable, group["params"]))


def _is_fusable(parameter: nn.Parameter) -> bool:
    return parameter.is_floating_point() and parameter.device.type in ("cpu", "cuda")


def _sgd(parameters: list[nn.Parameter], states: list[dict[str, Tensor]]) -> Kernel:
    buffers = [state["momentum_buffer"] for state in states if state.get("momentum_buffer") is not None]
    values, gradients = _tensors(parameters)

    def kernel(group: Mapping[str, Any]) -> None:
        torch._fused_sgd_(
            values,
            gradients,
            buffers,
            weight_decay=group["weight_decay"],
            momentum=group["momentum"],
            lr=group["lr"],
            dampening=group["dampening"],
            nesterov=group["nesterov"],
            maximize=group["maximize"],
            is_first_step=False,
        )

    return kernel


def _adam(parameters: list[nn.Parameter], states: list[dict[str, Tensor]]) -> Kernel:
    values, gradients = _tensors(parameters)
    names = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")
    moments = [[state[name] for state in states if name in state] for name in names]
    steps = torch.stack([state["step"] for state in states])  # to count them up in one operation
    for state, step in zip(states, steps, strict=True):
        state["step"] = step
    counts = list(steps)

    def kernel(group: Mapping[str, Any]) -> None:
        steps.add_(1)
        beta1, beta2 = group["betas"]
        step: Callable[..., None] = (
            torch._fused_adamw_ if group["decoupled_weight_decay"] else torch._fused_adam_
        )
        step(
            values,
            gradients,
            *moments,
            counts,
            lr=group["lr"],
            beta1=beta1,
            beta2=beta2,
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            amsgrad=group["amsgrad"],
            maximize=group["maximize"],
        )

    return kernel


def _tensors(parameters: list[nn.Parameter]) -> tuple[list[Tensor], list[Tensor]]:
    values = [parameter.detach() for parameter in parameters]
    return values, [parameter.grad for parameter in parameters if parameter.grad is not None]


KERNELS: dict[type[Optimizer], Callable[..., Kernel]] = {SGD: _sgd, Adam: _adam, AdamW: _adam}
