"""What a measurement says of how often its settings diverge, beyond what was seen of each alone."""

import numpy as np

from sweeps.report.findings.fresh import fresh_diverged
from sweeps.report.findings.picks import points_of, sound
from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.settings import Params
from sweeps.report.statistics.continuous import in_cube
from sweeps.report.statistics.divergence import grid_terms, risk, walk
from sweeps.report.statistics.hazard import Hazard
from sweeps.report.statistics.robust import Flags, Floats, Index

# Between so many values of a continuous axis the log odds of divergence are linear.
KNOTS = 5


def unseen_in_tuning(measurement: Measurement) -> Floats | None:
    """How far the settings' means may lie from the true ones, higher is better: (*shape, draws).

    None where nothing is known of divergence: what guessing scores, or the distances of the settings.
    """
    terms = _terms(measurement)
    if terms is None or measurement.chance is None:
        return None
    scores, diverged = _by_setting(measurement, measurement.scores, measurement.diverged)
    found = risk(measurement.sign * scores, diverged, terms, measurement.sign * measurement.chance)
    return _over_conditions(measurement, found.unseen(diverged.mean(axis=-1)))


def hazard(measurement: Measurement, params: Params) -> Hazard | None:
    """What may yet diverge of a setting on fresh seeds, unless it is sound and no run of it diverged there.

    A sound one has an lr inside the range, and no run of it or beside it diverged. None too where nothing is
    known of divergence. The setting's own tuning runs say nothing here: it was picked for how they fared.
    """
    place, terms = measurement.place_of(params), _terms(measurement)
    diverged = fresh_diverged(measurement, params)
    if place is None or terms is None or measurement.chance is None or not len(diverged):
        return None
    if not (diverged.any() or not sound(measurement)[place]):
        return None
    scores, flags = _with_fresh(measurement, place)
    found = risk(measurement.sign * scores, flags, terms, measurement.sign * measurement.chance, nowhere=0)
    seeds = slice(len(measurement.seeds), None)
    known = np.sum(~np.isnan(scores[:, seeds]), axis=-1)
    shares = flags[:, seeds].sum(axis=-1) / np.maximum(known, 1)
    return Hazard(diverged, _over_conditions(measurement, found.unseen(shares))[place])


def _with_fresh(measurement: Measurement, picked: Index) -> tuple[Floats, Flags]:
    """Scores and divergence of the tuning, then of the fresh seeds: (settings under conditions, seeds).

    Of the picked setting on the fresh seeds alone.
    """
    confirmation = measurement.confirmation
    fresh = np.full((*measurement.shape, len(confirmation.replicates)), np.nan)
    hurt = np.zeros(fresh.shape, dtype=bool)
    for place, setting in measurement.places.items():
        fresh[place] = confirmation.scores(setting.params)
        hurt[place] = confirmation.diverged(setting.params)
    tuned, flags = measurement.scores.copy(), measurement.diverged.copy()
    tuned[picked], flags[picked] = np.nan, False
    scores, diverged = _by_setting(measurement, tuned, flags)
    fresh, hurt = _by_setting(measurement, fresh, hurt)
    return np.concatenate([scores, fresh], axis=-1), np.concatenate([diverged, hurt], axis=-1)


def _by_setting(measurement: Measurement, scores: Floats, diverged: Flags) -> tuple[Floats, Flags]:
    """(*shape, replicates) as (settings under conditions, seeds)."""
    seeds = scores.shape[-1] // len(measurement.conditions)
    return scores.reshape(-1, seeds), diverged.reshape(-1, seeds)


def _over_conditions(measurement: Measurement, values: Floats) -> Floats:
    """(settings under conditions, draws) as (*shape, draws), means over the conditions."""
    crossed = values.reshape(*measurement.shape, len(measurement.conditions), -1)
    means: Floats = crossed.mean(axis=-2)
    return means


def _terms(measurement: Measurement) -> Floats | None:
    """What the log odds of divergence are made of: (settings under conditions, terms)."""
    if measurement.is_grid:
        terms = grid_terms(measurement.shape, measurement.ordered)
    elif (points := points_of(measurement)) is not None:
        cube = in_cube(points.values, points.ends, points.log)
        terms = np.concatenate([walk(along * (KNOTS - 1), KNOTS) for along in cube.T], axis=1)
    else:
        return None
    count = len(measurement.conditions)
    return np.concatenate(
        [np.repeat(terms, count, axis=0), np.tile(grid_terms((count,), (False,)), (len(terms), 1))], axis=1
    )
