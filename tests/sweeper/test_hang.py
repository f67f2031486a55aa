"""Workers that make no progress, as a sweep's terminal tells of them."""

import os
import re
import time
from pathlib import Path

import optuna
import pytest

from sweeps.study.census import WORKER
from sweeps.study.optuna_internals import set_trial_attribute
from sweeps.sweeper import progress
from sweeps.sweeper.hang import HangWatch
from tests.conftest import Toy

HANG_AFTER = 0.05


def test_a_worker_is_reported_once_whenever_it_stops_reporting_recording_and_writing(tmp_path: Path) -> None:
    study = optuna.create_study(study_name="toy/shape=bowl")
    trials = [study.ask() for _ in range(3)]
    for trial, worker in zip(trials, ("busy", "hung", "hung"), strict=True):
        set_trial_attribute(study, trial, WORKER, worker)
    folders = [tmp_path / "shape=bowl" / str(number) / "seed=0" for number in range(3)]
    for folder in folders:
        folder.mkdir(parents=True)
    watch = HangWatch(HANG_AFTER, tmp_path)

    def look(step: int) -> list[str]:
        time.sleep(1.2 * HANG_AFTER)
        trials[0].report(1.0, step)
        return watch.look([study])

    with (folders[1] / "output.log").open("w"):
        assert look(0) == []
        [line] = look(1)
        place = f"no progress for 0.05 s in {folders[1]}. If it hangs, end its process, {os.getpid()}, and"
        assert line.startswith(place)
        assert look(2) == []
        (folders[2] / "checkpoint.pt").write_text("")  # one of its runs has saved
        assert look(3) == []
        assert look(4) == [line]


def test_nobody_is_watched_unless_asked_to(tmp_path: Path) -> None:
    study = optuna.create_study()
    study.ask()
    watch = HangWatch(None, tmp_path)
    assert [watch.look([study]) for _ in range(2)] == [[], []]


def test_a_sweep_shows_the_folder_of_a_job_that_takes_long(
    toy: Toy, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "INTERVAL", 0.05)  # many looks in a job's time, on a busy machine too
    toy.run_here("shape=bowl", "shape.x=1,2", "pause=1", "hydra.sweeper.hang_after=0.1")
    printed = re.sub(r"\s+", "", capsys.readouterr().out)
    assert f"noprogressfor0.1sin{toy.folder}/jobs/shape=bowl/" in printed
