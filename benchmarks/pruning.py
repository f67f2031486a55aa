"""Measure what median pruning saves an adaptive search, and what it costs: epochs trained, best value found.

    uv run python benchmarks/pruning.py --seeds 0 1 2

`search=adaptive` on 5,000 MNIST images, with its median pruner and without one, from the same seeds of the
sampler and of the runs; the two take turns. Until the first pruning both draw the same settings, then they
part. The best value is the best validation accuracy in % after the last epoch, a tuning figure.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import optuna

REPOSITORY = Path(__file__).parent.parent
PRUNERS = ("none", "median")


@dataclass(frozen=True)
class SearchResult:
    """The epochs that a search trained, its pruned trials and its best value."""

    epochs: int
    pruned: int
    best: float


def main() -> None:
    """Search with each seed, with and without pruning, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2])
    parser.add_argument("--optimizers", nargs="*", default=["sgd"])
    parser.add_argument("--trials", type=int, default=24)
    parser.add_argument("--epochs", type=int, default=12)
    arguments = parser.parse_args()
    savings, gains = [], []
    for optimizer in arguments.optimizers:
        for seed in arguments.seeds:
            results = {
                pruner: search(optimizer, pruner, seed, arguments.trials, arguments.epochs)
                for pruner in PRUNERS
            }
            unpruned, pruning = results["none"], results["median"]
            savings.append(100 * (1 - pruning.epochs / unpruned.epochs))
            gains.append(pruning.best - unpruned.best)
            print(
                f"{optimizer} seed {seed}: epochs {unpruned.epochs} without, "
                f"{pruning.epochs} with pruning ({pruning.pruned} of {arguments.trials} trials); "
                f"best {unpruned.best:.2f}, {pruning.best:.2f}",
                flush=True,
            )
    print(f"epochs saved {spread(savings)} %; best value with pruning - without {spread(gains)} points")


def spread(values: Sequence[float]) -> str:
    """Return mean, range and n."""
    return f"{statistics.fmean(values):+.2f} [{min(values):+.2f}, {max(values):+.2f}], n = {len(values)}"


def search(optimizer: str, pruner: str, seed: int, trials: int, epochs: int) -> SearchResult:
    """Run one search in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            *("-m", "sweeps.run", "-m", "search=adaptive", f"optimizer={optimizer}", f"outputs={folder}"),
            *(
                f"hydra/sweeper/pruner={pruner}",
                "hydra/launcher=basic",
                "hydra.sweeper.n_jobs=1",
                "device=cpu",
            ),
            *(f"hydra.sweeper.n_trials={trials}", f"epochs={epochs}", "confirm=off"),
            *(f"hydra.sweeper.sampler.seed={seed}", f"hydra.sweeper.replicates.seed=[{seed}]"),
        ]
        subprocess.run([sys.executable, *command], cwd=REPOSITORY, check=True, stdout=subprocess.DEVNULL)
        [name] = optuna.get_all_study_names(storage := f"sqlite:///{folder}/sweeps.db")
        study = optuna.load_study(study_name=name, storage=storage)
        reached = [trial.last_step or 0 for trial in study.trials]
        pruned = sum(trial.state == optuna.trial.TrialState.PRUNED for trial in study.trials)
        return SearchResult(sum(reached), pruned, study.best_value)


if __name__ == "__main__":
    main()
