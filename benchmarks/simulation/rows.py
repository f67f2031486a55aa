"""Lines of a benchmark's output: a figure with its standard error."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# The share of cases that counts as the worst.
WORST = 0.1


@dataclass(frozen=True)
class Row:
    """A figure."""

    name: str
    value: float
    # the standard error over the simulated sweeps
    error: float
    unit: str

    def __str__(self) -> str:
        """Return the figure as a line."""
        return f"{self.name:72} {self.value:7.2f} ± {self.error:.2f} {self.unit}"


def share(name: str, values: Sequence[float | bool]) -> Row:
    """Return in how many percent of the cases something is so."""
    row = mean(name, values, "%")
    return Row(name, 100 * row.value, 100 * row.error, "%")


def mean(name: str, values: Sequence[float | bool], unit: str = "points") -> Row:
    """Return a mean over sweeps."""
    cases = np.asarray(values, dtype=float)
    return Row(name, float(cases.mean()), float(cases.std() / np.sqrt(len(cases))), unit)


def worst_tenth(name: str, values: Sequence[float], unit: str = "points") -> Row:
    """Return the mean over the tenth of the sweeps whose values are the highest."""
    ascending = np.sort(np.asarray(values, dtype=float))
    return mean(name, ascending[-max(1, int(len(ascending) * WORST)) :].tolist(), unit)
