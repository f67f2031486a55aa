"""The parameters of a study, by the names that Optuna stores."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

# How the stored name of a parameter begins that is sampled by its distance from 1.
_COMPLEMENT = "1 - "


@dataclass(frozen=True)
class Parameter:
    """A searched parameter: an override's key, and how its value is sampled."""

    # the key as on a command line: "optimizer.lr", or "+optimizer.lr" for one that the config lacks
    override: str
    # whether Optuna samples, and stores, 1 minus the override's value
    is_complement: bool = False

    @classmethod
    def from_name(cls, name: str) -> Self:
        """Return the parameter of a name that Optuna stores."""
        return cls(name.removeprefix(_COMPLEMENT), name.startswith(_COMPLEMENT))

    @property
    def name(self) -> str:
        """Return what Optuna calls the parameter: "1 - optimizer.momentum" for a complement."""
        return (_COMPLEMENT if self.is_complement else "") + self.override

    @property
    def key(self) -> str:
        """Return the dotted key that the override sets in the config."""
        return self.override.lstrip("+~")

    @property
    def short(self) -> str:
        """Return the name without its config group: lr for optimizer.lr, 1-alpha for a complement."""
        name = self.key.split(".", 1)[-1]
        # A number alone names nothing.
        return ("1-" if self.is_complement else "") + (self.key if name[:1].isdigit() else name)

    @property
    def is_lr(self) -> bool:
        """Return whether it is a learning rate: lr, or <group>.lr."""
        return self.short == "lr"

    def is_log(self, values: Sequence[Any]) -> bool:
        """Return whether steps between values are factors: of a learning rate, or beyond a factor of ten."""
        return min(values) > 0 and (self.is_lr or max(values) > 10 * min(values))

    def to_override_value(self, stored_value: Any) -> Any:
        """Return the override's value for a stored one."""
        return 1 - stored_value if self.is_complement else stored_value

    def to_stored_value(self, value: Any) -> Any:
        """Return what Optuna would store for a value of the config."""
        is_number = isinstance(value, int | float)
        return round(1 - value, 12) if self.is_complement and is_number else value
