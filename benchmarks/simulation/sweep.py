"""Simulated sweeps: what tuning measures of a known optimizer, what it picks, and those on fresh seeds."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.simulation.objective import CHANCE, Flags, Floats, Objective, grid
from sweeps.report.statistics.arrays import Index
from sweeps.report.statistics.robust import pick
from sweeps.report.statistics.stability import pick_frequencies

TUNING, FRESH = 3, 10
ORDERED = (True, True)
ROLES = ("robust", "peak")
Runs = tuple[Floats, Flags]  # scores and divergence, (seeds,)


@dataclass(frozen=True)
class Sweep:
    """A simulated sweep of one optimizer: its truth, what tuning measured, what it picked."""

    objective: Objective
    scores: Floats
    diverged: Flags
    picks: Mapping[str, Index]

    def true(self, role: str) -> float:
        """Return the true mean score of a pick."""
        return float(self.objective.expected(*self.at(role)))

    def converged(self, role: str) -> float:
        """Return the true mean score of a pick's runs that converge."""
        return float(self.objective.converged(*self.at(role)))

    def shown(self) -> Floats:
        """Return the settings' true means, were runs to diverge as often as those of the tuning did."""
        share = self.diverged.mean(axis=-1)
        return np.asarray(share * CHANCE + (1 - share) * self.objective.converged(*grid()))

    def pick_frequencies(self) -> dict[str, Floats]:
        """Return by role how often each setting is picked when the seeds are drawn again."""

        return pick_frequencies(choose, self.scores, self.diverged, self.scores.shape[:-1])

    def at(self, role: str) -> tuple[Floats, Floats]:
        """Return the learning rate and momentum of a pick."""
        lr, momentum = grid()
        return lr[self.picks[role]], momentum[self.picks[role]]

    def confirm(self, seeds: Floats, random: np.random.Generator) -> dict[str, Runs]:
        """Return each pick's runs on fresh seeds, once where the picks are one setting."""
        runs = {role: self.objective.runs(*self.at(role), seeds, random) for role in self.picks}
        return dict.fromkeys(runs, runs["robust"]) if len(set(self.picks.values())) == 1 else runs


def tune(objective: Objective, random: np.random.Generator, seeds: int = TUNING) -> Sweep:
    """Tune an optimizer on the grid."""
    scores, diverged = objective.runs(*grid(), random.normal(size=seeds), random)
    return Sweep(objective, scores, diverged, choose(scores, diverged))


def choose(scores: Floats, diverged: Flags) -> dict[str, Index]:
    """Return the picks by role, the peak as the robust one where none is: scores, diverged (*axes, seeds)."""
    lrs = grid()[0][:, 0].tolist()
    all_diverged, any_diverged = np.asarray(diverged.all(axis=-1)), np.asarray(diverged.any(axis=-1))
    picks = pick(scores.mean(axis=-1), all_diverged, any_diverged, ORDERED, 0, lrs)
    peak = picks.peak or (0, 0)
    return {"peak": peak, "robust": picks.robust or peak}
