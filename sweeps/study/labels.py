"""The labels of replicates: they name folders, keys of records and rows of tables."""

import json
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

# The label of the one replicate of a sweep that repeats nothing.
SINGLE = "run"


def label_replicates(axes: Mapping[str, Sequence[Any]]) -> dict[str, dict[str, Any]]:
    """Return each combination of the axes' values by its label, "seed=0,model.norm=none" or "run"."""
    replicates = {}
    for combination in product(*axes.values()):
        values = dict(zip(axes, combination, strict=True))
        label = ",".join(f"{key}={_yaml(value)}" for key, value in values.items())
        replicates[label or SINGLE] = values
    return replicates


def _yaml(value: Any) -> str:
    """Return a value as YAML and Hydra write it."""
    return json.dumps(value) if isinstance(value, bool) or value is None else str(value)
