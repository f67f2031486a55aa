"""The figures of one study."""

import numpy as np

from sweeps.report.figures.maps import regret_map, score_maps
from sweeps.report.figures.plot import Plot, drawn, missing, unit
from sweeps.report.figures.score import main_axis, score_by_lr
from sweeps.report.figures.shares import importance
from sweeps.report.figures.texts import CROWDED
from sweeps.report.figures.training_plots import training_plots
from sweeps.report.findings.picked import near_means
from sweeps.report.findings.study import Findings
from sweeps.report.sentences.wording import named
from sweeps.report.statistics.conditions import regrets


def study_plots(found: Findings) -> list[Plot]:
    """All figures of a study, those that can't be drawn with the reason."""
    several = len(found.measurement.conditions) > 1
    return [
        _scores(found),
        _maps(found),
        _importance(found),
        *([_regrets(found)] if several else []),
        *training_plots(found),
    ]


def _scores(found: Findings) -> Plot:
    measurement = found.measurement
    if main_axis(measurement) is None or not measurement.complete:
        return missing("scores")
    picks = {role: pick.params for role, pick in found.picks.items()}
    return drawn("scores", score_by_lr(measurement, picks), "" if found.is_even else CROWDED)


def _maps(found: Findings) -> Plot:
    measurement = found.measurement
    if not measurement.is_grid or len(measurement.axes) < 2 or not measurement.places:
        return missing("maps")
    places = {role: measurement.place_of(pick.params) for role, pick in found.picks.items()}
    measured = {role: place for role, place in places.items() if place is not None}
    return drawn("maps", score_maps(measurement, near_means(measurement), measured))


def _importance(found: Findings) -> Plot:
    if not found.importance:
        return missing("importance", adaptive=not found.is_even)
    return drawn("importance", importance(found.measurement.option, found.importance))


def _regrets(found: Findings) -> Plot:
    measurement = found.measurement
    if not found.is_even or not measurement.places:
        return missing("regrets", adaptive=not found.is_even)
    regret = regrets(measurement.sign * measurement.by_condition(measurement.scores).mean(axis=-1))
    table = np.array([regret[place] for place in measurement.places])
    names = [named(setting.params) for setting in measurement.places.values()]
    figure = regret_map(measurement.option, names, measurement.conditions, table, unit(measurement))
    return drawn("regrets", figure)
