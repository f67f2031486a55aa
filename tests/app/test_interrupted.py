"""An interrupted run as a user meets it: on the command line, alone and in a sweep."""

import json
import os
import resource
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from sweeps.training import checkpoint
from sweeps.training.run import State
from sweeps.trial import NoTrial, set_current_trial
from tests.conftest import finish, run_sweeps_here, start, wait_for

RunIn = Callable[..., str]
Sweep = Callable[..., dict[int, float]]


@pytest.fixture
def run_in(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> RunIn:
    """Calls the command line in this process, with a folder for the run; gives what it printed."""

    def call(folder: str, *arguments: str) -> str:
        run_sweeps_here(f"outputs={tmp_path}/out", f"hydra.run.dir={tmp_path}/{folder}", *arguments)
        output = capfd.readouterr()
        return output.out + output.err

    return call


def metrics(folder: Path) -> Any:
    return json.loads((folder / "metrics.json").read_text())


def epochs_in(path: Path) -> int:
    return int(checkpoint.load(path)["epochs"]) if path.exists() else 0


COUNTED = """
import sys
from sweeps.run import main
from sweeps.training.stack.stack import Stack

def counted(stack):
    print("trained an epoch")
    return epoch(stack)

epoch, Stack.train_epoch = Stack.train_epoch, counted
main()
assert "torch._dynamo" not in sys.modules, "the compiler's import takes as long as torch's"
assert "optuna" not in sys.modules, "a single run has no study"
"""


def test_a_run_killed_in_the_middle_and_started_again_ends_as_an_unbroken_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # sooner done on a busy machine
    command = ["-W", "error", "-m", "sweeps.run", "optimizer=sgd", "epochs=30", "checkpoint_every=0"]
    command += [f"outputs={tmp_path}/out"]
    broken, unbroken = tmp_path / "broken", tmp_path / "unbroken"
    process = start(*command, f"hydra.run.dir={broken}")
    wait_for((broken / "checkpoint.pt").exists, process)
    os.killpg(process.pid, signal.SIGKILL)
    printed, _ = process.communicate()
    assert process.returncode == -signal.SIGKILL, printed
    assert not (broken / "metrics.json").exists()
    done = epochs_in(broken / "checkpoint.pt")

    printed = finish(start("-W", "error", "-c", COUNTED, *command[4:], f"hydra.run.dir={broken}"))
    assert f"Continuing after epoch {done} of 30." in printed
    assert printed.count("trained an epoch") == 30 - done
    run_sweeps_here(*command[4:], f"hydra.run.dir={unbroken}")
    assert metrics(broken) == metrics(unbroken)
    assert checkpoint.load(broken / "checkpoint.pt")["epochs"] == 30


def test_resume_goes_on_to_more_epochs_as_a_longer_run_would(tmp_path: Path, run_in: RunIn) -> None:
    run_in("short", "epochs=2")
    before = (tmp_path / "short/checkpoint.pt").read_bytes()
    run_in("long", "epochs=4")
    for name, source in (("folder", "short"), ("file", "short/checkpoint.pt")):
        assert "Continuing after epoch 2 of 4." in run_in(name, "epochs=4", f"resume={tmp_path}/{source}")
        assert metrics(tmp_path / name) == metrics(tmp_path / "long")
    assert (tmp_path / "short/checkpoint.pt").read_bytes() == before


def test_a_run_saves_once_at_its_end_unless_it_takes_longer(
    run_in: RunIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[int] = []
    real = checkpoint.save

    def save(path: Path, state: State) -> None:
        saved.append(state["epochs"])
        real(path, state)

    monkeypatch.setattr(checkpoint, "save", save)
    run_in("rarely", "epochs=3")
    assert saved == [3]
    run_in("always", "epochs=3", "checkpoint_every=0")
    assert saved == [3, 1, 2, 3, 3]


def test_ctrl_c_says_how_a_run_goes_on(
    tmp_path: Path, run_in: RunIn, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    real = checkpoint.save
    run = ("run", "epochs=3", "checkpoint_every=0")

    def interrupted(saves: bool) -> str:
        def save(path: Path, state: State) -> None:
            if saves:
                real(path, state)
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(checkpoint, "save", save)
            with pytest.raises(SystemExit) as left:
                run_in(*run)
        assert left.value.code == 130
        return capfd.readouterr().err

    assert "Interrupted. It stopped before the first checkpoint" in interrupted(saves=False)
    assert f"hydra.run.dir={tmp_path}/run continues" in interrupted(saves=True)
    assert "Continuing after epoch 1 of 3." in run_in(*run)


def test_a_full_disk_ends_a_run_with_one_message(tmp_path: Path, run_in: RunIn) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))  # less than a checkpoint
    try:
        with pytest.raises(SystemExit, match=f"Nothing more can be written to {tmp_path}/run: .*too large"):
            run_in("run", "epochs=1")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


class Interrupted(NoTrial):
    """A trial that keeps what it is told, and whose job is interrupted by Ctrl-C in one epoch."""

    def __init__(self, at: int | None, number: int | None) -> None:
        self.at, self.number = at, number
        self.reports: dict[int, float] = {}

    def report(self, value: float, step: int) -> None:
        if step == self.at:
            raise KeyboardInterrupt
        self.reports[step] = value


IN_A_SWEEP = ("-m", "hydra/sweeper=basic", "hydra/launcher=basic", "epochs=4", "checkpoint_every=0")


@pytest.fixture
def sweep(tmp_path: Path, run_in: RunIn) -> Sweep:
    """Runs a sweep's one job, in the folder `job`, interrupted in an epoch or not; gives what it reported."""

    def call(interrupted: int | None, *arguments: str, number: int | None = None) -> dict[int, float]:
        trial = Interrupted(interrupted, number)
        place = f"hydra.sweep.dir={tmp_path}", "hydra.sweep.subdir=job"
        with set_current_trial(trial):
            run_in("unused", *IN_A_SWEEP, *place, *arguments)
        return trial.reports

    return call


def test_an_interrupted_job_of_a_sweep_goes_on_and_reports_all_its_epochs(
    tmp_path: Path, sweep: Sweep
) -> None:
    unbroken, expected = sweep(None), metrics(tmp_path / "job")
    shutil.rmtree(tmp_path / "job")
    with pytest.raises(KeyboardInterrupt):
        sweep(3)
    assert epochs_in(tmp_path / "job/checkpoint.pt") == 2
    assert sweep(None) == unbroken
    assert set(unbroken) == {1, 2, 3, 4}
    assert metrics(tmp_path / "job") == expected
    assert "Continuing after epoch 2 of 4." in (tmp_path / "job/run.log").read_text()


@pytest.mark.parametrize("case", ["damaged", "another run's"])
def test_a_job_of_a_sweep_trains_anew_where_it_cannot_go_on_and_loses_nothing(
    case: str, tmp_path: Path, sweep: Sweep
) -> None:
    with pytest.raises(KeyboardInterrupt):
        sweep(3, *(["seed=1"] if case == "another run's" else []))
    path = tmp_path / "job/checkpoint.pt"
    if case == "damaged":
        path.write_bytes(path.read_bytes()[:-1000])
    before = path.read_bytes()
    assert set(sweep(None)) == {1, 2, 3, 4}
    log = (tmp_path / "job/run.log").read_text()
    assert f"Starting over; the old file is now {path}.unusable: {path}" in log
    assert "Continuing" not in log
    assert Path(f"{path}.unusable").read_bytes() == before
    assert epochs_in(path) == 4


def test_a_job_that_was_killed_before_its_metrics_or_its_record_trains_no_epoch_and_a_finished_one_all(
    tmp_path: Path, sweep: Sweep
) -> None:
    reports, expected = sweep(None), metrics(tmp_path / "job")
    (tmp_path / "job/metrics.json").unlink()
    assert sweep(None) == reports
    assert metrics(tmp_path / "job") == expected
    assert sweep(None) == reports
    log = tmp_path / "job/run.log"
    assert log.read_text().count("Continuing after epoch 4 of 4.") == 1
    assert sweep(None, number=0) == reports  # its trial has no record of it
    assert log.read_text().count("Continuing after epoch 4 of 4.") == 2


def test_a_run_that_diverges_reports_chance_for_the_rest_and_never_nan(tmp_path: Path, sweep: Sweep) -> None:
    wild = ("data=digits", "optimizer=sgd", "optimizer.lr=1e30", "model.norm=none")
    assert sweep(None, *wild) == dict.fromkeys([1, 2, 3, 4], metrics(tmp_path / "job")["chance"])


# arguments, what the message must hold besides the file's name
REFUSED = {
    "other optimizer": (("optimizer=sgd",), ["optimizer=torch.optim.adam.Adam there"]),
    "other seed": (("seed=5",), ["seed=0 there, 5 now"]),
    "other data": (("data.normalize=false",), ["data.checksum="]),
    "other model": (("model.widths=[75,30]",), ["model.5=Linear", "out_features=30"]),
    "other learning rate": (("optimizer.lr=0.1",), ["optimizer.lr=0.001 there, 0.1 now"]),
    "other batch": (("batch_size=100",), ["batch_size=256 there, 100 now"]),
    "fewer epochs": (("epochs=1",), ["2 epochs done, more than epochs=1"]),
}


@pytest.fixture(scope="module")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of two epochs."""
    folder = tmp_path_factory.mktemp("finished_run")
    run_sweeps_here(f"hydra.run.dir={folder}/run", f"outputs={folder}/out", "epochs=2")
    return folder / "run"


@pytest.mark.parametrize(
    ("case", "own"), [("other optimizer", True), *((case, False) for case in REFUSED)], ids=str
)
def test_another_run_is_refused(
    case: str, own: bool, refusal: Callable[..., str], finished_run: Path, tmp_path: Path
) -> None:
    arguments, words = REFUSED[case]
    before = (finished_run / "checkpoint.pt").read_bytes()
    where = f"hydra.run.dir={finished_run}" if own else f"resume={finished_run}"
    message = refusal(where, f"outputs={tmp_path}", "epochs=3", *arguments)
    fix = "hydra.run.dir=<another folder>" if own else "name another run"
    words = [*words, str(finished_run / "checkpoint.pt"), fix]
    assert all(word in message for word in words), message
    assert "Traceback" not in message
    assert (finished_run / "checkpoint.pt").read_bytes() == before


def test_a_resume_that_leads_nowhere_is_refused(
    refusal: Callable[..., str], finished_run: Path, tmp_path: Path
) -> None:
    def message(*arguments: str) -> str:
        return refusal(f"outputs={tmp_path}", *arguments)

    assert f"resume={tmp_path}/gone: there is no {tmp_path}/gone; name" in message(f"resume={tmp_path}/gone")
    swept = message("-m", "optimizer=adam", f"resume={tmp_path}/gone")
    assert f"resume={tmp_path}/gone: there is no" in swept
    assert not [*tmp_path.rglob("seed=*")]  # no job was begun
    assert f"there is no {tmp_path}/checkpoint.pt; name" in message(f"resume={tmp_path}")
    assert "2 epochs are done" in (output := message(f"resume={finished_run}", "epochs=2"))
    assert "write epochs=3 or more" in output
    assert "is damaged" in message(f"resume={finished_run}/metrics.json")
    (tmp_path / "thinned").mkdir()
    (tmp_path / "thinned" / "metrics.json").write_text("{}")
    assert "its sweep kept no checkpoint of this run" in message(f"resume={tmp_path}/thinned")
    assert "checkpoint_every=-1 must be" in message("checkpoint_every=-1")
    checkpoint.save(tmp_path / "weights.pt", {"weights": torch.zeros(3)})
    assert "weights.pt: it holds no run" in message(f"resume={tmp_path}/weights.pt")
    older = checkpoint.load(finished_run / "checkpoint.pt")
    del older["loss_limit"]
    checkpoint.save(tmp_path / "older.pt", older)
    assert "older.pt: an earlier version wrote it" in message(f"resume={tmp_path}/older.pt", "epochs=3")
    path = tmp_path / "diverged.pt"
    checkpoint.save(path, checkpoint.load(finished_run / "checkpoint.pt") | {"finite": False})
    assert "not finite after 2 epochs; name another run" in message(f"resume={path}", "epochs=3")
