"""The fork server: what its forks share, and what is left of a sweep where one of its processes is killed."""

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from sweeps.fork_server.client import ForkServer, JobKilled
from tests.conftest import ENVIRONMENT, Toy, finish, wait_for

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
    wait_for(lambda: len(toy.waiting_processes()) == 3, process)  # the other goes on
    assert parent_of(toy.waiting_processes()[2]) == server
    os.kill(server, signal.SIGKILL)
    wait_for(lambda: len(toy.waiting_processes()) >= 5, process)
    toy.release()
    finish(process)
    assert_each_setting_is_complete_once(toy)
    assert [toy.journal("start").count(job) for job in kept] == [1] * len(kept)


# Its jobs are pickled by value: to import it would start the sweep again.
UNGUARDED = """
import hydra

@hydra.main(config_path=None, config_name="config")
def main(cfg):
    with open("journal", "a") as file:
        file.write(f"{cfg.x}\\n")
    return cfg.x**2

main()
"""
CONFIG = """
defaults: [_self_, override hydra/sweeper: study, override hydra/launcher: forkserver]
x: 0
hydra:
  sweeper: {sampler: {_target_: optuna.samplers.GridSampler}, n_trials: null, n_jobs: 2, report: false}
"""


def test_a_script_that_calls_main_unguarded_is_swept(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(UNGUARDED.replace("None", repr(str(tmp_path))))
    (tmp_path / "config.yaml").write_text(CONFIG)
    command = [sys.executable, "-W", "error", "app.py", "-m", "x=1,2,3"]
    subprocess.run(command, cwd=tmp_path, env=ENVIRONMENT, check=True, timeout=120)
    assert sorted((tmp_path / "journal").read_text().split()) == ["1", "2", "3"]


def test_forks_have_their_share_of_the_cores_and_random_numbers_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: range(6))
    draw = "(__import__('random').random(), __import__('numpy').random.rand())"
    threads = "__import__('torch').get_num_threads(), __import__('os').environ['OMP_NUM_THREADS']"
    with ForkServer() as server:
        server.preload(["numpy.random", "torch"])
        first, second = server.run(eval, [draw, draw], n_jobs=2)
        assert first[0] != second[0]
        assert first[1] != second[1]
        assert server.run(eval, [threads], n_jobs=2) == [(3, "3")]
        assert server.run(eval, [threads], n_jobs=9) == [(1, "1")]


def test_a_server_with_threads_is_replaced_and_what_a_job_raises_is_raised() -> None:
    process = "__import__('os').getppid()"
    thread = "import threading, time; threading.Thread(target=time.sleep, args=(99,), daemon=True).start()"
    with ForkServer() as server:
        before = server.run(eval, [process, process], n_jobs=1)
        assert before[0] == before[1]
        server.call(partial(exec, thread))
        assert server.run(eval, [process], n_jobs=1) != before[:1]
        with pytest.raises(ZeroDivisionError):
            server.run(eval, ["__import__('time').sleep(99)", "1 / 0"], n_jobs=2)
        with pytest.raises(JobKilled, match="job 0 ended with -9"):
            server.run(eval, ["__import__('os').kill(__import__('os').getpid(), 9)"], n_jobs=2)
