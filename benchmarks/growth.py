"""Measure how a whole sweep's cost grows with its trials and its workers.

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
    """The cost of a sweep."""

    # Seconds, start-up included.
    wall: float
    # Seconds of all processes.
    processor: float
    # MiB of the largest process.
    memory: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", nargs="+", type=int, default=[10, 100, 1000])
    parser.add_argument("--workers", nargs="+", type=int, default=[1, 2, 4])
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    costs: dict[tuple[int, int], list[Cost]] = defaultdict(list)
    for _ in range(arguments.repeats):
        for size in product(arguments.trials, arguments.workers):
            costs[size].append(measure_sweep(*size))
    print("| trials | workers | wall, s | processor, s | processor a trial, ms | peak memory, MiB |")
    print("|---|---|---|---|---|---|")
    for (trials, workers), measurements in costs.items():
        wall, processor, memory = (spread(values) for values in zip(*measurements, strict=True))
        each = spread([1000 * cost.processor / trials for cost in measurements])
        print(f"| {trials} | {workers} | {wall} | {processor} | {each} | {memory} |")
    print(f"n = {arguments.repeats}")


def measure_sweep(trials: int, workers: int) -> Cost:
    """Return what a sweep costs, in a process of its own, so that its memory is its own too."""
    with tempfile.TemporaryDirectory() as folder:
        inner = [sys.executable, __file__, "--one", folder, str(trials), str(workers)]
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
        output = subprocess.run(inner, check=True, env=environment, stdout=subprocess.PIPE, text=True).stdout
    return Cost(*map(float, output.split()))


def run_sweep(folder: str, trials: str, workers: str) -> None:
    """Run one sweep and print its cost."""
    command = [sys.executable, "-m", "sweeps.run", "-m", "optimizer=sgd", "data=digits", "epochs=1"]
    command += ["optimizer.lr=interval(0.001,0.1)", "optimizer.momentum=0.9", "hydra/sweeper/sampler=random"]
    command += [f"hydra.sweeper.n_trials={trials}", f"hydra.sweeper.n_jobs={workers}", "confirm=off"]
    command += ["hydra.sweeper.replicates.seed=[0]", "hydra.sweeper.report=false", f"outputs={folder}"]
    start = time.perf_counter()
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    wall = time.perf_counter() - start
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def spread(values: list[float] | tuple[float, ...]) -> str:
    """Return median and range."""
    return f"{median(values):.1f} [{min(values):.1f}, {max(values):.1f}]"


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        run_sweep(*sys.argv[2:])
    else:
        main()
