"""A sweep whose disk fills, whose database is locked, whose machine goes down, that is started twice."""

import os
import resource
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import optuna
from sqlalchemy.exc import OperationalError

from sweeps.study.outage import is_connection_lost, storage_failure
from tests.conftest import Toy, finish, wait_for

PAUSE = "pause=0.2"
SWEEP = ("shape=bowl", "+hydra.sweeper.replicates.seed=[0,1]", PAUSE)
JOBS = 5 * 2


def last_words(process: subprocess.Popen[str]) -> str:
    """Return what a sweep printed that ended badly: one message."""
    output, _ = process.communicate(timeout=120)
    assert process.returncode not in (0, None), output
    assert "Traceback" not in output
    assert output.count("What was finished is kept. The same command resumes.") == 1, output
    return output


@contextmanager
def locked(toy: Toy) -> Iterator[None]:
    """Lock a sweep's database against all others."""
    with closing(sqlite3.connect(toy.folder / "toy.db", isolation_level=None, timeout=120)) as session:
        session.execute("BEGIN EXCLUSIVE")
        yield
        session.execute("ROLLBACK")


def heeds_no_interrupt(process: int) -> bool:
    """Return whether a process ignores Ctrl-C, as one does that was interrupted before, or is gone."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    fields = dict(line.split(":\t", 1) for line in status.splitlines())
    return fields["State"].startswith("Z") or bool(int(fields["SigIgn"], 16) & 1 << signal.SIGINT - 1)


def assert_the_next_start_finishes(toy: Toy, kept: list[str], *overrides: str) -> None:
    """It does, and runs none of the replicates in `kept` a second time."""
    assert len(kept) >= 2
    toy.run_here(*SWEEP, *overrides)
    assert_finished(toy, kept)


def assert_finished(toy: Toy, kept: list[str]) -> None:
    """Every setting is complete once, and no replicate in `kept` ran a second time."""
    trials = toy.study("toy/shape=bowl").trials
    assert [trial.state.name for trial in trials] == ["COMPLETE"] * 5
    assert len({str(trial.params) for trial in trials}) == 5
    assert [toy.journal("start").count(job) for job in kept] == [1] * len(kept)


@contextmanager
def small_disk(folder: Path) -> Iterator[Callable[[int], None]]:
    """A file system of its own, where that may be mounted; gives what fills it for a process group.

    Where it may not, no file of those processes may grow beyond the database's first page.
    """
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if subprocess.run(mount, stderr=subprocess.DEVNULL).returncode:
        yield limit_files
        return
    try:
        yield lambda _: fill(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> None:
    """Leave no room in the folder's file system, in which others write meanwhile."""
    with (folder / "ballast").open("wb", buffering=0) as ballast, suppress(OSError):
        while True:
            ballast.write(bytes(4096))


def limit_files(group: int) -> None:
    """Let no file of a process group grow."""
    for process in Path("/proc").glob("[0-9]*"):
        if os.getpgid(pid := int(process.name)) == group:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))


def test_a_full_disk_ends_a_sweep_with_one_message_and_costs_nothing_that_was_finished(
    tmp_path: Path,
) -> None:
    with small_disk(tmp_path) as fill_for:
        toy = Toy(tmp_path)
        toy.hold(8)  # so that it can't end before the disk is full
        process = toy.start(*SWEEP)
        wait_for(lambda: len(toy.journal("end")) >= 4, process)
        fill_for(process.pid)
        toy.release()
        written = f"Nothing more can be written to sqlite:///{tmp_path}/toy.db or {tmp_path}/jobs: "
        assert written in last_words(process)
        (tmp_path / "ballast").unlink(missing_ok=True)
        assert_the_next_start_finishes(toy, toy.recorded_jobs(PAUSE))


def test_a_locked_database_is_waited_for_and_costs_nothing_where_that_takes_too_long(toy: Toy) -> None:
    patient = f"hydra.sweeper.storage='{toy.storage}?timeout=2'"
    toy.hold(6)
    process = toy.start(*SWEEP, patient)
    wait_for(lambda: len(toy.journal("end")) >= 2, process)
    with locked(toy):
        time.sleep(1)  # less than the two seconds that it is waited for
    wait_for(lambda: len(toy.waiting_processes()) == 2, process)
    with locked(toy):
        toy.release()
        assert "toy.db?timeout=2" in (output := last_words(process))
        assert "database is locked" in output
    assert_the_next_start_finishes(toy, toy.recorded_jobs(PAUSE), patient)


