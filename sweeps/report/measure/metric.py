"""Say what a score measures, in which unit, and which direction is better."""

import math
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np

from sweeps.report.statistics.compare import MARGIN
from sweeps.report.statistics.intervals import Estimate

Values = TypeVar("Values", bound=Any)

# What separates the name from the unit in a stored name: "validation accuracy in %".
IN_UNIT = " in "
PERCENT = "%"


@dataclass(frozen=True)
class Metric:
    """A measured quantity."""

    # "validation accuracy"
    name: str
    # "%", or empty where the number has none
    unit: str = ""
    # 1 where larger is better, -1 where smaller is
    direction: Literal[1, -1] = 1
    # the user's `report.margin`
    declared_margin: float | None = None

    @classmethod
    def parse(cls, label: str, direction: Literal[1, -1], margin: float | None = None) -> "Metric":
        """Return the metric of a stored name."""
        unit = PERCENT if label.endswith(IN_UNIT + PERCENT) else ""
        return cls(label.removesuffix(IN_UNIT + PERCENT), unit, direction, margin)

    @property
    def label(self) -> str:
        """Return the name with its unit, as axes and columns show it."""
        return f"{self.name}{IN_UNIT}{self.unit}" if self.unit else self.name

    @property
    def curve(self) -> str:
        """Return the key of its values epoch by epoch: validation_accuracy."""
        return self.name.lower().replace(" ", "_")

    @property
    def is_percent(self) -> bool:
        """Return whether differences are percentage points, so that gaps of half a point mean something."""
        return self.unit == PERCENT

    @property
    def margin(self) -> float:
        """Return within how much two values count as equal for all practical purposes; nan if unknown."""
        if self.declared_margin is not None:
            return self.declared_margin
        return MARGIN if self.is_percent else float("nan")

    def orient(self, values: Values) -> Values:
        """Return values, an array or an estimate, so that higher is better. Twice: as they were."""
        oriented: Values = values if self.direction > 0 else -values
        return oriented

    @property
    def limits(self) -> tuple[float, float]:
        """Return the lowest and the highest possible score."""
        return (0.0, 100.0) if self.is_percent else (-math.inf, math.inf)

    def clip(self, estimate: Estimate) -> Estimate:
        """Return a score whose interval holds possible scores alone."""
        low, high = np.clip([estimate.low, estimate.high], *self.limits)
        return Estimate(estimate.value, float(low), float(high))
