"""Read from a sweep's report.json what a comparison of several sweeps needs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sweeps.report.measure.metric import Metric
from sweeps.report.measure.settings import FinishedRun, Params, Setting
from sweeps.report.statistics.compare import Comparison
from sweeps.report.statistics.intervals import Estimate, Spread

REPORT_FILE = "report.json"


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
    settings: Mapping[str, Sequence[Setting]]
    recommended: Mapping[str, Params]
    comparisons: Sequence[Comparison]


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


def _settings(measurement: Mapping[str, Any]) -> list[Setting]:
    """Return the complete settings."""
    settings = []
    for setting in measurement["settings"]:
        runs = {label: FinishedRun(**run) for label, run in setting["runs"].items()}
        settings.append(Setting(**{**setting, "runs": runs}))
    return [setting for setting in settings if setting.is_complete]


def _comparison(pair: Mapping[str, Any]) -> Comparison:
    difference, error = Estimate(**_restore_nan(pair["difference"])), Spread(**_restore_nan(pair["error"]))
    return Comparison(**{**_restore_nan(pair), "difference": difference, "error": error})


def _restore_nan(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Return figures of the file, in which null stands for nan."""
    return {name: float("nan") if value is None else value for name, value in figures.items()}
