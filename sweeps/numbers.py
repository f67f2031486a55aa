"""Numbers as people write them: what counts as one, and how one is printed."""

import math
from typing import Any


def is_finite_number(value: Any) -> bool:
    """Return whether a value is a finite number, which true, false and text are not."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def format_digits(value: float, digits: int = 6) -> str:
    """Return a number to so many significant digits, at most 6: 0.3, 150, 1e-5."""
    # Seven digits are written out; else 150 would be 1.5e+02 to two digits.
    return shorten_exponent(f"{float(f'{value:.{digits}g}'):.7g}")


def shorten_exponent(text: str) -> str:
    """Return a number that is written 1.5e-05 as 1.5e-5, and any other as it is."""
    mantissa, _, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa
