"""Numbers as they are printed."""

import math

import pytest

from sweeps.numbers import format_digits


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (150, 2, "150"),
        (153.2, 2, "150"),
        (0.5, 2, "0.5"),
        (9.96, 2, "10"),
        (12345.678, 4, "12350"),
        (1e6, 6, "1000000"),
        (1.25e9, 2, "1.2e9"),
        (0.0003, 3, "0.0003"),
        (1e-5, 6, "1e-5"),
        (-0.000015, 6, "-1.5e-5"),
        (0, 3, "0"),
        (math.inf, 2, "inf"),
    ],
)
def test_a_number_reads_as_a_person_writes_it(value: float, digits: int, text: str) -> None:
    assert format_digits(value, digits) == text
