"""Optimizers as a run needs them: parameter groups, Muon with a companion, the two modes of schedule-free."""

import inspect
import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.optimizer import ParamsT

from sweeps.parameters import LrFactors, group_by_lr_factor, list_trained

log = logging.getLogger(__name__)

WEIGHT_DECAY_ON = ("all", "weights")
Groups = list[dict[str, Any]]


def build_optimizer(
    build: Callable[[ParamsT], Optimizer],
    model: nn.Module,
    weight_decay_on: str,
    freeze: Sequence[str] = (),
    lr_factors: LrFactors = (),
) -> Optimizer:
    """Build the optimizer of a network's parameters.

    weight_decay_on: all, or weights, which spares what has less than two dimensions: biases and norms.
    freeze: patterns of parameters that it doesn't get; lr_factors: what multiplies others' learning rates.
    Raises ValueError for an optimizer that a step of training can't drive.
    """
    if weight_decay_on not in WEIGHT_DECAY_ON:
        raise ValueError(
            f"weight_decay_on={weight_decay_on} is not known; write {' or '.join(WEIGHT_DECAY_ON)}"
        )
    groups: Groups = [{"params": model.parameters()}]
    if freeze or lr_factors:
        groups = group_by_lr_factor(list_trained(model, freeze), lr_factors)
    if weight_decay_on == "weights":
        groups = _decayed_or_not(groups)
    is_plain = weight_decay_on == "all" and not (freeze or lr_factors)
    # Prodigy prints what it is like, once for each run of a stack.
    with redirect_stdout(StringIO()) as output:
        optimizer: Any = build(model.parameters() if is_plain else groups)
    for line in output.getvalue().splitlines():
        log.debug(line)
    if not isinstance(optimizer, Optimizer):
        raise ValueError(f"it is a {type(optimizer).__name__}, but must be a torch.optim.Optimizer")
    _multiply_lrs(optimizer)
    if weight_decay_on == "weights" and "weight_decay" not in optimizer.defaults:
        raise ValueError(
            "weight_decay_on=weights needs an optimizer with weight_decay, which this one lacks; "
            "write weight_decay_on=all"
        )
    _refuse_undrivable(optimizer)
    return optimizer


def set_mode(optimizer: Optimizer, training: bool) -> None:
    """Switch the weights, for an optimizer that trains others than it evaluates, as schedule-free ones do."""
    switch = getattr(optimizer, "train" if training else "eval", None)
    if switch is not None:
        switch()


class Muon(Optimizer):
    """torch's Muon for matrices and a companion for all other parameters, as one optimizer.

    params: tensors, or groups of them; companion: an optimizer's class with its arguments, still to be
    given parameters. Other arguments are Muon's.
    """

    def __init__(
        self, params: Iterable[Any], companion: Callable[[Groups], Optimizer], **arguments: Any
    ) -> None:
        groups = list(params)
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        matrices, vectors = _split_groups(groups, lambda parameter: parameter.ndim == 2)
        self.parts: list[Optimizer] = []
        if matrices:
            self.parts.append(torch.optim.Muon(matrices, **arguments))
        if vectors:
            self.parts.append(companion(vectors))
        super().__init__([group for part in self.parts for group in part.param_groups], {})
        self.defaults = {**self.parts[0].defaults, "companion": self.parts[-1].defaults}
        self._share()

    def _share(self) -> None:
        """Let the parts work on this optimizer's groups and state, which a scheduler and a checkpoint see."""
        groups = iter(self.param_groups)
        for part in self.parts:
            part.param_groups = [next(groups) for _ in part.param_groups]
            part.state = self.state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._share()

    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Step each part."""
        assert closure is None
        for part in self.parts:
            part.step()


def _multiply_lrs(optimizer: Optimizer) -> None:
    """Multiply the learning rate of each group that has a factor for it."""
    factors = [group.pop("lr_factor", 1.0) for group in optimizer.param_groups]
    if any(factor != 1 for factor in factors) and type(optimizer).__name__ == "Prodigy":
        raise ValueError(
            "lr_factors needs an optimizer of several learning rates, and it has one; leave it out"
        )
    for group, factor in zip(optimizer.param_groups, factors, strict=True):
        if factor != 1:
            group["lr"] *= factor


def _decayed_or_not(groups: Groups) -> Groups:
    matrix_groups, vector_groups = _split_groups(groups, lambda parameter: parameter.ndim >= 2)
    return [*matrix_groups, *({**group, "weight_decay": 0.0} for group in vector_groups)]


def _split_groups(groups: Groups, condition: Callable[[nn.Parameter], bool]) -> tuple[Groups, Groups]:
    """Split each group in two, by whether its parameters meet a condition; leave out the empty ones."""
    split_groups: dict[bool, Groups] = {True: [], False: []}
    for group in groups:
        parameters = list(group["params"])
        for is_met, side in split_groups.items():
            part = [parameter for parameter in parameters if condition(parameter) is is_met]
            if part:
                side.append({**group, "params": part})
    return split_groups[True], split_groups[False]


def _refuse_undrivable(optimizer: Optimizer) -> None:
    closure = inspect.signature(optimizer.step).parameters.get("closure")
    if closure is not None and closure.default is inspect.Parameter.empty:
        raise ValueError(
            "its step() needs a closure that computes the loss again and again, but a step of training "
            "computes it once; choose a first-order optimizer"
        )
    if isinstance(optimizer, torch.optim.SparseAdam):
        raise ValueError("it takes sparse gradients only, which these models don't have; choose adam")
