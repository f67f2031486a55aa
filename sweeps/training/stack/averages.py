"""Exponential averages of the members' weights, which an epoch is evaluated with."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from sweeps.training.member import Member
from sweeps.training.stack import rows


class Averages:
    """Averages the weights and running statistics of each member, as torch's AveragedModel would alone.

    A member's average is its own, by the tensor's name, in rows of the stack's. The first step's weights
    begin it.
    """

    def __init__(self, members: Sequence[Member]) -> None:
        self.models = [member.model for member in members]
        self._averages: list[Tensor] = []
        if all(member.run.ema is None for member in members):
            return
        like = next(self.models[0].parameters())
        shares = [1.0 if member.run.ema is None else 1 - member.run.ema for member in members]
        first_shares = [
            1.0 if member.average is None else share for member, share in zip(members, shares, strict=True)
        ]
        # What a step's weights count in the averages: (stack,). With 1 they are the weights.
        self._shares, self._next_shares = (
            torch.tensor(values, dtype=like.dtype, device=like.device) for values in (first_shares, shares)
        )
        self._averages = self._stack_averages(members)

    @torch.no_grad()
    def update(self) -> None:
        """Move the averages towards the weights after a step."""
        if not self._averages:
            return
        for average, values in zip(self._averages, self._gather_values(), strict=True):
            average.lerp_(values, rows.align(self._shares, values).to(values.dtype))
        self._shares = self._next_shares

    @contextmanager
    def use(self) -> Iterator[None]:
        """Let the networks have the averages for their weights."""
        self._swap()
        yield
        self._swap()

    @torch.no_grad()
    def _swap(self) -> None:
        for average, values in zip(self._averages, self._gather_values(), strict=True):
            weights = values.clone()
            values.copy_(average)
            average.copy_(weights)

    def _gather_values(self) -> list[Tensor]:
        """Return all members' weights: (stack, *shape) each; anew, as a module may replace its buffers."""
        if not self._averages:
            return []
        columns = zip(*(named_values(model).values() for model in self.models), strict=True)
        return [rows.view_together(column) for column in columns]

    def _stack_averages(self, members: Sequence[Member]) -> list[Tensor]:
        """Put the members' averages together, and give each that has one its rows of them."""
        starts = [member.average or named_values(member.model) for member in members]
        averages = {name: torch.stack([start[name] for start in starts]) for name in starts[0]}
        for index, member in enumerate(members):
            if member.run.ema is not None:
                member.average = {name: values[index] for name, values in averages.items()}
        return list(averages.values())


def named_values(model: nn.Module) -> dict[str, Tensor]:
    """Return the parameters and running statistics of a model by name, each once."""
    tensors = [*model.named_parameters(), *model.named_buffers()]
    return {name: tensor.detach() for name, tensor in tensors if tensor.is_floating_point()}
