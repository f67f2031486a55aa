"""Kills workers and drivers of sweeps at random moments and counts the settings that are lost or doubled.

    uv run python benchmarks/kill_workers.py --kills 50

Each sweep has jobs of uneven length, two studies, two replicates a setting. A killed driver is started again;
a killed worker is its driver's business. Ends with an error where a setting is lost or doubled.
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
    killed: Counter[str] = Counter()
    found: Counter[str] = Counter()
    sweeps = 0
    while killed.total() < arguments.kills:
        with tempfile.TemporaryDirectory() as folder:
            killed += sweep(Path(folder), chance)
            found += count(Path(folder))
        sweeps += 1
        counts = ", ".join(f"{found[name]} {name}" for name in ("complete", "lost", "doubled"))
        print(f"{sweeps} sweeps, killed {dict(killed)}; settings: {counts}", flush=True)
    if found["lost"] or found["doubled"]:
        sys.exit("settings were lost or doubled")


def sweep(folder: Path, chance: random.Random) -> Counter[str]:
    """Start a sweep again and again, killing it, until it ends by itself."""
    killed: Counter[str] = Counter()
    unit = seconds_to_start()
    driver = start(folder)
    while True:
        try:
            ended = driver.wait(unit * chance.uniform(0.5, 5.0))
        except subprocess.TimeoutExpired:
            killed += strike(driver, folder, chance, unit)
            continue
        if ended == 0:
            return killed
        driver = start(folder)


def strike(driver: subprocess.Popen[bytes], folder: Path, chance: random.Random, unit: float) -> Counter[str]:
    """Kill a worker, the driver, or the driver with all of its workers."""
    killed: Counter[str] = Counter()
    victim = chance.choice(["worker", "driver", "both"])
    workers = [] if victim == "driver" else within(5 * unit, driver, folder)
    pids = {"worker": workers[:1], "driver": [driver.pid], "both": [*workers, driver.pid]}[victim]
    for pid in pids:
        kill(pid)
        killed["driver" if pid == driver.pid else "worker"] += 1
    return killed


def seconds_to_start() -> float:
    """How long the application takes to say what it can do: on a busy machine kills must come less often."""
    begin = time.monotonic()
    subprocess.run(
        [sys.executable, "tests/support/toy/app.py", "--help"],
        cwd=REPOSITORY,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.monotonic() - begin


def start(folder: Path) -> subprocess.Popen[bytes]:
    """Start a driver of the sweep."""
    command = [
        "tests/support/toy/app.py",
        "-m",
        "shape=bowl,ridge",
        "pause=0.2",
        "uneven=true",
        f"journal={folder}/journal",
        f"hydra.sweep.dir={folder}/jobs",
        f"hydra.sweeper.storage={storage(folder)}",
        "hydra.sweeper.study_name=toy",
        "hydra/sweeper/sampler=grid",
        "hydra.sweeper.n_jobs=2",
        "+hydra.sweeper.replicates.seed=[0,1]",
    ]
    with (folder / "output").open("a") as output:
        return subprocess.Popen([sys.executable, *command], cwd=REPOSITORY, stdout=output, stderr=output)


def storage(folder: Path) -> str:
    """The sweep's storage."""
    return f"sqlite:///{folder}/toy.db"


def within(seconds: float, driver: subprocess.Popen[bytes], folder: Path) -> list[int]:
    """The busy processes as soon as there are any, unless the driver ends or that takes too long."""
    end = time.monotonic() + seconds
    while not (found := busy(folder)) and time.monotonic() < end and driver.poll() is None:
        time.sleep(0.01)
    return found


def busy(folder: Path) -> list[int]:
    """The processes, still alive, of jobs that started and did not end, in random order."""
    path = folder / "journal"
    lines = [line.split(" ", 2) for line in path.read_text().splitlines()] if path.exists() else []
    ended = {(line[1], line[2]) for line in lines if line[0] == "end"}
    started = {int(line[1]) for line in lines if line[0] == "start" and (line[1], line[2]) not in ended}
    return [pid for pid in started if Path(f"/proc/{pid}").exists()]


def kill(pid: int) -> None:
    """kill -9."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    time.sleep(0.01)


def count(folder: Path) -> Counter[str]:
    """How many settings are complete, lost and doubled."""
    found: Counter[str] = Counter()
    for name, settings in SETTINGS.items():
        trials = optuna.load_study(study_name=f"toy/{name}", storage=storage(folder)).trials
        complete = Counter(str(trial.params) for trial in trials if trial.state.name == "COMPLETE")
        found["complete"] += len(complete)
        found["lost"] += settings - len(complete)
        found["doubled"] += complete.total() - len(complete) + len(trials) - settings
    return found


if __name__ == "__main__":
    main()
