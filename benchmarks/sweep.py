"""Time a whole sweep against the lecture's loop under hydra-optuna-sweeper: same settings, seeds and epochs.

    uv run python benchmarks/sweep.py --source /usr/share/datasets/fashion-mnist

Prints wall seconds of each, in turn, start and end of the processes included, their ratio, and the accuracies
of each setting over its seeds: the speed-up must not change what is measured.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import fmean, median, stdev

import optuna

from benchmarks.lecture.app import unpack

HERE = Path(__file__).parent


def main() -> None:
    """Measure and print."""
    arguments = parse_arguments()
    with tempfile.TemporaryDirectory() as folder:
        unpack(Path(arguments.source), Path(folder))
        walls: dict[str, list[float]] = {"lecture": [], "sweeps": []}
        for turn in range(arguments.turns):
            walls["lecture"].append(time_process(lecture_command(arguments, Path(folder), turn)))
            walls["sweeps"].append(time_process(sweeps_command(arguments, Path(folder), turn)))
            print({name: [round(wall, 1) for wall in seconds] for name, seconds in walls.items()}, flush=True)
        runs = len(arguments.lr) * len(arguments.momentum) * len(arguments.seeds)
        print(f"{runs} runs of {arguments.epochs} epochs on 54,000 images, n = {arguments.turns}")
        for name, seconds in walls.items():
            each = median(seconds) / runs / arguments.epochs
            spread = f"{min(seconds):.1f} to {max(seconds):.1f}"
            print(f"{name:8} {median(seconds):8.1f} s ({spread}), {each:.3f} s a run-epoch")
        print(f"ratio {median(walls['lecture']) / median(walls['sweeps']):.1f}")
        print_accuracies(Path(folder))


def lecture_command(arguments: argparse.Namespace, folder: Path, turn: int) -> list[str]:
    """Return the command of the lecture's loop under the stock sweeper."""
    sweep = {"lr": arguments.lr, "momentum": arguments.momentum, "seed": arguments.seeds}
    return [
        str(HERE / "lecture" / "app.py"),
        "-m",
        f"root={folder}",
        f"source={arguments.source}",
        f"epochs={arguments.epochs}",
        f"hydra.sweep.dir={folder}/lecture{turn}",
        f"hydra.sweeper.storage=sqlite:///{folder}/lecture{turn}.db",
        "hydra.sweeper.study_name=lecture",
        f"hydra.sweeper.n_trials={len(arguments.lr) * len(arguments.momentum) * len(arguments.seeds)}",
        *(f"{key}=choice({','.join(map(str, values))})" for key, values in sweep.items()),
    ]


def sweeps_command(arguments: argparse.Namespace, folder: Path, turn: int) -> list[str]:
    """Return the command of the same sweep with `sweeps`, neither widened nor confirmed."""
    return [
        *("-m", "sweeps.run", "-m", "optimizer=sgd", "data=fashion_mnist", f"data.root={arguments.source}"),
        f"outputs={folder}/sweeps{turn}",
        f"epochs={arguments.epochs}",
        f"precision={arguments.precision}",
        f"optimizer.lr=choice({','.join(map(str, arguments.lr))})",
        f"optimizer.momentum=choice({','.join(map(str, arguments.momentum))})",
        f"hydra.sweeper.replicates.seed=[{','.join(map(str, arguments.seeds))}]",
        *("extend=0", "hydra.sweeper.confirm.seeds=0"),
    ]


def time_process(command: list[str]) -> float:
    """Return the wall seconds of a Python process."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPATH": str(HERE.parent)}
    start = time.perf_counter()
    subprocess.run([sys.executable, *command], check=True, env=environment, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def print_accuracies(folder: Path) -> None:
    """Print each setting's accuracies, mean and deviation over the seeds, side by side."""
    scores: dict[tuple[float, float], list[list[float]]] = {}
    for trial in optuna.load_study(study_name=None, storage=f"sqlite:///{folder}/lecture0.db").trials:
        scores.setdefault((trial.params["lr"], trial.params["momentum"]), [[], []])[0] += trial.values
    for trial in optuna.load_study(study_name=None, storage=f"sqlite:///{folder}/sweeps0/sweeps.db").trials:
        setting = trial.params["optimizer.lr"], trial.params["optimizer.momentum"]
        scores[setting][1] += [
            record["value"]
            for name, record in trial.user_attrs.items()
            if name.startswith("seed=") and "/" not in name
        ]
    for (lr, momentum), (lectures, sweeps) in sorted(scores.items()):
        print(f"lr {lr} momentum {momentum}: lecture {describe(lectures)}, sweeps {describe(sweeps)}")


def describe(values: list[float]) -> str:
    """Return mean and deviation."""
    return f"{fmean(values):.2f} (sd {stdev(values):.2f})" if len(values) > 1 else f"{values[0]:.2f}"


def parse_arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--source", default="/usr/share/datasets/fashion-mnist")
    parser.add_argument("--lr", type=float, nargs="+", default=[0.1, 0.01, 0.005, 0.001])
    parser.add_argument("--momentum", type=float, nargs="+", default=[0.0, 0.9])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--precision", default="fp32")
    parser.add_argument("--turns", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
