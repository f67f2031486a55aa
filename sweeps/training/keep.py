"""The checkpoints that a run leaves in its folder while it trains."""

import math
from collections.abc import Callable
from pathlib import Path

from sweeps.training import checkpoint
from sweeps.training.run import Epoch, State

CHECKPOINT, BEST = "checkpoint.pt", "best.pt"


class Keeper:
    """One rolling checkpoint, replaced at most every `seconds`, and on request the best epoch's.

    The best is that of the highest validation accuracy, the first of equals. It stays where it is when the
    run goes on from a later epoch.
    """

    def __init__(self, folder: Path, seconds: float, best: bool) -> None:
        self.folder = folder
        self.rolling = checkpoint.Rolling(folder / CHECKPOINT, seconds)
        self.wanted = best
        self.highest = -math.inf
        self.is_best = False

    def measured(self, epoch: Epoch) -> None:
        """Note an epoch, before its state is kept; those from before an interruption too."""
        self.is_best = epoch.validation_accuracy > self.highest
        self.highest = max(self.highest, epoch.validation_accuracy)

    def keep(self, state: Callable[[], State]) -> None:
        """Write what is due of the state after the epoch that was measured last."""
        if self.wanted and self.is_best:
            checkpoint.save(self.folder / BEST, state())
        self.rolling(state)
