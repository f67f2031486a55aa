"""Clipping of the members' gradients between the backward pass and the step, all members at once."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from sweeps.training.member import Member
from sweeps.training.stack import rows

# What torch.nn.utils.clip_grad_norm_ adds to a norm before it divides by it.
EPSILON = 1e-6


class Clipping:
    """Clips each member's gradient by its own run's limits, as torch's functions would the member's alone."""

    def __init__(self, members: Sequence[Member]) -> None:
        self.models = [member.model for member in members]
        like = next(self.models[0].parameters())
        self.norms = _limits([member.run.clip_norm for member in members], like)
        self.values = _limits([member.run.clip_value for member in members], like)
        self._first_parameters = list(self.models[0].parameters())
        # The gradients of a step, and which of the first member's parameters they are of.
        self._gradients: list[Tensor] = []
        self._presence: list[bool] = []

    def clip(self) -> None:
        """Clip the gradients that the parameters hold, in place."""
        if self.norms is None and self.values is None:
            return
        # A model may leave other parameters without a gradient in each step.
        presence = [parameter.grad is not None for parameter in self._first_parameters]
        if presence != self._presence:
            self._presence = presence
            gradients = rows.gather_gradients(self.models)
            self._gradients = [gradient for gradient in gradients if gradient is not None]
        if self.values is not None:
            for gradient in self._gradients:
                limits = rows.align(self.values, gradient)
                torch.clamp(gradient, -limits, limits, out=gradient)
        if self.norms is not None:
            norm = self._measure_norm(self.norms)
            # A limit of infinity gives 1, which changes no bit.
            factors = (self.norms / (norm + EPSILON)).clamp_(max=1)
            for gradient in self._gradients:
                gradient.mul_(rows.align(factors, gradient))

    def _measure_norm(self, like: Tensor) -> Tensor:
        """Return the norm of each member's gradient over all of its parameters: (stack,)."""
        norms = [
            torch.linalg.vector_norm(gradient.reshape(len(gradient), -1), dim=1).to(like)
            for gradient in self._gradients
        ]
        norm: Tensor = torch.linalg.vector_norm(torch.stack(norms), dim=0)
        return norm


def _limits(limits: Sequence[float | None], like: Tensor) -> Tensor | None:
    """Return the members' limits, (stack,), infinity for none, or None where nobody has one."""
    if all(limit is None for limit in limits):
        return None
    values = [math.inf if limit is None else limit for limit in limits]
    return torch.tensor(values, dtype=like.dtype, device=like.device)
