"""The settings that a measurement picks."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from sweeps.report.measurement import Measurement
from sweeps.report.robust import Index, best_place, pick
from sweeps.report.runs import Params
from sweeps.report.statistics.conditions import pick_across


@dataclass(frozen=True)
class Picks:
    """What is to be confirmed, by name: peak, robust, default, each where there is one.

    places: where the peak and the robust pick are in the measurement's arrays.
    compromised: no setting is sound, so all competed to be the robust one.
    """

    params: Mapping[str, Params] = field(default_factory=dict)
    places: Mapping[str, Index] = field(default_factory=dict)
    compromised: bool = False


def picks_of(measurement: Measurement) -> Picks:
    """The peak, the best mean over all replicates; on a grid the robust pick; the config's own setting.

    Under several conditions the robust pick is the one for all of them.
    """
    places, compromised = _places(measurement)
    params = {name: measurement.places[place].params for name, place in places.items()}
    known = {} if measurement.default is None else {"default": measurement.default}
    return Picks({**params, **known}, places, compromised)


def _places(measurement: Measurement) -> tuple[dict[str, Index], bool]:
    scores = measurement.sign * measurement.scores.mean(axis=-1)
    if np.isnan(scores).all():
        return {}, False
    if not measurement.is_grid:
        return {"peak": best_place(scores)}, False
    ordered, lr_axis = measurement.ordered, measurement.lr_axis
    if len(measurement.conditions) > 1:
        crossed = measurement.sign * measurement.by_condition(measurement.scores).mean(axis=-1)
        diverged = np.asarray(measurement.by_condition(measurement.diverged).any(axis=-1))
        across = pick_across(crossed, diverged, ordered, lr_axis)
        return {"peak": across.best, "robust": across.robust}, across.compromised
    picks = pick(scores, np.asarray(measurement.diverged.any(axis=-1)), ordered, lr_axis)
    return {"peak": picks.peak, "robust": picks.robust}, picks.compromised
