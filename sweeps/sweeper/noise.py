"""The noise that a sweep is to expect, by an earlier one in its storage or by a small pilot."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import log10, sqrt
from pathlib import Path
from statistics import fmean, variance
from typing import Any

from optuna.storages import BaseStorage

from sweeps.numbers import format_digits
from sweeps.report.measure.from_storage import read
from sweeps.report.measure.metric import Metric
from sweeps.report.sentences.wording import format_difference
from sweeps.report.statistics.intervals import Spread, detectable
from sweeps.study.dotted_keys import ABSENT, is_at_or_below
from sweeps.sweeper.conf import StudySweeperConf
from sweeps.sweeper.expected import pair_deviation, seeds_needed
from sweeps.sweeper.functions import function_at
from sweeps.sweeper.plan import Plan, Planner
from sweeps.sweeper.replicates import overrides_by_label
from sweeps.trial import Job, NoTrial

# Numbers of seeds that a plan tells the power of.
SEEDS = (3, 10, 20)
# Differences that a plan tells the seeds for, as parts of the noise's order of magnitude.
DIFFERENCES = (1, 0.5, 0.3, 0.2)
# The seeds of a pilot, and the seconds that it may take.
PILOT_SEEDS, PILOT_SECONDS = 10, 60


@dataclass(frozen=True)
class Noise:
    """The standard deviation, over the seeds, of the difference of two good settings."""

    # in the objective's unit; nan where it isn't known
    deviation: float
    # where it comes from, as a sentence ends: "by the earlier sweep lecture"
    source: str = ""


def read_noise(storage: BaseStorage, plans: Sequence[Plan], settings: StudySweeperConf) -> Noise:
    """Return the noise of the storage's sweeps that differ from these plans in the optimizer alone."""
    names = []
    # Optuna's summaries would read all trials.
    for study in storage.get_all_studies():
        if _measures_alike(study.user_attrs, plans):
            names.append(study.study_name)
    metric = objective(settings)
    measurements = [
        measurement for measurement in read(storage, names) if measurement.metric.label == metric.label
    ]
    deviation = pair_deviation(measurements)
    sweeps = dict.fromkeys(measurement.study.split("/")[0] for measurement in measurements)
    return Noise(deviation, f"by the earlier sweep {', '.join(sweeps)}")


def _measures_alike(attributes: dict[str, Any], plans: Sequence[Plan]) -> bool:
    """Return whether a study's config is that of the plans, but for the optimizer and what comes with it."""
    config = attributes.get("config", {})
    first = plans[0]
    for key, value in first.config.items():
        # The plans themselves may differ in more: an optimizer may bring its scheduler along.
        is_common = all(plan.config.get(key, ABSENT) == value for plan in plans)
        is_studied = is_at_or_below(key, list(first.studied))
        if is_common and not is_studied and config.get(key, ABSENT) != value:
            return False
    return bool(config)


def measure_noise(planner: Planner, plans: Sequence[Plan]) -> Noise:
    """Return the noise of a pilot: each study's config itself, on a few seeds; what it writes is removed."""
    settings = planner.settings
    assert settings.stacked is not None
    axes = {key: values[:1] for key, values in settings.replicates.items()}
    seeds = {**axes, settings.confirm.key: range(PILOT_SEEDS)}
    table: list[list[float]] = []
    with tempfile.TemporaryDirectory() as folder:
        for plan in plans:
            jobs = []
            for label, overrides in overrides_by_label(seeds).items():
                config = planner.composer.compose([*plan.fixed, *overrides], with_hydra=False)
                job_folder = Path(folder, plan.name, label)
                job_folder.mkdir(parents=True)
                jobs.append(Job(config, job_folder, NoTrial()))
            outcomes = function_at(settings.stacked)(jobs)
            if any(isinstance(outcome, Exception) for outcome in outcomes):
                return Noise(float("nan"))
            table.append(outcomes)
    differences = [
        [a - b for a, b in zip(one, another, strict=True)] for one, another in combinations(table, 2)
    ]
    # The difference of two independent scores has twice the variance of one.
    variances = list(map(variance, differences)) or [2 * variance(table[0])]
    return Noise(fmean(variances) ** 0.5, f"roughly, by a pilot of {PILOT_SEEDS} seeds")


def describe_power(noise: Noise, settings: StudySweeperConf) -> str:
    """Return in a sentence which difference the sweep's seeds find, and which others do; empty if unknown."""
    count = settings.confirm.count or len(settings.replicates.get(settings.confirm.key, []))
    if not noise.deviation > 0 or count < 2:
        return ""
    sizes = {n: detectable(Spread(noise.deviation / sqrt(n), n - 1)) for n in (count, *SEEDS)}
    alternatives = [f"{n} seeds {format_digits(size, 2)}" for n, size in sizes.items() if n != count]
    difference = format_difference(objective(settings), sizes[count])
    power = f"{count} seeds find a difference of {difference} between two settings in 8 of 10 cases"
    return f"{power}; {', '.join(alternatives)}"


def describe_seeds(noise: Noise, settings: StudySweeperConf) -> str:
    """Return in a sentence how many seeds find smaller and smaller differences."""
    scale = 10.0 ** round(log10(noise.deviation))
    differences = [scale * part for part in DIFFERENCES]
    unit = " points" if objective(settings).is_percent else ""
    sizes = ", ".join(format_digits(difference) for difference in differences)
    counts = ", ".join(str(seeds_needed(difference, noise.deviation)) for difference in differences)
    return f"to find {sizes}{unit} takes {counts} seeds"


def objective(settings: StudySweeperConf) -> Metric:
    """Return what the sweep measures."""
    name = (settings.metric_names or ["objective"])[0]
    return Metric.parse(name, 1 if settings.directions[0] == "maximize" else -1)
