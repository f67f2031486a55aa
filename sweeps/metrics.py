"""The metrics of an epoch: functions of outputs and targets, and what each is called.

Those of rows return a value a row, (..., n), and are summed batch by batch; the others take all of a split.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from sweeps.numbers import format_digits

PERCENT = "%"


def accuracy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return whether each row's highest output is its class: (..., n, classes), (..., n) -> (..., n)."""
    return outputs.max(-1).indices == targets


def top5(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return whether a row's class is among its five highest outputs: as `accuracy`.

    Of equal outputs the first classes count, as argmax has it: topk takes any.
    """
    output = outputs.gather(-1, targets.unsqueeze(-1))
    not_earlier = torch.arange(outputs.shape[-1], device=outputs.device) >= targets.unsqueeze(-1)
    behind = (outputs < output) | ((outputs == output) & not_earlier)
    return (~behind).sum(-1) < 5  # NaN is behind nothing


def balanced_accuracy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the mean over the classes that occur of the share of their rows that are right."""
    matrix = _confusion(outputs, targets)
    counts = matrix.sum(1)
    return (matrix.diagonal() / counts)[counts > 0].mean()


def macro_f1(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the mean of the F1 scores of all classes that occur or are named."""
    matrix = _confusion(outputs, targets)
    totals = matrix.sum(0) + matrix.sum(1)
    return (2 * matrix.diagonal() / totals)[totals > 0].mean()


def auroc(outputs: Tensor, targets: Tensor) -> float:
    """Return the area under the ROC curve, the mean of each class that occurs against the rest.

    It is 0.5 where one class alone occurs, which nothing can be ranked above.
    """
    from sklearn.metrics import roc_auc_score

    scores, classes = outputs.double().softmax(1).cpu().numpy(), targets.cpu().numpy()
    present_classes = targets.unique().tolist()
    if len(present_classes) == 1:
        return 0.5
    areas = [roc_auc_score(classes == number, scores[:, number]) for number in present_classes]
    return float(sum(areas) / len(areas))


def mae(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return each row's mean absolute error: (..., n, outputs) twice -> (..., n)."""
    return (outputs.double() - targets).abs().mean(-1)


def rmse(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the root of the mean squared error over rows and outputs."""
    return (outputs.double() - targets).square().mean().sqrt()


def r2(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the share of the targets' variance that is explained, the mean over outputs."""
    values = targets.double()
    residual = (outputs.double() - values).square().sum(0)
    return (1 - residual / (values - values.mean(0)).square().sum(0)).mean()


@dataclass(frozen=True)
class EpochMetric:
    """A metric of each epoch; of a run's the first is the objective."""

    # As Epoch has it: validation_<key>.
    key: str
    # Takes outputs and targets; None is the loss, which every epoch has.
    function: Callable[[Tensor, Tensor], Any] | None
    # "accuracy", as reports call it.
    name: str
    # "%", where the function returns a share; or empty.
    unit: str = ""
    direction: Literal["maximize", "minimize"] = "maximize"
    # Whether the function returns a value a row, whose mean is the metric.
    per_row: bool = False
    # What the targets must be: classification, regression or any.
    task: str = "any"

    @property
    def scale(self) -> int:
        """Return what the function's values are multiplied by for the unit."""
        return 100 if self.unit == PERCENT else 1

    @property
    def label(self) -> str:
        """Return the name with its unit, as a table's column has it."""
        return f"{self.name} in {self.unit}" if self.unit else self.name

    def format(self, value: float) -> str:
        """Return a value as it is printed, without its unit."""
        return f"{value:.2f}" if self.unit == PERCENT else format_digits(value, 4)

    def is_better(self, value: float, other: float) -> bool:
        """Return whether the value is better than another; equal is not."""
        return value > other if self.direction == "maximize" else value < other

    def apply(self, outputs: Tensor, targets: Tensor) -> Any:
        """Return what the function makes of outputs and targets."""
        assert self.function is not None
        return self.function(class_scores(outputs, targets), targets)

    def sum_rows(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the sums over rows: (stack, n, outputs) -> (stack,)."""
        values: Tensor = self.apply(outputs, targets)
        return values.sum(1) if values.dtype == torch.bool else values.double().sum(1)

    def measure(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the metric of a split as a scalar, nan where an output is not finite: (n, outputs)."""
        if self.per_row:
            sums = self.sum_rows(outputs.unsqueeze(0), targets.unsqueeze(0))[0]
            return self.scale * sums.double() / len(outputs)
        if not outputs.isfinite().all():
            return torch.tensor(torch.nan, dtype=torch.double, device=outputs.device)
        value = self.apply(outputs, targets)
        return self.scale * torch.as_tensor(value, dtype=torch.double, device=outputs.device)


# The default.
ACCURACY = EpochMetric("accuracy", accuracy, "accuracy", PERCENT, per_row=True, task="classification")


def class_scores(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return an output a class: of two classes' one output, its log-odds, and 0 for the first class."""
    if targets.is_floating_point() or outputs.shape[-1] > 1:
        return outputs
    return torch.cat([torch.zeros_like(outputs), outputs], -1)


def _confusion(outputs: Tensor, targets: Tensor) -> Tensor:
    """Return how many rows of each class were named which: (classes, classes), the true class first."""
    classes = outputs.shape[1]
    cells = targets * classes + outputs.max(1).indices
    return cells.bincount(minlength=classes**2).view(classes, classes).double()
