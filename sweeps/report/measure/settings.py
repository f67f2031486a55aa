"""Hold a setting of the search space, one way to repeat it, and the run of the one with the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sweeps.report.measure.axis import format_value, shorten

Params = Mapping[str, Any]


@dataclass(frozen=True)
class Replicate:
    """One way to repeat a setting."""

    # "seed=0,model.norm=none"
    label: str
    seed: Any = None
    # what else it overrides
    condition: Params = field(default_factory=dict)

    @property
    def condition_label(self) -> str:
        """Return what distinguishes the condition, "norm=none normalize=true"; empty where there is one."""
        return " ".join(f"{shorten(key)}={format_value(value)}" for key, value in self.condition.items())


@dataclass(frozen=True)
class FinishedRun:
    """One finished training."""

    # the score, of several objectives the first, as the metric has it: smaller may be better
    value: float
    diverged: bool = False
    # finite, but no better than without training
    learned_nothing: bool = False
    # the test accuracy in %, where the test split was read
    test: float | None = None
    # below the sweep's
    folder: str | None = None
    # by metric, one value an epoch
    curves: Mapping[str, Sequence[float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Setting:
    """One trial."""

    number: int
    params: Params
    # as Optuna calls it, in lower case
    state: str
    # the finished ones by the replicate's label
    runs: Mapping[str, FinishedRun]
    # the last intermediate value and its step, of a pruned or running trial too
    last: float | None = None
    last_step: int | None = None
    # why the trial failed or was pruned
    reason: str | None = None

    @property
    def is_complete(self) -> bool:
        """Return whether all its replicates ended."""
        return self.state == "complete"

    @property
    def is_infeasible(self) -> bool:
        """Return whether its replicates ended beyond a constraint: then none of its runs counts."""
        return self.is_complete and not self.runs

    @property
    def values(self) -> list[float]:
        """Return what its finished runs scored, in the order of the replicates."""
        return [run.value for run in self.runs.values()]

    @property
    def mean(self) -> float:
        """Return the mean score of its finished runs; nan without any."""
        return float(np.mean(self.values)) if self.runs else float("nan")

    @property
    def diverged(self) -> int:
        """Return how many of its finished runs diverged."""
        return sum(run.diverged for run in self.runs.values())

    @property
    def learned_nothing(self) -> int:
        """Return how many of its finished runs learned nothing."""
        return sum(run.learned_nothing for run in self.runs.values())
