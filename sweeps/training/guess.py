"""What guessing scores: the same answer for every row, the best that the training targets alone give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from sweeps.losses import is_binary, row_losses

if TYPE_CHECKING:
    from sweeps.training.run import Run


def score_guess(run: Run, targets: Tensor) -> float:
    """Return the objective on targets where every row gets the training split's commonest class or mean."""
    outputs = _guess(run).expand(len(targets), -1)
    metric = run.metrics[0]
    if metric.function is None:
        return row_losses(run.loss, outputs, targets).double().mean().item()
    return metric.measure(outputs, targets).item()


def _guess(run: Run) -> Tensor:
    """Return the outputs that stand for the training targets' shares or means, (outputs,)."""
    training, _ = run.feed.split(run.seed)
    targets = run.feed.targets[training]
    if run.feed.is_regression:
        means = targets.mean(0)
        return means.logit(1e-6) if is_binary(run.loss) else means
    # One more of each, as a class without a row has no logarithm; the commonest stays it.
    logs = (targets.bincount(minlength=run.feed.outputs) + 1).float().log()
    return logs[1:] - logs[:1] if run.outputs == 1 else logs
