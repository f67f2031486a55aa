"""What counts as a number where a user writes one."""

import math
from typing import Any


def is_finite_number(value: Any) -> bool:
    """Return whether a value is a finite number, which true, false and text are not."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
