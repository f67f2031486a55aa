"""Measure what a trial takes beyond its training, against hydra-optuna-sweeper's, and where it goes.

    uv run python benchmarks/overhead.py --repeats 5

The job does nothing. Both sweepers draw at random, keep their trials in an SQLite file and use the same
launcher; hydra-optuna-sweeper is also run as it comes, with its trials in memory. The overhead is the slope
from few to many trials of a whole sweep's wall time, and of its processor time, so starting up is not in it.
On a busy machine only the processor time means much. The sweepers take turns in each repeat.
Median [lowest, highest] of n.
"""

import argparse
import os
import resource
import runpy
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

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
    arguments = parser.parse_args()
    cores = os.cpu_count()
    print(f"ms a trial, median [lowest, highest] of n = {arguments.repeats}; {cores} cores")
    for launcher in arguments.launchers:
        slopes: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for _ in range(arguments.repeats):
            for sweeper, overrides in SWEEPERS.items():
                slopes[sweeper].append(slope([*overrides, *LAUNCHERS[launcher]]))
        for sweeper, pairs in slopes.items():
            wall, processor = zip(*pairs, strict=True)
            print(f"{launcher:8} {sweeper:18} wall {spread(wall)}  processor {spread(processor)}", flush=True)
    print(
        f"where the processor time goes: {MANY} trials of `study` in one process, {REPORTS} reports a trial"
    )
    parts: dict[str, list[float]] = defaultdict(list)
    for _ in range(arguments.repeats):
        for part, milliseconds in breakdown().items():
            parts[part].append(milliseconds)
    for part, times in parts.items():
        print(f"  {part:34} {spread(times)}")


def spread(times: Sequence[float]) -> str:
    """Return median and range."""
    return f"{statistics.median(times):6.1f} [{min(times):.1f}, {max(times):.1f}]"


def slope(arguments: list[str]) -> tuple[float, float]:
    """Return the milliseconds for each trial more, of wall and of processor time."""
    few, many = seconds(FEW, arguments), seconds(MANY, arguments)
    return 1000 * (many[0] - few[0]) / (MANY - FEW), 1000 * (many[1] - few[1]) / (MANY - FEW)


def seconds(trials: int, arguments: list[str]) -> tuple[float, float]:
    """Return the wall and processor time of a sweep in processes of its own."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "app.py").write_text(APP)
        command = ["app.py", *COMMON, SPACE, f"hydra.sweeper.n_trials={trials}", *arguments]
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run([sys.executable, *command], cwd=folder, check=True, capture_output=True)
        wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def breakdown() -> dict[str, float]:
    """Return the milliseconds a trial by what is done, from a sweep in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "app.py").write_text(APP)
        command = [sys.executable, __file__, *COMMON, SPACE, *SWEEPERS["study"], *LAUNCHERS["basic"]]
        command += [f"hydra.sweeper.n_trials={MANY}", f"+reports={REPORTS}"]
        ended = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
        lines = [line.split("\t") for line in ended.stdout.splitlines() if line.startswith("part\t")]
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
        clock.times("claim a trial", Claims, "claim"),
        clock.times("draw its parameters", _attempt, "choose_overrides"),
        clock.times("compose its config", Composer, "compose"),
        clock.times("run_job of Hydra, the job left out", _jobs, "run_job"),
        clock.times(f"{REPORTS} reports", ReplicateTrial, "report"),
        clock.times("record the replicate", ReplicateTrial, "finish"),
        clock.times("tell the value", Claims, "tell"),
        clock.times("else", Worker, "_run_study"),
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
