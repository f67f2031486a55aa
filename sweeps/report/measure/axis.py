"""Hold a searched parameter, and write parameters and their values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sweeps.numbers import format_digits
from sweeps.study.parameter import Parameter


@dataclass(frozen=True)
class Axis:
    """A searched parameter."""

    name: str
    # the finite ones, sorted where they are ordered; the two ends of a continuous one
    values: Sequence[Any]
    ordered: bool
    # steps are factors, so that widths and distances are those of the logarithm
    log: bool
    continuous: bool = False
    # those of the values that widening added to the declared ones
    added: Sequence[Any] = ()
    # a custom search space gives it to some of the settings alone
    is_conditional: bool = False

    @property
    def declared(self) -> list[Any]:
        """Return the values that the search was declared with."""
        return [value for value in self.values if value not in self.added]

    @property
    def short(self) -> str:
        """Return the name without its config group: lr for optimizer.lr."""
        return shorten(self.name)


def shorten(name: str) -> str:
    """Return a stored parameter's name without its config group: lr for optimizer.lr."""
    return Parameter.from_name(name).short


def format_value(value: Any) -> str:
    """Return a value as a label shows it."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return format_digits(value, 3) if isinstance(value, float) else str(value)
