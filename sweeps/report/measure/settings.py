"""A setting of the search space, one way to repeat it, and the run of the one with the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sweeps.report.measure.axis import plain, short

Params = Mapping[str, Any]


@dataclass(frozen=True)
class Replicate:
    """One way to repeat a setting: its label ("seed=0,model.norm=none"), its seed, what else it overrides."""

    label: str
    seed: Any = None
    condition: Params = field(default_factory=dict)

    @property
    def condition_label(self) -> str:
        """What distinguishes the condition, "norm=none normalize=true"; empty where there is only one."""
        return " ".join(f"{short(key)}={plain(value)}" for key, value in self.condition.items())


@dataclass(frozen=True)
class Run:
    """One finished training. value: of several objectives the first; test: where the test split was read.

    folder: below the sweep's. curves: one value an epoch by metric, in the order of the epochs.
    """

    value: float
    diverged: bool = False
    test: float | None = None
    folder: str | None = None
    curves: Mapping[str, Sequence[float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Setting:
    """One trial: its parameters, its state as Optuna calls it, in lower case, and its finished runs by label.

    value: what was told; last: the last intermediate value, of a pruned or running trial too, at `last_step`.
    reason: why it failed.
    """

    number: int
    params: Params
    state: str
    runs: Mapping[str, Run]
    value: float | None = None
    last: float | None = None
    last_step: int | None = None
    reason: str | None = None

    @property
    def is_complete(self) -> bool:
        """Whether all its replicates ended."""
        return self.state == "complete"

    @property
    def values(self) -> list[float]:
        """What its finished runs scored, in the order of the replicates."""
        return [run.value for run in self.runs.values()]

    @property
    def mean(self) -> float:
        """Mean score of its finished runs; nan without any."""
        return float(np.mean(self.values)) if self.runs else float("nan")

    @property
    def diverged(self) -> int:
        """How many of its finished runs diverged."""
        return sum(run.diverged for run in self.runs.values())
