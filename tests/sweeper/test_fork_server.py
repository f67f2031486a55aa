"""The fork server, its workers and its driver: killed one by one, with nothing lost or doubled."""

import os
import signal
from pathlib import Path

from tests.conftest import Toy, finish, wait_for

BOTH = ("shape=bowl,ridge", "+hydra.sweeper.replicates.seed=[0,1]")


def parent_of(process: int) -> int:
    """Return the process that started one."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("PPid"))


def assert_each_setting_is_complete_once(toy: Toy) -> None:
    assert toy.states("toy/shape=bowl") == ["COMPLETE"] * 5
    assert toy.states("toy/shape=ridge") == ["COMPLETE"] * 6


def test_a_sweep_goes_on_where_a_worker_or_the_server_is_killed_and_doubles_nothing(toy: Toy) -> None:
    toy.hold(4)
    process = toy.start(*BOTH)
    wait_for(lambda: len(toy.waiting_processes()) == 2, process)
    server = parent_of(toy.waiting_processes()[0])
    assert parent_of(server) == process.pid
    kept = toy.recorded_jobs()
    os.kill(toy.waiting_processes()[0], signal.SIGKILL)
    wait_for(lambda: len(toy.waiting_processes()) == 4, process)
    assert parent_of(toy.waiting_processes()[3]) == server
    os.kill(server, signal.SIGKILL)
    wait_for(lambda: len(toy.waiting_processes()) >= 5, process)
    toy.release()
    finish(process)
    assert_each_setting_is_complete_once(toy)
    assert [toy.journal("start").count(job) for job in kept] == [1] * len(kept)
