"""Read from a sweep's report.json what a comparison of several sweeps needs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sweeps.report.measure.metric import Metric
from sweeps.report.measure.settings import Params
from sweeps.report.statistics.intervals import Estimate

REPORT_FILE = "report.json"


@dataclass(frozen=True)
class MeasuredSetting:
    """A setting on the tuning seeds of a sweep."""

    params: Params
    # over all of its runs
    mean: float
    runs: int
    diverged: int


@dataclass(frozen=True)
class StoredComparison:
    """Two optimizers in a sweep."""

    first: str
    second: str
    # first - second, above 0 where the first is better
    difference: Estimate
    # its standard error
    error: float
    # why it is unknown which is better, or ""
    reason: str


@dataclass(frozen=True)
class Sweep:
    """One sweep."""

    # as a table names it
    name: str
    # what the differences are of, and what the settings were tuned by
    metric: Metric
    objective: Metric
    # by option: its config's leaves, the complete settings, and what is recommended
    configs: Mapping[str, Mapping[str, Any]]
    settings: Mapping[str, Sequence[MeasuredSetting]]
    recommended: Mapping[str, Params]
    comparisons: Sequence[StoredComparison]


def read_sweep(folder: Path, name: str) -> Sweep:
    """Return the sweep of a folder. Raises ValueError where it has no report, or one of another version."""
    file = folder / REPORT_FILE
    remedy = "write it with `python -m sweeps.report`, which takes the sweep's --storage and --study"
    if not file.is_file():
        raise ValueError(f"{folder} holds no {REPORT_FILE}; {remedy}")
    try:
        return _parse(json.loads(file.read_text()), name)
    except (KeyError, TypeError, json.JSONDecodeError):
        raise ValueError(f"{file} is not of this version of sweeps; {remedy}") from None


def _parse(report: Mapping[str, Any], name: str) -> Sweep:
    studies = [study["found"] for study in report["studies"].values()]
    by_option = {study["measurement"]["option"]: study for study in studies}
    recommended = {option: study["recommended"] for option, study in by_option.items()}
    return Sweep(
        name=name,
        metric=Metric(**report["together"]["metric"]),
        objective=Metric(**studies[0]["measurement"]["metric"]),
        configs={option: study["measurement"]["config"] for option, study in by_option.items()},
        settings={option: _settings(study["measurement"]) for option, study in by_option.items()},
        recommended={option: pick["params"] for option, pick in recommended.items() if pick},
        comparisons=[_comparison(pair) for pair in report["together"]["comparisons"]],
    )


def _settings(measurement: Mapping[str, Any]) -> list[MeasuredSetting]:
    settings = []
    for setting in measurement["settings"]:
        runs = list(setting["runs"].values())
        if setting["state"] == "complete" and runs:
            mean = sum(run["value"] for run in runs) / len(runs)
            diverged = sum(run["diverged"] for run in runs)
            settings.append(MeasuredSetting(setting["params"], mean, len(runs), diverged))
    return settings


def _comparison(pair: Mapping[str, Any]) -> StoredComparison:
    limits = {key: _number(value) for key, value in pair["difference"].items()}
    error = _number(pair["error"]["sd"])
    return StoredComparison(pair["first"], pair["second"], Estimate(**limits), error, pair["reason"])


def _number(value: float | None) -> float:
    """Return a figure of the file, in which null stands for nan."""
    return float("nan") if value is None else value
