"""The settings of a grid that is too large for a list."""

from collections.abc import Iterator, Mapping, Sequence
from math import gcd, prod
from random import Random
from typing import Any, overload

# Settings that a list may hold.
MOST_LISTED = 100_000

Point = tuple[Any, ...]


class LargeGrid(Sequence[Point]):
    """Settings that are made when they are asked for: values by the parameters' names, sorted.

    values: of each parameter. first: the settings that it begins with. seed: of the order of the others;
    without one it is that of the values, the last parameter fastest.

    The i-th setting has the index i * step + start, modulo their count: each index comes once, as the step
    shares no factor with the count.
    """

    def __init__(self, values: Mapping[str, Sequence[Any]], seed: int | None, first: Sequence[Point]) -> None:
        self._values = values
        self._names = sorted(values)
        self._size = prod(len(each) for each in values.values())
        self._step, self._start = (1, 0) if seed is None else self._draw(Random(seed))
        self._first = list(first)
        self._turns = sorted(map(self._turn_of, self._first))

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, number: int) -> Point: ...
    @overload
    def __getitem__(self, number: slice) -> list[Point]: ...
    def __getitem__(self, number: int | slice) -> Point | list[Point]:
        if isinstance(number, slice):
            return [self[each] for each in range(*number.indices(self._size))]
        if not 0 <= number < self._size:
            raise IndexError(number)
        if number < len(self._first):
            return self._first[number]
        turn = number - len(self._first)
        for earlier in self._turns:  # what comes first comes once
            turn += earlier <= turn
        setting = dict(self._digits((turn * self._step + self._start) % self._size))
        return tuple(setting[name] for name in self._names)

    def _draw(self, random: Random) -> tuple[int, int]:
        start, step = random.randrange(self._size), 0
        while gcd(step, self._size) != 1:
            step = random.randrange(1, self._size)
        return step, start

    def _digits(self, index: int) -> Iterator[tuple[str, Any]]:
        for name in reversed(list(self._values)):
            values = self._values[name]
            index, digit = divmod(index, len(values))
            yield name, values[digit]

    def _turn_of(self, point: Point) -> int:
        setting = dict(zip(self._names, point, strict=True))
        index = 0
        for name, values in self._values.items():
            index = index * len(values) + list(values).index(setting[name])
        return (index - self._start) * pow(self._step, -1, self._size) % self._size
