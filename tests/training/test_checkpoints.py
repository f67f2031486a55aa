"""The checkpoints of a run that trains: the latest state, and the best on request."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from sweeps.training import checkpoint
from sweeps.training.checkpoint import Checkpoints
from sweeps.training.run import Epoch, State
from sweeps.training.train import Observer, train
from tests.support.training_runs import RUN, SMALL_FEED


def epochs_in(folder: Path, name: str) -> int:
    epochs: int = checkpoint.load(folder / name)["epochs"]
    return epochs


def note_epochs(checkpoints: Checkpoints, *accuracies: float, first: int = 1, trained: bool = True) -> None:
    for number, accuracy in enumerate(accuracies, first):
        checkpoints.note_epoch(Epoch(number, {"loss": 1.0}, {"accuracy": accuracy}, 0.1))
        if trained:
            checkpoints.save_due(partial(_state_after, number))


def _state_after(epochs: int) -> State:
    return {"epochs": epochs}


def test_the_best_epoch_is_kept_beside_the_last_and_only_on_request(tmp_path: Path) -> None:
    note_epochs(Checkpoints(tmp_path, seconds=0, keep_best=False), 50.0, 70.0)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.pt"]
    note_epochs(Checkpoints(tmp_path, seconds=0, keep_best=True), 50.0, 70.0, 60.0, 70.0)
    assert (epochs_in(tmp_path, "best.pt"), epochs_in(tmp_path, "checkpoint.pt")) == (2, 4)


def test_a_run_that_goes_on_replaces_the_best_only_by_a_better_one(tmp_path: Path) -> None:
    note_epochs(Checkpoints(tmp_path, seconds=0, keep_best=True), 50.0, 70.0)
    resumed = Checkpoints(tmp_path, seconds=0, keep_best=True)
    note_epochs(resumed, 50.0, 70.0, trained=False)
    note_epochs(resumed, 65.0, first=3)
    assert epochs_in(tmp_path, "best.pt") == 2
    note_epochs(resumed, 75.0, first=4)
    assert epochs_in(tmp_path, "best.pt") == 4


def test_a_run_goes_on_from_its_best_epoch(tmp_path: Path) -> None:
    run = replace(RUN, feed=SMALL_FEED, batch_size=100, epochs=4)
    checkpoints = Checkpoints(tmp_path, seconds=3600, keep_best=True)

    class Saver(Observer):
        def epoch(self, run: int, epoch: Epoch) -> None:  # noqa: ARG002
            checkpoints.note_epoch(epoch)

        def state(self, run: int, state: Callable[[], State]) -> None:  # noqa: ARG002
            checkpoints.save_due(state)

    [result] = train([run], "cpu", observer=Saver())
    best = checkpoint.load(tmp_path / "best.pt")
    accuracies = [epoch.validation["accuracy"] for epoch in result.epochs]
    assert best["epochs"] == 1 + accuracies.index(max(accuracies))
    [resumed] = train([run], "cpu", starts=[best])
    assert resumed.epochs == result.epochs
