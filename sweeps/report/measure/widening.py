"""Hold what a sweep added to a range of learning rates whose end was best."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

End = Literal["low", "high"]


@dataclass(frozen=True)
class Widening:
    """The rows of settings that were added beyond the ends of the declared learning rates."""

    # how many may be added in all; 0 where a study can't be widened
    extend: int = 0
    # the added ones in turn: at which end, and their learning rate
    rows: Sequence[tuple[End, float]] = ()
    # why no more are added: "inside", "rows" or "limits"; empty while more may come
    stopped: str = ""
