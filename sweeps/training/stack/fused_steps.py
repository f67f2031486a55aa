"""torch's fused kernels: one operation for the step of all of an optimizer's parameters."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.optim import SGD, Adam, AdamW, Optimizer
from torch.optim import optimizer as torch_optimizer

# Steps the parameters of a group.
Kernel = Callable[[], None]


def use_fused_kernel(optimizer: Optimizer) -> None:
    """Let an optimizer that torch has a fused kernel for use it, unless its user chose otherwise."""
    groups = optimizer.param_groups
    if type(optimizer) in KERNELS and all(_can_be_fused(group) for group in groups):
        for group in groups:
            group["fused"] = True


class Steps:
    """An optimizer's steps: the first is its own, the others call its kernels without the way there.

    Of a small network that way takes twice as long as the kernel. Settings are read anew for each step.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer
        # Those to call instead of the optimizer, once its first step has made its state.
        self._kernels: list[Kernel] | None = None

    def take(self, has_gradients: bool = True) -> None:
        """Step as optimizer.step() would, with the same bits.

        has_gradients: whether every parameter has one, in the memory where it has always been.
        """
        if self._kernels is not None and has_gradients:
            for kernel in self._kernels:
                kernel()
            return
        with _avoid_missing_buffers(self.optimizer):
            self.optimizer.step()
        if self._kernels is None and has_gradients and _has_plain_steps(self.optimizer):
            build = KERNELS[type(self.optimizer)]
            self._kernels = [build(self.optimizer, group) for group in self.optimizer.param_groups]


@contextmanager
def _avoid_missing_buffers(optimizer: Optimizer) -> Iterator[None]:
    """Let SGD step without its fused kernel where parameters get their first momentum after others.

    The kernel makes the buffers of all of a group at once, or none.
    """
    groups = [group for group in optimizer.param_groups if _lacks_buffers(optimizer, group)]
    for group in groups:
        group["fused"] = False
    yield
    for group in groups:
        group["fused"] = True


def _lacks_buffers(optimizer: Optimizer, group: dict[str, Any]) -> bool:
    """Return whether a step would give buffers to some of the parameters, while others have them."""
    if type(optimizer) is not SGD or not group["fused"] or not group["momentum"]:
        return False
    stepped = [parameter for parameter in group["params"] if parameter.grad is not None]
    states = [optimizer.state[parameter].get("momentum_buffer") for parameter in stepped]
    return len({state is None for state in states}) == 2


def _build_sgd(optimizer: Optimizer, group: dict[str, Any]) -> Kernel:
    parameters, gradients = group["params"], [parameter.grad for parameter in group["params"]]
    buffers: list[Tensor] = []
    if group["momentum"]:
        buffers = [optimizer.state[parameter]["momentum_buffer"] for parameter in parameters]

    def step() -> None:
        # A scheduler may move a momentum, even to 0, where torch too leaves the buffers as they are.
        assert buffers or not group["momentum"], "a scheduler gave SGD a momentum that it began without"
        torch._fused_sgd_(
            parameters,
            gradients,
            buffers if group["momentum"] else [],
            lr=group["lr"],
            momentum=group["momentum"],
            dampening=group["dampening"],
            nesterov=group["nesterov"],
            weight_decay=group["weight_decay"],
            maximize=group["maximize"],
            is_first_step=False,
        )

    return step


def _build_adam(optimizer: Optimizer, group: dict[str, Any]) -> Kernel:
    parameters, gradients = group["params"], [parameter.grad for parameter in group["params"]]
    states = [optimizer.state[parameter] for parameter in parameters]
    means, squares = ([state[name] for state in states] for name in ("exp_avg", "exp_avg_sq"))
    highest = [state["max_exp_avg_sq"] for state in states] if group["amsgrad"] else []
    # The parameters' step counters become rows of one tensor, to count with one operation.
    counters = torch.stack([state["step"] for state in states])
    counter_rows = list(counters)
    for state, row in zip(states, counter_rows, strict=True):
        state["step"] = row
    kernel = torch._fused_adamw_ if group["decoupled_weight_decay"] else torch._fused_adam_

    def step() -> None:
        beta1, beta2 = group["betas"]
        counters.add_(1)
        kernel(
            parameters,
            gradients,
            means,
            squares,
            highest,
            counter_rows,
            lr=group["lr"],
            beta1=beta1,
            beta2=beta2,
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            amsgrad=group["amsgrad"],
            maximize=group["maximize"],
        )

    return step


# What builds a group's kernel, by torch's class.
KERNELS: dict[type[Optimizer], Callable[[Optimizer, dict[str, Any]], Kernel]] = {
    SGD: _build_sgd,
    Adam: _build_adam,
    AdamW: _build_adam,
}


def _has_plain_steps(optimizer: Optimizer) -> bool:
    """Return whether a step of the optimizer is its fused kernels and nothing else."""
    hooks = (
        *(optimizer._optimizer_step_pre_hooks, optimizer._optimizer_step_post_hooks),
        *(torch_optimizer._global_optimizer_pre_hooks, torch_optimizer._global_optimizer_post_hooks),
    )
    return (
        type(optimizer) in KERNELS
        and not any(hooks)
        and all(group["fused"] for group in optimizer.param_groups)
    )


def _can_be_fused(group: dict[str, Any]) -> bool:
    is_undecided = group["fused"] is None and not group["foreach"] and not group["differentiable"]
    is_plain = isinstance(group["lr"], float | int) and not group.get("capturable")
    has_kernel = all(_is_fusable(parameter) for parameter in group["params"])
    return (is_undecided or group["fused"] is True) and is_plain and has_kernel


def _is_fusable(parameter: Tensor) -> bool:
    return parameter.is_floating_point() and parameter.device.type in ("cpu", "cuda")
