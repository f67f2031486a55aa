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
        self._write(gradients)
        return True

    def _write(self, gradients: Sequence[Tensor | None]) -> None:
        """Leave the means in the parameters, where the last batch's gradients are."""
        parameters = zip(*(model.parameters() for model in self.models), strict=True)
        for column, total, gradient in zip(parameters, self._sums, gradients, strict=True):
            if total is not None and gradient is not None:
                gradient.copy_(total).div_(self.batches)
            elif total is not None:  # of a model that trains alone, which the last batch made no use of
                [parameter] = column
                parameter.grad = total[0].div_(self.batches)