def test_ctrl_c_twice_ends_a_sweep_with_one_message_and_costs_nothing_that_was_finished(toy: Toy) -> None:
    toy.hold(4)
    process = toy.start(*SWEEP)
    wait_for(lambda: len(toy.waiting_processes()) == 2, process)
    with locked(toy):  # what cleans up after the first waits, and so meets the second
        os.killpg(process.pid, signal.SIGINT)
        wait_for(lambda: all(map(heeds_no_interrupt, (process.pid, *toy.waiting_processes()))), process)
        os.killpg(process.pid, signal.SIGINT)
    assert "Interrupted." in last_words(process)
    assert process.returncode == 130
    toy.release()
    assert_the_next_start_finishes(toy, toy.recorded_jobs(PAUSE))


def test_after_a_reboot_two_drivers_started_at_once_finish_the_sweep_and_double_nothing(toy: Toy) -> None:
    toy.hold(4)
    process = toy.start(*SWEEP)
    wait_for(lambda: len(toy.waiting_processes()) == 2, process)
    os.killpg(process.pid, signal.SIGKILL)  # the driver and its workers, at one moment
    process.communicate()
    toy.release()
    kept = toy.recorded_jobs(PAUSE)
    left = sorted((toy.folder / "toy.db.locks").glob("*.alive"))
    assert len(left) == 3, "each process leaves the file of its lock behind"
    begun = len(toy.journal("start"))
    alone = ("hydra/launcher=basic", "hydra.sweeper.n_jobs=1")
    drivers = [toy.start(*SWEEP, *alone) for _ in range(2)]
    output = [finish(driver) for driver in drivers]
    assert all("Use bowl with x=1" in words for words in output)
    assert_finished(toy, kept)
    assert len(toy.journal("start")) == begun + JOBS - len(kept)


def test_a_driver_waits_for_a_killed_drivers_workers_and_takes_over_from_one_that_dies(toy: Toy) -> None:
    both = ("shape=bowl", "shape.x=1,2")
    toy.hold(0)
    process = toy.start(*both)
    wait_for(lambda: len(toy.waiting_processes()) == 2, process)
    os.kill(process.pid, signal.SIGKILL)
    driver = toy.start(*both)
    assert driver.stdout is not None
    # After the two lines that open every sweep.
    assert [driver.stdout.readline() for _ in range(3)][-1] == "waiting for 2 trials of another process\n"
    time.sleep(1)
    assert driver.poll() is None
    os.kill(toy.waiting_processes()[0], signal.SIGKILL)
    toy.release()
    finish(driver)
    process.communicate()
    assert toy.states("toy/shape=bowl") == ["COMPLETE"] * 2
    assert len(toy.journal("start")) == 3


def test_a_worker_that_waits_for_anothers_trial_ends_with_its_driver(toy: Toy) -> None:
    seeds = ("+hydra.sweeper.replicates.seed=[0,1]", "hydra.sweeper.confirm.seeds=2")
    command = ("shape=bowl", "shape.x=1,2", *seeds, "uneven=true", "pause=0.2")
    toy.hold(2)
    driver = toy.start(*command)
    wait_for(lambda: toy.waiting_processes() and len(toy.journal("end")) == 2, driver)
    lines = (toy.folder / "journal").read_text().splitlines()
    begun = {int(line.split()[1]) for line in lines if line.startswith("start ")}
    [busy] = toy.waiting_processes()
    [idle] = begun - {busy}
    os.kill(idle, 0)  # it is there
    driver.kill()
    wait_for_end(idle)
    toy.release()
    wait_for_end(busy)
    driver.communicate()
    assert toy.states("toy/shape=bowl") == ["COMPLETE"] * 2
    assert "toy/shape=bowl/confirm" not in optuna.get_all_study_names(toy.storage)


def wait_for_end(process: int) -> None:
    """Wait until a process, no child of this one, is gone."""
    deadline = time.monotonic() + 60
    with suppress(ProcessLookupError):
        while time.monotonic() < deadline:
            os.kill(process, 0)
            time.sleep(0.01)
        raise TimeoutError(f"process {process} is still there")


def test_a_job_that_fails_by_a_database_of_its_own_is_to_blame_itself() -> None:
    error = OperationalError("SELECT", {}, sqlite3.OperationalError("database is locked"))
    assert storage_failure(error) is None
    assert not is_connection_lost(error)
