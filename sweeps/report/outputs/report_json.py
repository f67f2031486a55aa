"""Write all findings as plain values: report.json."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sweeps.report.findings.best_of_k import best_of_k
from sweeps.report.findings.joint import Joint
from sweeps.report.findings.picked import near_means
from sweeps.report.findings.study import Findings
from sweeps.report.statistics.conditions import regrets


def write_report_json(studies: Sequence[Findings], joint: Joint, path: Path) -> None:
    """Write strict JSON: what isn't a finite number is null."""
    by_study = {
        findings.measurement.study: {"found": findings, "series": series(findings)} for findings in studies
    }
    values = to_json({"studies": by_study, "together": joint})
    path.write_text(json.dumps(values, indent=1, allow_nan=False) + "\n")


def series(findings: Findings) -> dict[str, Any]:
    """Return the arrays that figures are drawn from, along the axes or else over the complete settings."""
    measurement = findings.measurement
    if not measurement.complete:
        return {}
    arrays: dict[str, Any] = {"mean": measurement.scores.mean(axis=-1), "R": near_means(measurement)}
    if len(measurement.conditions) > 1:
        arrays["conditions"] = _by_condition(findings)
    if findings.is_even:
        arrays["best_of_k"] = best_of_k(measurement)
    return arrays


def _by_condition(findings: Findings) -> dict[str, Any]:
    """Return each condition's means and regrets."""
    measurement = findings.measurement
    means = measurement.by_condition(measurement.scores).mean(axis=-1)
    regret = regrets(measurement.sign * means)
    return {
        label: {"mean": means[..., number], "regret": regret[..., number]}
        for number, label in enumerate(measurement.conditions)
    }


def to_json(value: Any) -> Any:
    """Return dataclasses and named tuples as dictionaries of their fields, arrays as nested lists.

    Without learning curves: they lie in each run's folder.
    """
    if is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in fields(value) if field.name != "curves"]
        return {name: to_json(getattr(value, name)) for name in names}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return to_json(value._asdict())
    if isinstance(value, Mapping):
        return {_key(key): to_json(part) for key, part in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return to_json(value.tolist())
    if isinstance(value, list | tuple):
        return [to_json(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _key(key: Any) -> str:
    return ",".join(map(str, key)) if isinstance(key, tuple) else str(key)
