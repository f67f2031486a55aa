"""The sides of a comparison of whole sweeps: the command of each, and what it leaves behind."""

import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from benchmarks.pairs import HERE, ProcessCost, run_process
from benchmarks.peers.record import RunRecord, read_records
from benchmarks.scores import read_scores

JOBS = 2


@dataclass(frozen=True)
class Grid:
    """The runs of a sweep."""

    lr: list[float]
    momentum: list[float]
    seed: list[int]
    # Of each run.
    epochs: int

    @property
    def settings(self) -> list[tuple[float, float]]:
        """Return each learning rate with each momentum."""
        return [*product(self.lr, self.momentum)]

    @property
    def runs(self) -> int:
        """Return the number of runs."""
        return len(self.settings) * len(self.seed)

    def choices(self, prefix: str = "") -> list[str]:
        """Return learning rates and momenta in Hydra's sweep grammar, each key behind a prefix."""
        return [f"{prefix}lr={choice(self.lr)}", f"{prefix}momentum={choice(self.momentum)}"]


def choice(values: Sequence[float]) -> str:
    """Return values in Hydra's sweep grammar."""
    return f"choice({','.join(map(str, values))})"


@dataclass(frozen=True)
class Images:
    """Fashion-MNIST on disk."""

    # A folder with the gzipped IDX files.
    source: str
    # A folder with torchvision's FashionMNIST/raw.
    root: str


@dataclass(frozen=True)
class Side:
    """A way to run a sweep."""

    title: str
    # The arguments of Python, for a grid, images and an empty folder.
    command: Callable[[Grid, Images, Path], list[str]]
    # The runs that it left in the folder.
    read: Callable[[Path], list[RunRecord]]
    # Its environment's folder beside this file, or None for the project's.
    environment: str | None = None
    # Whether it trains a part of the settings only, unless all are asked for.
    slow: bool = False


@dataclass(frozen=True)
class Measurement:
    """The cost of a sweep, and its runs."""

    cost: ProcessCost
    # Seconds until its first run began.
    start: float
    runs: list[RunRecord]

    def extrapolate(self, runs: int) -> float:
        """Return the seconds that so many runs take, if each takes what those measured took."""
        return self.start + (self.cost.wall - self.start) * runs / len(self.runs)

    def scores(self, lr: float, momentum: float) -> list[float]:
        """Return a setting's scores over its seeds."""
        return [run.score for run in self.runs if (run.lr, run.momentum) == (lr, momentum)]


def measure(side: Side, python: str, grid: Grid, images: Images) -> Measurement:
    """Run a sweep in an empty folder and measure it; raise ValueError if runs are missing."""
    with tempfile.TemporaryDirectory() as folder:
        begin = time.time()
        command = [python, *side.command(grid, images, Path(folder))]
        cost = run_process(command, Path(folder), {"PYTHONPATH": str(HERE)})
        runs = side.read(Path(folder))
    if len(runs) != grid.runs:
        raise ValueError(f"{side.title} left {len(runs)} of {grid.runs} runs:\n{cost.output}")
    return Measurement(cost, min(run.begin for run in runs) - begin, runs)


def sweeps_command(grid: Grid, images: Images, folder: Path) -> list[str]:
    """Return a sweep's command with `sweeps`, neither widened nor confirmed, its report included."""
    seeds = ",".join(map(str, grid.seed))
    return [
        *("-m", "sweeps.run", "-m", "optimizer=sgd", "data=fashion_mnist", f"data.root={images.source}"),
        *(f"outputs={folder}", f"epochs={grid.epochs}", f"hydra.sweeper.n_jobs={JOBS}"),
        *grid.choices("optimizer."),
        *(f"hydra.sweeper.replicates.seed=[{seeds}]", "extend=0", "confirm=off"),
    ]


def read_storage(folder: Path) -> list[RunRecord]:
    """Return the runs of a storage of `sweeps`."""
    records = []
    for run in read_scores(folder / "sweeps.db"):
        setting = {key: dict(run.setting)[f"optimizer.{key}"] for key in ("lr", "momentum")}
        seed = int(run.replicate.removeprefix("seed="))
        records.append(RunRecord(**setting, seed=seed, score=run.score, begin=run.begin))
    return records


def hydra_command(app: str, grid: Grid, images: Images, folder: Path, *overrides: str) -> list[str]:
    """Return a sweep's command under hydra-optuna-sweeper, all runs in one batch: none waits for another."""
    return [
        *(str(HERE / "benchmarks" / app), "-m", f"root={images.root}", f"source={images.source}"),
        *(f"records={folder}/records", f"epochs={grid.epochs}", f"hydra.sweep.dir={folder}/runs"),
        *(f"hydra.sweeper.n_trials={grid.runs}", f"hydra.sweeper.n_jobs={grid.runs}"),
        *(f"hydra.launcher.n_jobs={JOBS}", *grid.choices(), f"seed={choice(grid.seed)}", *overrides),
    ]


def loader_command(grid: Grid, images: Images, folder: Path) -> list[str]:
    """Return the command of the lecture's loop with its DataLoader."""
    return hydra_command("lecture/app.py", grid, images, folder)


def tensors_command(grid: Grid, images: Images, folder: Path) -> list[str]:
    """Return the command of the lecture's loop over plain tensors."""
    return hydra_command("lecture/app.py", grid, images, folder, "images=tensors")


def lightning_command(grid: Grid, images: Images, folder: Path) -> list[str]:
    """Return the command of the lecture's network in Lightning."""
    return hydra_command("peers/lightning_template/app.py", grid, images, folder)


def ray_command(grid: Grid, images: Images, folder: Path) -> list[str]:
    """Return the command of the lecture's loop over plain tensors under Ray Tune."""
    options = {
        "lr": grid.lr,
        "momentum": grid.momentum,
        "seed": grid.seed,
        "epochs": grid.epochs,
        "batch_size": 256,
        "jobs": JOBS,
        "source": images.source,
        "folder": str(folder / "runs"),
        "records": str(folder / "records"),
    }
    return [str(HERE / "benchmarks" / "peers" / "ray_tune" / "app.py"), json.dumps(options)]


def read_file(folder: Path) -> list[RunRecord]:
    """Return the runs that a peer's jobs wrote down."""
    (folder / "records").touch()
    return read_records(folder / "records")


SIDES = {
    "sweeps": Side("`sweeps`", sweeps_command, read_storage),
    "tensors": Side("plain tensors, hydra-optuna-sweeper", tensors_command, read_file),
    "ray": Side("plain tensors, Ray Tune", ray_command, read_file, "ray_tune"),
    "loader": Side("the lecture's DataLoader, hydra-optuna-sweeper", loader_command, read_file, slow=True),
    "lightning": Side(
        "Lightning, hydra-optuna-sweeper", lightning_command, read_file, "lightning_template", slow=True
    ),
}
