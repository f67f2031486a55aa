"""Simulated sweeps: what tuning measures of a known optimizer, what it picks, and those on fresh seeds."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from benchmarks.synthetic import CHANCE, Flags, Floats, Objective, grid
from sweeps.report.statistics.divergence import grid_terms, risk
from sweeps.report.statistics.hazard import Hazard
from sweeps.report.statistics.robust import Index, pick, sound_settings

TUNING, FRESH = 3, 10
ORDERED = (True, True)
TERMS = grid_terms(grid()[0].shape, ORDERED)
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
        """The true mean score of a pick."""
        return float(self.objective.expected(*self.at(role)))

    def converged(self, role: str) -> float:
        """The true mean score of a pick's runs that converge."""
        return float(self.objective.converged(*self.at(role)))

    def unseen(self) -> Floats:
        """How far means may lie from the true ones as more or fewer runs diverge: (*axes, draws)."""
        scores, diverged = (values.reshape(-1, TUNING) for values in (self.scores, self.diverged))
        moved = risk(scores, diverged, TERMS, CHANCE).unseen(diverged.mean(axis=-1))
        return moved.reshape(*self.scores.shape[:-1], -1)

    def hazard(self, role: str, fresh: Mapping[str, Runs]) -> Hazard | None:
        """What may yet diverge of a pick that isn't sound; fresh: the runs of every pick."""
        place, (_, hurt) = self.picks[role], fresh[role]
        sound = sound_settings(self.scores.mean(axis=-1), self.diverged.any(axis=-1), ORDERED, lr_axis=0)
        if sound[place] and not hurt.any():
            return None
        scores, diverged = (np.pad(v, ((0, 0), (0, 0), (0, FRESH))) for v in (self.scores, self.diverged))
        scores[..., TUNING:] = np.nan
        scores[place], diverged[place] = np.nan, False  # it was picked for how it fared
        for other, (values, flags) in fresh.items():
            scores[self.picks[other]][TUNING:], diverged[self.picks[other]][TUNING:] = values, flags
        rows = (values.reshape(-1, TUNING + FRESH) for values in (scores, diverged))
        moved = risk(*rows, TERMS, CHANCE, nowhere=0).unseen(np.full(len(TERMS), hurt.mean()))
        return Hazard(hurt, moved.reshape(*self.scores.shape[:-1], -1)[place])

    def at(self, role: str) -> tuple[Floats, Floats]:
        """Learning rate and momentum of a pick."""
        lr, momentum = grid()
        return lr[self.picks[role]], momentum[self.picks[role]]

    def confirm(self, seeds: Floats, random: np.random.Generator) -> dict[str, Runs]:
        """Each pick's runs on fresh seeds, once where the picks are one setting."""
        runs = {role: self.objective.runs(*self.at(role), seeds, random) for role in self.picks}
        return dict.fromkeys(runs, runs["robust"]) if len(set(self.picks.values())) == 1 else runs


def swept(objective: Objective, random: np.random.Generator, seeds: int = TUNING) -> Sweep:
    """Tune an optimizer on the grid."""
    scores, diverged = objective.runs(*grid(), random.normal(size=seeds), random)
    picks = pick(scores.mean(axis=-1), diverged.any(axis=-1), ORDERED, lr_axis=0)
    return Sweep(objective, scores, diverged, {"peak": picks.peak, "robust": picks.robust})
