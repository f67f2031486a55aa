"""Hold settings that were trained again on fresh seeds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sweeps.report.measure.settings import FinishedRun, Params, Replicate, Setting
from sweeps.report.statistics.arrays import Flags, Floats

# The user attribute of a study that confirms another, which it names, and what its own name adds to that's.
CONFIRMS, SUFFIX = "confirms", "/confirm"


@dataclass(frozen=True)
class Confirmation:
    """Settings trained again on fresh seeds: the only runs that read the test split."""

    # the confirming study's name; None where there is none
    study: str | None = None
    # how many seeds the sweep wants; 0 for `confirm=off`
    wanted: int = 0
    # by what the recommended setting's learning rate is multiplied, to see how it holds there
    factors: Sequence[float] = ()
    # the fresh seeds, under every condition
    replicates: Sequence[Replicate] = ()
    # every one that was, or is being, confirmed
    settings: Sequence[Setting] = ()
    # how many the test split holds, where the jobs say so
    test_images: int | None = None

    def of(self, params: Params) -> Setting | None:
        """Return the setting with these parameters, if it is there: that with the most finished runs."""
        candidates = [setting for setting in self.settings if dict(setting.params) == dict(params)]
        return max(candidates, key=lambda setting: len(setting.runs), default=None)

    def scores(self, params: Params) -> Floats:
        """Return validation scores of a setting, one a replicate, nan where there is none."""
        return self.over_replicates(params, lambda run: run.value)

    def tests(self, params: Params) -> Floats:
        """Return test accuracies of a setting, one a replicate, nan where there is none."""
        return self.over_replicates(params, lambda run: np.nan if run.test is None else run.test)

    def diverged(self, params: Params) -> Flags:
        """Flag a setting's runs that diverged, one a replicate."""
        return np.equal(self.over_replicates(params, lambda run: run.diverged), 1)

    def over_replicates(self, params: Params, of: Callable[[FinishedRun], float]) -> Floats:
        """Return a value of each of a setting's runs, one a replicate, nan where there is none."""
        values = np.full(len(self.replicates), np.nan)
        setting = self.of(params)
        for number, replicate in enumerate(self.replicates):
            if setting and replicate.label in setting.runs:
                values[number] = of(setting.runs[replicate.label])
        return values
