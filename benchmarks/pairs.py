"""Measure two sides in turn, such as this checkout and an earlier one, and compare them pair by pair.

    sides = {"before": Checkout(baseline), "now": Checkout()}
    measures = {name: partial(seconds, side) for name, side in sides.items()}
    print(compare("wall, s", alternate(measures, pairs=5)))

Each side runs in processes of its own, with its own environment's Python. The order turns around from pair to
pair (ABBA), so that a machine that grows slower or faster favours neither.
"""

import ctypes
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TypeVar

Figure = TypeVar("Figure")

HERE = Path(__file__).parent.parent
SET_CHILD_SUBREAPER = 36  # of prctl: a process whose parent is gone becomes this one's child, and is counted


@dataclass(frozen=True)
class ProcessCost:
    """The cost of a command with all processes that it starts."""

    # Seconds until the command itself ends.
    wall: float
    # Seconds of all processes.
    processor: float
    # Peak MiB of the largest process.
    memory: float
    # What it printed.
    output: str = field(repr=False)


@dataclass(frozen=True)
class Checkout:
    """A checkout of `sweeps` that has an environment in `.venv`."""

    # Its folder.
    root: Path = HERE

    def run(self, *arguments: str | Path, folder: Path | None = None) -> ProcessCost:
        """Run this checkout's Python in that folder, or in its own: `run("-m", "sweeps.run", "epochs=1")`."""
        command = [str(self.root.absolute() / ".venv" / "bin" / "python"), *map(str, arguments)]
        return run_process(command, folder or self.root)


def run_process(
    command: Sequence[str], folder: Path, variables: Mapping[str, str] | None = None
) -> ProcessCost:
    """Run a command and return its cost; raise CalledProcessError, with what it printed, if it fails.

    Waits for all processes that it leaves behind too, so the caller may have no other children.
    variables: of its environment, beside this process's own.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_CHILD_SUBREAPER, 1)
    hidden = ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "VIRTUAL_ENV")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    environment |= variables or {}
    with tempfile.TemporaryFile("w+") as output:
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output)
        wall, processor, memory = 0.0, 0.0, 0
        while True:
            try:
                child, status, usage = os.wait4(-1, 0)
            except ChildProcessError:
                break
            if child == process.pid:
                wall = time.perf_counter() - start
                process.returncode = os.waitstatus_to_exitcode(status)
            processor += usage.ru_utime + usage.ru_stime
            memory = max(memory, usage.ru_maxrss)
        output.seek(0)
        text = output.read()
    if process.returncode:
        print(text, file=sys.stderr)
        raise subprocess.CalledProcessError(process.returncode, command, text)
    return ProcessCost(wall, processor, memory / 1024, text)


def alternate(measures: Mapping[str, Callable[[], Figure]], pairs: int) -> dict[str, list[Figure]]:
    """Return what each side's function gives, once a pair, in an order that turns around: ABBA."""
    figures: dict[str, list[Figure]] = {side: [] for side in measures}
    for pair in range(pairs):
        for side in list(measures)[:: -1 if pair % 2 else 1]:
            figures[side].append(measures[side]())
    return figures


def compare(name: str, figures: Mapping[str, Sequence[float]]) -> str:
    """Return a line: median [least, most] of each side, and of the first over another in each pair."""
    first, *others = figures
    texts = [f"{side} {spread(values)}" for side, values in figures.items()]
    for other in others:
        ratios = [high / low for high, low in zip(figures[first], figures[other], strict=True)]
        texts.append(f"{first} / {other} {spread(ratios)}")
    return f"{name}: {'; '.join(texts)}; n = {len(figures[first])}"


def spread(values: Sequence[float]) -> str:
    """Return median [least, most]."""
    return f"{digits(median(values))} [{digits(min(values))}, {digits(max(values))}]"


def digits(value: float) -> str:
    """Return a figure with three digits, and all of them before the point."""
    return f"{value:.0f}" if abs(value) >= 99.95 else f"{value:#.3g}"
