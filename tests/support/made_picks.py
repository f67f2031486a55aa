"""The picks of made scores."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sweeps.report.findings.picks import pick_indices
from sweeps.report.measure.axis import Axis
from sweeps.report.measure.measurement import Coverage, Measurement
from sweeps.report.measure.metric import Metric
from sweeps.report.measure.settings import FinishedRun, Replicate, Setting
from sweeps.report.statistics.arrays import Flags, Floats, Index


class MadePicks(NamedTuple):
    """Two settings by their indices in the arrays."""

    peak: Index | None
    robust: Index | None


def pick(
    scores: Floats,
    all_diverged: Flags,
    any_diverged: Flags,
    ordered: Sequence[bool],
    lr_axis: int | None,
    lrs: Sequence[float],
) -> MadePicks:
    """Pick from the means of a grid, (*axes) or (*axes, conditions); diverged: of all or any of its runs."""
    axes = []
    for number, length in enumerate(all_diverged.shape):
        if number == lr_axis:
            axes.append(Axis("lr", lrs, ordered[number], log=True))
        else:
            axes.append(Axis(f"axis{number}", range(length), ordered[number], log=False))
    runs = np.stack([any_diverged, all_diverged], axis=-1)[..., None, :]
    means = scores.reshape(*all_diverged.shape, -1, 1)
    return pick_from(measurement_of("grid", axes), np.concatenate([means, means], axis=-1), runs)


def pick_points(
    lrs: Floats, scores: Floats, all_diverged: Flags, any_diverged: Flags, ends: tuple[float, float]
) -> MadePicks:
    """Pick from points that cover a range of learning rates, of two runs each."""
    settings = []
    for number, lr in enumerate(lrs.tolist()):
        settings.append(Setting(number, {"lr": lr}, "complete", {"run": FinishedRun(float(scores[number]))}))
    axis = Axis("lr", list(ends), True, True, continuous=True)
    runs = np.stack([any_diverged, all_diverged], axis=-1)[:, None, :]
    means = scores[:, None, None]
    return pick_from(measurement_of("qmc", [axis], settings), np.concatenate([means, means], axis=-1), runs)


def measurement_of(coverage: Coverage, axes: Sequence[Axis], settings: Sequence[Setting] = ()) -> Measurement:
    """Return a measurement of one replicate."""
    metric = Metric("validation accuracy", "%")
    return Measurement("made", "made", coverage, metric, axes, [Replicate("run")], settings)


def pick_from(measurement: Measurement, scores: Floats, diverged: Flags) -> MadePicks:
    """Pick by runs: (*shape, conditions, seeds)."""
    indices = pick_indices(measurement, scores, diverged)
    return MadePicks(indices.get("peak"), indices.get("robust"))
