"""What was found as plain values: report.json."""

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np


def write_numbers(found: Any, path: Path) -> None:
    """Strict JSON: what isn't a finite number is null."""
    path.write_text(json.dumps(jsonable(found), indent=1, allow_nan=False) + "\n")


def jsonable(value: Any) -> Any:
    """Dataclasses and named tuples as dictionaries of their fields, arrays as nested lists.

    Without learning curves: they lie in each run's folder.
    """
    if is_dataclass(value) and not isinstance(value, type):
        named = {field.name: getattr(value, field.name) for field in fields(value)}
        return {name: jsonable(part) for name, part in named.items() if name != "curves"}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return jsonable(value._asdict())
    if isinstance(value, Mapping):
        return {_key(key): jsonable(part) for key, part in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return jsonable(value.tolist())
    if isinstance(value, list | tuple):
        return [jsonable(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _key(key: Any) -> str:
    return ",".join(map(str, key)) if isinstance(key, tuple) else str(key)
