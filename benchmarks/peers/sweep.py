"""Time a whole sweep by `sweeps` and by what one would use instead, each at its best on two cores.

    uv run --group dev python benchmarks/peers/sweep.py --environments outputs/environments

The same settings, seeds, epochs and images, by two workers of one thread each. Sides take turns, in an order
that turns around. Lightning and Ray Tune run in environments that are made in the folder `--environments`.

The sides with a DataLoader train the settings of --slow-lr and --slow-momentum only, with all seeds and
epochs. Their time for all settings is that until their first run begins, plus the rest times the ratio of
the runs. `--whole` measures it instead.
"""

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import fmean, stdev

from benchmarks.lecture.images import unpack
from benchmarks.pairs import alternate, spread
from benchmarks.peers.environments import build_environment
from benchmarks.peers.sides import SIDES, Grid, Images, Measurement, measure

# A run of each side that isn't measured, which writes bytecode and fills the disk's cache.
WARM_UP = Grid([0.1], [0.9], [0], epochs=1)
HEADINGS = (
    "",
    "whole sweep, s",
    "runs measured",
    "s until the first run",
    "s a run-epoch",
    "times that of `sweeps`",
    "peak MiB of a process",
)


def main() -> None:
    """Measure and print."""
    arguments = parse_arguments()
    names = list(dict.fromkeys(["sweeps", *arguments.sides]))
    whole = Grid(arguments.lr, arguments.momentum, arguments.seeds, arguments.epochs)
    part = Grid(arguments.slow_lr, arguments.slow_momentum, arguments.seeds, arguments.epochs)
    with tempfile.TemporaryDirectory() as folder:
        unpack(Path(arguments.source), Path(folder))
        images = Images(arguments.source, folder)
        measures = {}
        for name in names:
            side = SIDES[name]
            python = build_environment(side.environment, Path(arguments.environments))
            measure(side, python, WARM_UP, images)
            grid = part if side.slow and not arguments.whole else whole
            measures[name] = partial(measure, side, python, grid, images)
        measurements = alternate(measures, arguments.turns)
    size = f"{len(whole.settings)} settings x {len(whole.seed)} seeds x {whole.epochs} epochs"
    print(f"{size}, two workers of one thread, n = {arguments.turns}: median [least, most]\n")
    print_table(measurements, whole.runs, arguments.epochs)
    print_scores(measurements)


def print_table(measurements: Mapping[str, Sequence[Measurement]], runs: int, epochs: int) -> None:
    """Print what the sides took: median [least, most]."""
    walls = {
        name: [measurement.extrapolate(runs) for measurement in turns] for name, turns in measurements.items()
    }
    print("| " + " | ".join(HEADINGS) + " |")
    print("|" + "---|" * len(HEADINGS))
    for name, turns in measurements.items():
        ratios = [wall / reference for wall, reference in zip(walls[name], walls["sweeps"], strict=True)]
        cells = [
            SIDES[name].title,
            spread(walls[name]),
            f"{len(turns[0].runs)} of {runs}",
            spread([measurement.start for measurement in turns]),
            spread([wall / runs / epochs for wall in walls[name]]),
            spread(ratios),
            spread([measurement.cost.memory for measurement in turns]),
        ]
        print(f"| {' | '.join(cells)} |")


def print_scores(measurements: Mapping[str, Sequence[Measurement]]) -> None:
    """Print the accuracies of the best setting by `sweeps` among those that all sides trained."""
    firsts = {name: turns[0] for name, turns in measurements.items()}
    settings = [{(run.lr, run.momentum) for run in first.runs} for first in firsts.values()]
    shared = set.intersection(*settings)
    if not shared:
        return
    best = max(shared, key=lambda setting: fmean(firsts["sweeps"].scores(*setting)))
    print(f"\nvalidation accuracy in %, lr={best[0]} momentum={best[1]}, the best of {len(shared)} settings:")
    for name, first in firsts.items():
        scores = first.scores(*best)
        deviation = f" (sd {stdev(scores):.2f})" if len(scores) > 1 else ""
        print(f"  {SIDES[name].title}: {fmean(scores):.2f}{deviation}, n = {len(scores)}")


def parse_arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--environments", required=True, help="a folder for the peers' environments")
    parser.add_argument("--source", default="/usr/share/datasets/fashion-mnist")
    parser.add_argument("--sides", nargs="+", choices=SIDES, default=list(SIDES))
    parser.add_argument("--lr", type=float, nargs="+", default=[0.1, 0.01, 0.005, 0.001])
    parser.add_argument("--momentum", type=float, nargs="+", default=[0.0, 0.5, 0.9, 0.95, 0.99])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--slow-lr", type=float, nargs="+", default=[0.1])
    parser.add_argument("--slow-momentum", type=float, nargs="+", default=[0.5, 0.9])
    parser.add_argument("--whole", action="store_true", help="train all settings on each side")
    parser.add_argument("--turns", type=int, default=2, help="n")
    return parser.parse_args()


if __name__ == "__main__":
    main()
