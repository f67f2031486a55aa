"""Measure how a whole sweep's cost grows with its trials and its workers.

    uv run python benchmarks/growth.py --trials 10 100 1000 --workers 1 2 4

Each sweep trains one epoch on 1,797 images of digits a trial, so that what a trial costs beside its training
shows. Wall seconds, processor seconds of all processes, and the peak memory of the largest process; starting
up included. Sizes take turns in each repeat. Median [lowest, highest] of n.
"""

import argparse
import tempfile
from collections import defaultdict
from itertools import product

from benchmarks.pairs import Checkout, ProcessCost, spread


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", nargs="+", type=int, default=[10, 100, 1000])
    parser.add_argument("--workers", nargs="+", type=int, default=[1, 2, 4])
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    costs: dict[tuple[int, int], list[ProcessCost]] = defaultdict(list)
    for _ in range(arguments.repeats):
        for size in product(arguments.trials, arguments.workers):
            costs[size].append(measure_sweep(*size))
    print("| trials | workers | wall, s | processor, s | processor a trial, ms | peak memory, MiB |")
    print("|---|---|---|---|---|---|")
    for (trials, workers), measurements in costs.items():
        wall = spread([cost.wall for cost in measurements])
        processor = spread([cost.processor for cost in measurements])
        each = spread([1000 * cost.processor / trials for cost in measurements])
        memory = spread([cost.memory for cost in measurements])
        print(f"| {trials} | {workers} | {wall} | {processor} | {each} | {memory} |")
    print(f"n = {arguments.repeats}")


def measure_sweep(trials: int, workers: int) -> ProcessCost:
    """Return what a sweep costs."""
    with tempfile.TemporaryDirectory() as folder:
        return Checkout().run(
            *("-m", "sweeps.run", "-m", "optimizer=sgd", "data=digits", "epochs=1", f"outputs={folder}"),
            *("optimizer.lr=interval(0.001,0.1)", "optimizer.momentum=0.9", "hydra/sweeper/sampler=random"),
            *(f"hydra.sweeper.n_trials={trials}", f"hydra.sweeper.n_jobs={workers}", "confirm=off"),
            *("hydra.sweeper.replicates.seed=[0]", "hydra.sweeper.report=false"),
        )


if __name__ == "__main__":
    main()
