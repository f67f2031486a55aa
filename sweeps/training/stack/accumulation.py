"""Accumulation: the mean gradient of several batches for one step."""

from collections.abc import Sequence

import torch
from torch import Tensor

from sweeps.training.member import Member
from sweeps.training.stack import rows


class Accumulation:
    """Adds up the gradients of a step's batches, all members at once."""

    def __init__(self, members: Sequence[Member]) -> None:
        self.models = [member.model for member in members]
        # Batches of a step; all members have as many.
        self.batches = members[0].run.accumulate
        # Each parameter's gradients, (stack, *shape), None where it doesn't train.
        self._targets = rows.gather_gradients(self.models) if self.batches > 1 else []
        # By parameter, None where no batch had a gradient yet.
        self._sums: list[Tensor | None] = []

    @torch.no_grad()
    def add(self, batch: int) -> bool:
        """Add the gradients of an epoch's batch; return whether the parameters now hold a step's mean."""
        if self.batches == 1:
            return True
        if batch % self.batches == 0:
            self._sums = [None for _ in self.models[0].parameters()]
        gradients = rows.gather_gradients(self.models)
        for index, (total, gradient) in enumerate(zip(self._sums, gradients, strict=True)):
            if total is not None and gradient is not None:
                total.add_(gradient)
            elif gradient is not None:
                self._sums[index] = gradient.clone()
        if (batch + 1) % self.batches:
            return False
        self._write()
        return True

    def _write(self) -> None:
        """Leave the means where the optimizers look for gradients; the last batch may have had none."""
        columns = zip(*(model.parameters() for model in self.models), strict=True)
        for parameters, total, target in zip(columns, self._sums, self._targets, strict=True):
            if total is not None and target is not None:
                target.copy_(total).div_(self.batches)
                if parameters[0].grad is None:
                    rows.assign_gradients(parameters, target)
