"""The one form in which a study holds a value: as Optuna stores it, and as an override sets it.

Numbers and flags are themselves. All else is the text that Hydra's override grammar reads as the value:
adam, null, [75,45], 'two words'. Equal values are equal text, which can be compared, grouped and stored.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalChoiceType, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, Trial

# The user attribute of a study, and of a trial with values that its study didn't declare, that tells a reader
# without Hydra's grammar what text means: plain values by text.
LITERALS = "literals"

# Words that the override grammar doesn't read as text.
RESERVED = {"null", "true", "false", "nan", "inf"}


def to_stored(value: Any) -> CategoricalChoiceType:
    """Return a plain value, of Python, JSON or YAML, as a study holds it."""
    return value if isinstance(value, bool | int | float) else format_literal(value)


def format_literal(value: Any) -> str:
    """Return a plain value as Hydra's override grammar writes it."""
    if isinstance(value, str):
        is_plain = re.fullmatch(r"[A-Za-z_][\w./-]*( [\w./-]+)*", value, re.ASCII)
        return value if is_plain and value.lower() not in RESERVED else _quote(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_escape(key)}:{format_literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Sequence):
        return "[" + ",".join(format_literal(item) for item in value) + "]"
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _quote(text: str) -> str:
    """Return a text in quotes; a backslash is one character but before a quote, where it is written twice."""
    escaped = re.sub(r"(\\*)('|\Z)", lambda end: end[1] * 2 + (r"\'" if end[2] else ""), text)
    return f"'{escaped}'"


def _escape(key: Any) -> str:
    """Return the key of a dictionary, which can't be quoted."""
    return re.sub(r"([\\()\[\]{}:=,\s])", r"\\\1", str(key))


def count_steps(distribution: FloatDistribution | IntDistribution) -> int:
    """Return how many values a distribution with a step has."""
    assert distribution.step is not None
    return round((distribution.high - distribution.low) / distribution.step) + 1


def list_steps(distribution: FloatDistribution) -> list[float]:
    """Return the values of a distribution with a step: decimals, as a user reads its bounds."""
    low, high, step = (
        Decimal(str(bound)) for bound in (distribution.low, distribution.high, distribution.step)
    )
    return [float(low + number * step) for number in range(round((high - low) / step) + 1)]


def read_params(trial: Trial | FrozenTrial) -> dict[str, Any]:
    """Return a trial's parameters as a study holds them, whoever wrote the trial.

    Optuna draws 0.30000000000000004 from 0.1, 0.2, ...; another program may store a list.
    """
    distributions = trial.distributions
    return {name: read_value(distributions[name], value) for name, value in trial.params.items()}


def read_value(distribution: BaseDistribution, value: Any) -> Any:
    """Return a value that Optuna stores for a parameter as a study holds it."""
    if isinstance(distribution, FloatDistribution) and distribution.step is not None:
        low, step = Decimal(str(distribution.low)), Decimal(str(distribution.step))
        return float(low + round((Decimal(value) - low) / step) * step)
    return value if isinstance(value, str) else to_stored(value)
