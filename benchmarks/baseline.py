"""Time whole commands of this checkout against an earlier one's, and compare the scores that they measure.

    git worktree add ../before v0.3 && (cd ../before && uv sync --all-extras)
    uv run --group dev python benchmarks/baseline.py --baseline ../before --pairs 5

Both sides run in turn (ABBA) in their own environments, bytecode written, each sweep in an empty folder, or
for `second` in the folder of a finished one. Wall and processor seconds, and the peak MiB of the largest
process: median [least, most] of n pairs, and the earlier checkout's over this one's within each pair.
Then the scores of both sides, run by run, as their storages hold them.
"""

import argparse
import shutil
import tempfile
from collections.abc import Mapping, Sequence
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
        chosen = (*case.overrides, *(case.now if name == "now" else ()), *overrides)
        measures[name] = partial(start, side, folder / name, chosen, case.second)
        if case.second:
            start(side, folder / name, chosen)
            measures[name]()
    costs = alternate(measures, pairs)
    print(f"\n{case.title} {' '.join(overrides)}")
    for figure in ("wall", "processor", "memory"):
        unit = "MiB" if figure == "memory" else "s"
        values = {name: [getattr(cost, figure) for cost in costs[name]] for name in costs}
        print(compare(f"{figure}, {unit}", values), flush=True)
    print(compare_scores(*(read_scores(folder / name / "sweeps.db") for name in sides)), flush=True)


def start(side: Checkout, outputs: Path, overrides: tuple[str, ...], second: bool = False) -> ProcessCost:
    """Run a sweep, in an empty folder unless it is a second start."""
    if not second:
        shutil.rmtree(outputs, ignore_errors=True)
    return side.run(*sweep_command(outputs, overrides))


def sweep_command(outputs: Path, overrides: tuple[str, ...]) -> list[str]:
    """Return the arguments of Python for a sweep."""
    return ["-m", "sweeps.run", "-m", *overrides, f"outputs='{outputs}'"]


def compare_scores(before: Sequence[RunScore], now: Sequence[RunScore]) -> str:
    """Return how much the runs that both sides have differ, after the first epoch and after the last."""
    earlier, later = ({run.key: run for run in runs} for runs in (before, now))
    shared = [key for key in earlier if key in later]
    rounding = max(abs(later[key].first_loss / earlier[key].first_loss - 1) for key in shared)
    differences = [later[key].score - earlier[key].score for key in shared]
    largest = max(range(len(shared)), key=lambda number: abs(differences[number]))
    error = stdev(differences) / len(shared) ** 0.5 if len(shared) > 1 else 0.0
    return (
        f"{len(shared)} runs on both sides,"
        f" {len(earlier) - len(shared)} only before, {len(later) - len(shared)} only now"
        f"\nfirst epoch's training loss: differs by a share of {rounding:.1e} at most"
        f"\nlast validation score: {differences.count(0)} equal, mean difference {fmean(differences):+.4f}"
        f" (standard error {error:.4f}), largest {differences[largest]:+.4f}, in {' '.join(shared[largest])}"
    )


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
