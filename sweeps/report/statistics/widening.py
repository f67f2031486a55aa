"""Decide whether a grid's learning rates go on beyond an end that is best."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sweeps.report.statistics.arrays import Flags, Floats
from sweeps.report.statistics.intervals import difference_error
from sweeps.report.statistics.robust import flag_unsound, smoothed_scores

End = Literal["low", "high", ""]


@dataclass(frozen=True)
class Decision:
    """The ends of a range of learning rates against its inside: the best R_sigma of sound settings."""

    # -inf where there is no sound setting
    inside: float
    low: float
    high: float
    # of a difference of two good settings; 0 where it can't be known
    error: float
    # which end to go on at, empty for neither
    end: End

    @property
    def is_blind(self) -> bool:
        """Return whether no setting is sound: runs diverged in or beside every one."""
        return max(self.inside, self.low, self.high) == -np.inf


def decide(
    scores: Floats, diverged: Flags, ordered: Sequence[bool], lr_axis: int, lrs: Sequence[float]
) -> Decision:
    """Go on at the better end where it beats the inside by more than half a standard error.

    scores, diverged: (*axes, replicates) of a complete grid. Where no setting is sound, go on downwards.
    """
    means = scores.mean(axis=-1)
    robustness = smoothed_scores(means, lrs, lr_axis)
    unsound = flag_unsound(means, np.asarray(diverged.any(axis=-1)), ordered)
    rows = np.moveaxis(np.where(unsound, -np.inf, robustness), lr_axis, 0).reshape(len(lrs), -1)
    best = rows.max(axis=1)
    low, high = float(best[0]), float(best[-1])
    inside = float(best[1:-1].max(initial=-np.inf))
    error = difference_error(scores, diverged).sd
    end: End = ""
    if max(inside, low, high) == -np.inf:
        end = "low"
    elif max(low, high) - error / 2 > inside:
        end = "high" if high >= low else "low"
    return Decision(inside, low, high, error, end)


def next_lr(declared_end: float, end: Literal["low", "high"], k: int) -> float:
    """Return the k-th learning rate beyond an end, half a decade a step, rounded to one significant digit."""
    step = k / 2 if end == "high" else -k / 2
    return float(f"{declared_end * 10**step:.0e}")
