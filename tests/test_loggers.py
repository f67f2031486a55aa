"""What trackers hold of a stack's runs, read back by their own libraries."""

import csv
import json
import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir

from sweeps.app.check import check
from sweeps.app.swept_jobs import train_stacked
from sweeps.loggers import Identity, RunLog
from sweeps.run import CONF
from sweeps.study.record import TrialPruned
from sweeps.trial import Job, NoTrial

SMALL = ("data=digits", "epochs=3", "batch_size=200", "optimizer=sgd")


class StudyTrial(NoTrial):
    """A trial of a study; one number is pruned after its first epoch."""

    study = "sweeps/optimizer=sgd"

    def __init__(self, number: int) -> None:
        self.number = number

    def should_prune(self) -> bool:
        return self.number == 2


def train_jobs(outputs: Path, *overrides: str) -> list[Path]:
    """Train three jobs together, the last of which is pruned; return their folders."""
    jobs = []
    with initialize_config_dir(str(CONF)):
        for number in range(3):
            folder = outputs / "sweeps" / "optimizer=sgd" / str(number) / "seed=0"
            folder.mkdir(parents=True, exist_ok=True)
            lr = f"optimizer.lr={0.1 / (1 + number)}"
            config = compose("config", [*SMALL, f"outputs={outputs}", lr, *overrides])
            jobs.append(Job(config, folder, StudyTrial(number)))
    outcomes = train_stacked(jobs)
    assert [isinstance(outcome, TrialPruned) for outcome in outcomes] == [False, False, True], outcomes
    return [job.folder for job in jobs]


def scores_of(folder: Path) -> list[float]:
    epochs = json.loads((folder / "metrics.json").read_text())["epochs"]
    return [epoch["validation_accuracy"] for epoch in epochs]


def test_csv_has_a_row_an_epoch(tmp_path: Path) -> None:
    folders = train_jobs(tmp_path, "logger=csv")
    for folder in folders[:2]:
        rows = list(csv.DictReader((folder / "metrics.csv").read_text().splitlines()))
        assert [float(row["validation_accuracy"]) for row in rows] == scores_of(folder)
    assert len((folders[2] / "metrics.csv").read_text().splitlines()) == 2  # the heading and one epoch


def test_tensorboard_has_a_folder_a_run_and_each_epoch_once_however_often_that_begins(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    folders = train_jobs(tmp_path, "logger=tensorboard")
    (folders[0] / "checkpoint.pt").unlink()  # so that it trains again
    train_jobs(tmp_path, "logger=tensorboard")
    for folder in folders[:2]:
        events = EventAccumulator(str(tmp_path / "tensorboard" / folder.relative_to(tmp_path)))
        events.Reload()
        scalars = [(event.step, event.value) for event in events.Scalars("validation_accuracy")]
        assert [value for _, value in scalars] == pytest.approx(scores_of(folder))  # in fp32
        assert [step for step, _ in scalars] == [1, 2, 3]


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SADeprecationWarning")  # MLflow's own
def test_mlflow_has_one_run_a_job_however_often_that_begins(tmp_path: Path) -> None:
    from mlflow.tracking import MlflowClient

    uri = f"sqlite:///{tmp_path}/mlflow.db"
    folders = train_jobs(tmp_path, "logger=mlflow")
    (folders[0] / "checkpoint.pt").unlink()  # so that it trains again
    train_jobs(tmp_path, "logger=mlflow")
    client = MlflowClient(uri)
    [experiment] = client.search_experiments(filter_string="name != 'Default'")
    assert experiment.name == "sweeps/optimizer=sgd"
    stored = client.search_runs([experiment.experiment_id])
    assert sorted(run.info.run_name for run in stored) == [
        str(path.relative_to(tmp_path)) for path in folders
    ]
    runs = {run.info.run_name: run for run in stored}
    statuses = [run.info.status for _, run in sorted(runs.items())]
    assert statuses == ["FINISHED", "FINISHED", "KILLED"]
    for folder in folders[:2]:
        run = runs[str(folder.relative_to(tmp_path))]
        history = client.get_metric_history(run.info.run_id, "validation_accuracy")
        assert [each.value for each in history if each.step == 3][-1] == scores_of(folder)[-1]
        assert float(run.data.params["optimizer.lr"]) in (0.1, 0.05)
        assert run.data.metrics["score"] == scores_of(folder)[-1]


def test_wandb_has_a_run_a_job_in_a_group_a_study_and_ends_each(tmp_path: Path) -> None:
    folders = train_jobs(tmp_path, "logger=wandb", "logger.mode=offline")
    runs = list((tmp_path / "wandb").glob("offline-run-*"))
    for run in runs:
        wait_for_line(run / "logs" / "debug-internal.log", "stream: all finished")
    records = [next(run.glob("*.wandb")).read_bytes() for run in runs]
    for folder in folders:
        name = str(folder.relative_to(tmp_path)).encode()
        [record] = [record for record in records if name in record]
        assert b"validation_accuracy" in record
        assert (b"pruned" if folder is folders[2] else b"finished") in record


def wait_for_line(path: Path, words: str) -> None:
    """Wait for a line of a log: W&B's own process writes on after a run has ended."""
    deadline = time.monotonic() + 60
    while words not in path.read_text():
        assert time.monotonic() < deadline, path.read_text()
        time.sleep(0.05)


class Broken(RunLog):
    def write(self, epochs: Sequence[Mapping[str, float]]) -> None:
        raise ConnectionError(f"no server for {len(epochs)} epochs")

    def close(self, status: str, summary: Mapping[str, float]) -> None:
        raise ConnectionError(f"no server for {status} {summary}")


class BrokenLogger:
    def start(self, _: Identity) -> RunLog:
        return Broken()


def test_a_tracker_that_breaks_down_costs_no_run(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, logger="sweeps.loggers"):
        folders = train_jobs(tmp_path, "+logger._target_=tests.test_loggers.BrokenLogger")
    assert len(scores_of(folders[0])) == 3
    assert "no server for 3 epochs" in caplog.text


def test_a_tracker_whose_package_is_missing_is_refused_with_its_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sweeps.loggers.logger.find_spec", lambda _: None)
    with initialize_config_dir(str(CONF)):
        config: Any = compose("config", [*SMALL, f"outputs={tmp_path}", "logger=mlflow"])
    with pytest.raises(ValueError, match=r"pip install 'optimizer-sweeps\[mlflow\]'"):
        check(config)
