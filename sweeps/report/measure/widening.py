"""Hold what a sweep added to a range of learning rates whose end was best."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

End = Literal["low", "high"]


@dataclass(frozen=True)
class Widening:
    """The rows of settings that were added beyond the ends of the declared learning rates."""

    # how many may be added in all
    extend: int = 0
    # the added ones in turn: at which end, and their learning rate
    rows: Sequence[tuple[End, float]] = ()
    # why no more are added: "inside", "rows" or "limits"; empty while more may come
    stopped: str = ""
    # the ends of the declared learning rates; None where a study can't widen
    declared: tuple[float, float] | None = None

    @property
    def is_on(self) -> bool:
        """Return whether rows are added wherever an end is best."""
        return self.extend > 0 and self.declared is not None

    @property
    def ends(self) -> tuple[float, float] | None:
        """Return the ends of the searched learning rates; None where a study can't widen."""
        if self.declared is None:
            return None
        lrs = [*self.declared, *(lr for _, lr in self.rows)]
        return min(lrs), max(lrs)
