"""Kill workers, servers and drivers of sweeps at random moments; count the settings lost or doubled.

    uv run python benchmarks/kill_workers.py --kills 50

Each sweep has jobs of uneven length, two studies, two replicates a setting. A killed driver is started again;
a killed worker or server is its driver's business. Ends with an error where a setting is lost or doubled.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import optuna

REPOSITORY = Path(__file__).parent.parent
SETTINGS = {"shape=bowl": 5, "shape=ridge": 6}


def main() -> None:
    """Sweep until enough was killed, then print what was lost."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    kills: Counter[str] = Counter()
    totals: Counter[str] = Counter()
    sweeps = 0
    while kills.total() < arguments.kills:
        with tempfile.TemporaryDirectory() as folder:
            kills += sweep_until_done(Path(folder), chance)
            totals += count_settings(Path(folder))
        sweeps += 1
        counts = ", ".join(f"{totals[name]} {name}" for name in ("complete", "lost", "doubled"))
        print(f"{sweeps} sweeps, killed {dict(kills)}; settings: {counts}", flush=True)
    if totals["lost"] or totals["doubled"]:
        sys.exit("settings were lost or doubled")


def sweep_until_done(folder: Path, chance: random.Random) -> Counter[str]:
    """Start a sweep again and again, killing it, until it ends by itself."""
    kills: Counter[str] = Counter()
    unit = seconds_to_start()
    driver = start_sweep(folder)
    while True:
        try:
            ended = driver.wait(unit * chance.uniform(0.5, 5.0))
        except subprocess.TimeoutExpired:
            kills += strike(driver, folder, chance, unit)
            continue
        if ended == 0:
            return kills
        driver = start_sweep(folder)


def strike(driver: subprocess.Popen[bytes], folder: Path, chance: random.Random, unit: float) -> Counter[str]:
    """Kill a worker, the server that forks workers, the driver, or the driver with all of its workers."""
    kills: Counter[str] = Counter()
    victim = chance.choice(["worker", "server", "driver", "both"])
    workers = [] if victim == "driver" else wait_for_busy(5 * unit, driver, folder)
    victims = {
        "worker": workers[:1],
        "server": servers(driver.pid, workers),
        "driver": [driver.pid],
        "both": [*workers, driver.pid],
    }
    for pid in victims[victim]:
        kill(pid)
        kills["driver" if pid == driver.pid else victim.replace("both", "worker")] += 1
    return kills


def servers(driver: int, workers: list[int]) -> list[int]:
    """Return the parents of workers that are children of the driver; an orphan's parent is none."""
    parents = {parent(worker) for worker in workers}
    return [process for process in parents if process is not None and parent(process) == driver]


def parent(process: int) -> int | None:
    """Return the parent of a process, or None where that has ended."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return None
    return int(stat.rpartition(")")[2].split()[1])  # the name before it, in brackets, may hold blanks


def seconds_to_start() -> float:
    """Return how long the application takes to print its help: the unit of the time between kills."""
    begin = time.monotonic()
    subprocess.run(
        [sys.executable, "tests/support/toy/app.py", "--help"],
        cwd=REPOSITORY,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.monotonic() - begin


def start_sweep(folder: Path) -> subprocess.Popen[bytes]:
    """Start a driver of the sweep."""
    command = [
        "tests/support/toy/app.py",
        "-m",
        "shape=bowl,ridge",
        "pause=0.2",
        "uneven=true",
        f"journal={folder}/journal",
        f"hydra.sweep.dir={folder}/jobs",
        f"hydra.sweeper.storage={storage_url(folder)}",
        "hydra.sweeper.study_name=toy",
        "hydra/sweeper/sampler=grid",
        "hydra.sweeper.n_jobs=2",
        "+hydra.sweeper.replicates.seed=[0,1]",
    ]
    with (folder / "output").open("a") as output:
        return subprocess.Popen([sys.executable, *command], cwd=REPOSITORY, stdout=output, stderr=output)


def storage_url(folder: Path) -> str:
    """Return the URL of the sweep's storage."""
    return f"sqlite:///{folder}/toy.db"


def wait_for_busy(seconds: float, driver: subprocess.Popen[bytes], folder: Path) -> list[int]:
    """Return the busy processes as soon as there are any, unless the driver ends or that takes too long."""
    end = time.monotonic() + seconds
    while not (processes := busy_processes(folder)) and time.monotonic() < end and driver.poll() is None:
        time.sleep(0.01)
    return processes


def busy_processes(folder: Path) -> list[int]:
    """Return the processes, still alive, of jobs that started and did not end, in random order."""
    path = folder / "journal"
    lines = [line.split(" ", 2) for line in path.read_text().splitlines()] if path.exists() else []
    ended = {(line[1], line[2]) for line in lines if line[0] == "end"}
    started = {int(line[1]) for line in lines if line[0] == "start" and (line[1], line[2]) not in ended}
    return [pid for pid in started if Path(f"/proc/{pid}").exists()]


def kill(pid: int) -> None:
    """Kill a process, as `kill -9` does."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    time.sleep(0.01)


def count_settings(folder: Path) -> Counter[str]:
    """Return how many settings are complete, lost and doubled."""
    totals: Counter[str] = Counter()
    for name, settings in SETTINGS.items():
        trials = optuna.load_study(study_name=f"toy/{name}", storage=storage_url(folder)).trials
        complete = Counter(str(trial.params) for trial in trials if trial.state.name == "COMPLETE")
        totals["complete"] += len(complete)
        totals["lost"] += settings - len(complete)
        totals["doubled"] += complete.total() - len(complete) + len(trials) - settings
    return totals


if __name__ == "__main__":
    main()
