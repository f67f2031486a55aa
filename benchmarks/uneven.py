"""Measure the wall time of a sweep whose jobs are uneven, against the ideal and against hydra-optuna-sweeper.

    uv run python benchmarks/uneven.py --repeats 3

36 jobs that sleep, a third of them ten times as long; 4 workers through Hydra's joblib launcher. The ideal is
the work divided by the workers. The sweepers take turns in each repeat. Prints medians with their range.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent
WORKERS = 4
PAUSE = 0.25  # seconds of a short job
JOBS = [*range(-12, 24)]
LONG = 12  # jobs that take ten times as long
APP = """
import time
import hydra

@hydra.main(config_path=None)
def main(cfg):
    time.sleep({pause} * (10 if cfg.x % 3 == 0 else 1))
    return float(cfg.x)

main()
"""
SWEEPERS = {"study": ["hydra.sweeper.n_trials=null"], "optuna": [f"hydra.sweeper.n_trials={len(JOBS)}"]}


def main() -> None:
    """Measure in turns and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    times: dict[str, list[float]] = {name: [] for name in SWEEPERS}
    for _ in range(repeats):
        for name in SWEEPERS:
            times[name].append(time_sweep(name))
    ideal = PAUSE * (len(JOBS) - LONG + 10 * LONG) / WORKERS
    print(f"ideal {ideal:.2f} s, n = {repeats}")
    for name, walls in times.items():
        middle = statistics.median(walls)
        print(f"{name:8} {middle:6.2f} s  [{min(walls):.2f}, {max(walls):.2f}]  {middle / ideal:.2f} x ideal")


def time_sweep(sweeper: str) -> float:
    """Return the wall time of one sweep in a process of its own, start-up included."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "app.py").write_text(APP.format(pause=PAUSE))
        command = [
            "app.py",
            "-m",
            f"hydra/sweeper={sweeper}",
            "hydra/sweeper/sampler=grid",
            "hydra/launcher=joblib",
            f"hydra.launcher.n_jobs={WORKERS}",
            f"hydra.sweeper.n_jobs={WORKERS}",
            f"+x=choice({','.join(map(str, JOBS))})",
            *SWEEPERS[sweeper],
        ]
        start = time.perf_counter()
        subprocess.run([sys.executable, *command], cwd=folder, check=True, capture_output=True)
        return time.perf_counter() - start


if __name__ == "__main__":
    main()
