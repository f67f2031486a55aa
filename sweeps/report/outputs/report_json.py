"""Write all findings as plain values: report.json."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sweeps.report.findings.joint import Joint
from sweeps.report.findings.study import Findings

# Learning curves lie in each run's folder; series stand beside the findings that hold them.
OMITTED = {"curves", "series"}


def write_report_json(studies: Sequence[Findings], joint: Joint, path: Path) -> None:
    """Write strict JSON: what isn't a finite number is null."""
    by_study = {
        findings.measurement.study: {"found": findings, "series": findings.series} for findings in studies
    }
    values = to_json({"studies": by_study, "together": joint})
    path.write_text(json.dumps(values, indent=1, allow_nan=False) + "\n")


def to_json(value: Any) -> Any:
    """Return dataclasses as dictionaries of their fields, arrays as nested lists."""
    if is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in fields(value) if field.name not in OMITTED]
        return {name: to_json(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {_join_key(key): to_json(part) for key, part in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return to_json(value.tolist())
    if isinstance(value, list | tuple):
        return [to_json(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _join_key(key: Any) -> str:
    return ",".join(map(str, key)) if isinstance(key, tuple) else str(key)
