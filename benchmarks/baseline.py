"""Time whole commands of this checkout against an earlier one's, and compare the scores that they measure.

    git worktree add ../before v0.3 && (cd ../before && uv sync --all-extras)
    uv run --group dev python benchmarks/baseline.py --baseline ../before --pairs 5

Both sides run in turn (ABBA) in their own environments, bytecode written, each sweep in an empty folder, or
for `second` in the folder of a finished one. Wall and processor seconds, and the peak MiB of the largest
process: median [least, most] of n pairs, and the earlier checkout's over this one's within each pair.
Then the scores of both sides, run by run, as their storages hold them.
"""

import argparse
import math
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import fmean, stdev

from benchmarks.pairs import Checkout, ProcessCost, alternate, compare
from benchmarks.scores import RunScore, read_scores

README = ("optimizer=sgd,adam",)
FASHION = ("optimizer=sgd", "data=fashion_mnist", "epochs=10", "confirm=off")
WARM_UP = ("optimizer=sgd", "data=digits", "epochs=1", "confirm.seeds=2", "hydra.sweeper.replicates.seed=[0]")


@dataclass(frozen=True)
class Case:
    """A command to time."""

    title: str
    # Its overrides.
    overrides: tuple[str, ...]
    # Overrides of this checkout alone, where an earlier one does the same without.
    now: tuple[str, ...] = ()
    # Whether it is started again where it has finished.
    second: bool = False


CASES: Mapping[str, Case] = {
    "same": Case("README's command, not widened, no factors", README, ("extend=0", "confirm.factors=[]")),
    "readme": Case("README's command", README),
    "second": Case("README's command, a second start", README, second=True),
    "fashion": Case("20 settings, 3 seeds, 10 epochs of Fashion-MNIST", FASHION, ("extend=0",)),
}


def main() -> None:
    """Measure and print."""
    arguments = parse_arguments()
    sides = {"before": Checkout(Path(arguments.baseline)), "now": Checkout()}
    with tempfile.TemporaryDirectory() as folder:
        for name, side in sides.items():
            side.run(*sweep_command(Path(folder) / f"warm {name}", WARM_UP))
        for name in arguments.cases:
            measure(CASES[name], sides, Path(folder) / name, arguments.override, arguments.pairs)


def measure(
    case: Case, sides: Mapping[str, Checkout], folder: Path, overrides: list[str], pairs: int
) -> None:
    """Time a case on both sides and print its costs and scores."""
    measures = {}
    for name, side in sides.items():
        arguments = (*case.overrides, *(case.now if name == "now" else ()), *overrides)
        measures[name] = partial(start, side, folder / name, arguments, case.second)
        if case.second:
            start(side, folder / name, arguments)
            measures[name]()
    costs = alternate(measures, pairs)
    print(f"\n{case.title} {' '.join(overrides)}")
    for figure in ("wall", "processor", "memory"):
        unit = "MiB" if figure == "memory" else "s"
        values = {name: [getattr(cost, figure) for cost in costs[name]] for name in costs}
        print(compare(f"{figure}, {unit}", values), flush=True)
    for line in compare_scores(*(read_scores(folder / name / "sweeps.db") for name in sides)):
        print(line, flush=True)


def start(side: Checkout, outputs: Path, overrides: tuple[str, ...], second: bool = False) -> ProcessCost:
    """Run a sweep, in an empty folder unless it is a second start."""
    if not second:
        shutil.rmtree(outputs, ignore_errors=True)
    return side.run(*sweep_command(outputs, overrides))


def sweep_command(outputs: Path, overrides: tuple[str, ...]) -> list[str]:
    """Return the arguments of Python for a sweep."""
    return ["-m", "sweeps.run", "-m", *overrides, f"outputs='{outputs}'"]


def compare_scores(before: Sequence[RunScore], now: Sequence[RunScore]) -> Iterator[str]:
    """Yield for each study how much its runs differ after the first epoch and after the last."""
    later = {run.key: run for run in now}
    pairs: dict[str, list[tuple[RunScore, RunScore]]] = defaultdict(list)
    for run in before:
        if run.key in later:
            pairs[run.study].append((run, later[run.key]))
    for study, runs in pairs.items():
        first = max(abs(last.first_loss / run.first_loss - 1) for run, last in runs)
        differences = [last.score - run.score for run, last in runs]
        yield (
            f"{study}, {len(runs)} runs: first epoch's training loss differs by {first:.0e} of it at most;"
            f" {differences.count(0)} last scores are equal, others differ by at most"
            f" {max(map(abs, differences)):.3f} and {describe_mean(runs)} in the mean"
        )


def describe_mean(runs: Sequence[tuple[RunScore, RunScore]]) -> str:
    """Return the mean difference of scores, with its standard error over the seeds, which settings share."""
    differences: dict[str, list[float]] = defaultdict(list)
    for before, now in runs:
        differences[before.replicate].append(now.score - before.score)
    means = [fmean(values) for values in differences.values()]
    error = stdev(means) / len(means) ** 0.5 if len(means) > 1 else math.nan
    return f"{fmean(means):+.3f} (standard error {error:.3f}, {len(means)} seeds)"


def parse_arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--baseline", required=True, help="a checkout with an environment in .venv")
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--pairs", type=int, default=3, help="n")
    parser.add_argument("--override", nargs="*", default=[], help="of both sides' commands, such as epochs=1")
    return parser.parse_args()


if __name__ == "__main__":
    main()
