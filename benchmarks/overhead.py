"""Measure what a trial takes beyond its training, against hydra-optuna-sweeper's, and where it goes.

    uv run python benchmarks/overhead.py --repeats 5 --baseline ../earlier

The job does nothing. Both sweepers draw at random, keep their trials in an SQLite file and use the same
launcher; hydra-optuna-sweeper is also run as it comes, with its trials in memory. The overhead is the slope
from few to many trials of a whole sweep's wall time, and of its processor time, so starting up is not in it.
On a busy machine only the processor time means much. The sweepers take turns, and so does an earlier
checkout with an environment of its own in .venv.
"""

import argparse
import os
import runpy
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.pairs import Checkout, ProcessCost, alternate, compare

FEW, MANY = 10, 60
REPORTS = 10
APP = """
import hydra
from sweeps import current_trial

@hydra.main(config_path=None)
def main(cfg):
    for step in range(cfg.get("reports", 0)):
        current_trial().report(0.0, step)
    return float(cfg.x)

if __name__ == "__main__":
    main()
"""
COMMON = ["-m", "hydra/sweeper/sampler=random", "hydra.sweeper.study_name=overhead"]
SPACE = "+x=interval(0,1)"
KEPT = "hydra.sweeper.storage=sqlite:///trials.db"
SWEEPERS = {
    "study": ["hydra/sweeper=study", KEPT],
    "optuna": ["hydra/sweeper=optuna", KEPT],
    "optuna, in memory": ["hydra/sweeper=optuna"],
}
LAUNCHERS = {
    "basic": ["hydra/launcher=basic", "hydra.sweeper.n_jobs=1"],
    "joblib": ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "hydra.sweeper.n_jobs=2"],
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--launchers", nargs="*", choices=LAUNCHERS, default=[*LAUNCHERS])
    parser.add_argument("--baseline", type=Path, help="another checkout, with its environment in .venv")
    arguments = parser.parse_args()
    sides = {"before": Checkout(arguments.baseline)} if arguments.baseline else {}
    sides["now"] = Checkout()
    print(f"ms a trial, median [least, most]; {os.cpu_count()} cores")
    for launcher in arguments.launchers:
        print_slopes(launcher, sides, arguments.repeats)
    print(f"where the processor time goes: {MANY} trials in one process, {REPORTS} reports a trial")
    parts = alternate({name: partial(breakdown, side) for name, side in sides.items()}, arguments.repeats)
    for part in parts["now"][0]:
        print("  " + compare(part, {name: [turn[part] for turn in turns] for name, turns in parts.items()}))


def print_slopes(launcher: str, sides: Mapping[str, Checkout], repeats: int) -> None:
    """Measure and print what a trial more takes, of `study` on all sides and of the others on the last."""
    measures = {
        name: partial(slope, side, [*SWEEPERS["study"], *LAUNCHERS[launcher]]) for name, side in sides.items()
    }
    for sweeper in ("optuna", "optuna, in memory"):
        measures[sweeper] = partial(slope, sides["now"], [*SWEEPERS[sweeper], *LAUNCHERS[launcher]])
    slopes = alternate(measures, repeats)
    for index, clock in enumerate(("wall", "processor")):
        figures = {name: [turn[index] for turn in turns] for name, turns in slopes.items()}
        print(compare(f"{launcher}, {clock}", figures), flush=True)


def slope(checkout: Checkout, arguments: list[str]) -> tuple[float, float]:
    """Return the milliseconds for each trial more, of wall and of processor time."""
    few, many = cost(checkout, FEW, arguments), cost(checkout, MANY, arguments)
    per_trial = 1000 / (MANY - FEW)
    return per_trial * (many.wall - few.wall), per_trial * (many.processor - few.processor)


def cost(checkout: Checkout, trials: int, arguments: list[str], *script: Path) -> ProcessCost:
    """Return the cost of a sweep in processes of its own; script: what runs it, if not the application."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "app.py").write_text(APP)
        command = [*(script or ["app.py"]), *COMMON, SPACE, f"hydra.sweeper.n_trials={trials}", *arguments]
        return checkout.run(*command, folder=Path(folder))


def breakdown(checkout: Checkout) -> dict[str, float]:
    """Return the milliseconds a trial by what is done, as the checkout's own script tells them."""
    arguments = [*SWEEPERS["study"], *LAUNCHERS["basic"], f"+reports={REPORTS}"]
    ended = cost(checkout, MANY, arguments, checkout.root.absolute() / "benchmarks" / "overhead.py")
    lines = [line.split("\t") for line in ended.output.splitlines() if line.startswith("part\t")]
    return {part: float(milliseconds) for _, part, milliseconds in lines}


def sweep_and_tell() -> None:
    """Run the sweep of the command line in this process and print what each part of it took."""
    from sweeps.study.claims import Claims
    from sweeps.study.record import ReplicateTrial
    from sweeps.sweeper import claimed_trial as _attempt
    from sweeps.sweeper import jobs as _jobs
    from sweeps.sweeper.compose import Composer
    from sweeps.sweeper.worker import Worker

    clock = Clock()
    with (
        clock.times("claim a trial", Claims, "claim_share"),
        clock.times("draw its parameters", _attempt, "choose_overrides"),
        clock.times("compose its config", Composer, "compose"),
        clock.times("run_job of Hydra, the job left out", _jobs, "run_job"),
        clock.times(f"{REPORTS} reports", ReplicateTrial, "report"),
        clock.times("record the replicate", Worker, "_record"),
        clock.times("tell the value", Claims, "tell_all"),
        clock.times("else", Worker, "_run_trials"),
    ):
        runpy.run_path("app.py", run_name="__main__")
    for part, seconds in clock.taken.items():
        print(f"part\t{part}\t{1000 * seconds / MANY}")


class Clock:
    """A sum of the time that functions take, that of those within them left out."""

    def __init__(self) -> None:
        self.taken: dict[str, float] = {}
        self._within: list[float] = []

    @contextmanager
    def times(self, part: str, owner: Any, name: str) -> Iterator[None]:
        """Time that function for the block."""
        self.taken[part] = 0.0
        with patch.object(owner, name, self._timed(part, getattr(owner, name))):
            yield

    def _timed(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any, **named: Any) -> Any:
            self._within.append(0.0)
            start = time.process_time()
            try:
                return function(*arguments, **named)
            finally:
                whole = time.process_time() - start
                self.taken[part] += whole - self._within.pop()
                if self._within:
                    self._within[-1] += whole

        return timed


if __name__ == "__main__":
    if "-m" in sys.argv:
        sweep_and_tell()
    else:
        main()
