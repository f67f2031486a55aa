"""How a whole sweep's cost grows with its trials and its workers.

    uv run python benchmarks/growth.py --trials 10 100 1000 --workers 1 2 4

Each sweep trains one epoch on 1,797 images of digits a trial, so that what a trial costs beside its training
shows. Wall seconds, processor seconds of all processes, and the peak memory of the largest process; starting
up included. Sizes take turns in each repeat. Median [lowest, highest] of n.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from itertools import product
from pathlib import Path
from statistics import median
from typing import NamedTuple

ROOT = Path(__file__).parent.parent


class Cost(NamedTuple):
    """wall, processor: seconds; memory: MiB of the largest process."""

    wall: float
    processor: float
    memory: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", nargs="+", type=int, default=[10, 100, 1000])
    parser.add_argument("--workers", nargs="+", type=int, default=[1, 2, 4])
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    costs: dict[tuple[int, int], list[Cost]] = defaultdict(list)
    for _ in range(asked.repeats):
        for size in product(asked.trials, asked.workers):
            costs[size].append(measured(*size))
    print("| trials | workers | wall, s | processor, s | processor a trial, ms | peak memory, MiB |")
    print("|---|---|---|---|---|---|")
    for (trials, workers), found in costs.items():
        wall, processor, memory = (spread(values) for values in zip(*found, strict=True))
        each = spread([1000 * cost.processor / trials for cost in found])
        print(f"| {trials} | {workers} | {wall} | {processor} | {each} | {memory} |")
    print(f"n = {asked.repeats}")


def measured(trials: int, workers: int) -> Cost:
    """What a sweep costs, in a process of its own, so that its memory is its own too."""
    with tempfile.TemporaryDirectory() as folder:
        inner = [sys.executable, __file__, "--one", folder, str(trials), str(workers)]
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
        printed = subprocess.run(inner, check=True, env=environment, stdout=subprocess.PIPE, text=True).stdout
    return Cost(*map(float, printed.split()))


def one(folder: str, trials: str, workers: str) -> None:
    """Run one sweep and print its cost."""
    command = [sys.executable, "-m", "sweeps.run", "-m", "optimizer=sgd", "data=digits", "epochs=1"]
    command += ["optimizer.lr=interval(0.001,0.1)", "optimizer.momentum=0.9", "hydra/sweeper/sampler=random"]
    command += [f"hydra.sweeper.n_trials={trials}", f"hydra.sweeper.n_jobs={workers}", "confirm=off"]
    command += ["hydra.sweeper.replicates.seed=[0]", "hydra.sweeper.report=false", f"outputs={folder}"]
    began = time.perf_counter()
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    wall = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def spread(values: list[float] | tuple[float, ...]) -> str:
    """Median and range."""
    return f"{median(values):.1f} [{min(values):.1f}, {max(values):.1f}]"


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(*sys.argv[2:])
    else:
        main()
