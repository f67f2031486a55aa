"""What a run keeps of itself while it trains: the last state, and the best on request."""

from dataclasses import replace
from pathlib import Path

from sweeps.training import checkpoint
from sweeps.training.keep import Keeper
from sweeps.training.run import Epoch
from sweeps.training.train import train
from tests.support.training_runs import FEW, RUN


def kept(folder: Path, name: str) -> int:
    return checkpoint.load(folder / name)["epochs"]


def told(keeper: Keeper, *accuracies: float, first: int = 1, trained: bool = True) -> None:
    for number, accuracy in enumerate(accuracies, first):
        keeper.measured(Epoch(number, 1.0, 50.0, 1.0, accuracy, 0.1))
        if trained:
            keeper.keep(lambda number=number: {"epochs": number})


def test_the_best_epoch_is_kept_beside_the_last_and_only_on_request(tmp_path: Path) -> None:
    told(Keeper(tmp_path, seconds=0, best=False), 50.0, 70.0)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.pt"]
    told(Keeper(tmp_path, seconds=0, best=True), 50.0, 70.0, 60.0, 70.0)
    assert (kept(tmp_path, "best.pt"), kept(tmp_path, "checkpoint.pt")) == (2, 4)


def test_a_run_that_goes_on_replaces_the_best_only_by_a_better_one(tmp_path: Path) -> None:
    told(Keeper(tmp_path, seconds=0, best=True), 50.0, 70.0)
    again = Keeper(tmp_path, seconds=0, best=True)
    told(again, 50.0, 70.0, trained=False)
    told(again, 65.0, first=3)
    assert kept(tmp_path, "best.pt") == 2
    told(again, 75.0, first=4)
    assert kept(tmp_path, "best.pt") == 4


def test_a_run_goes_on_from_its_best_epoch(tmp_path: Path) -> None:
    run = replace(RUN, feed=FEW, batch_size=100, epochs=4)
    keeper = Keeper(tmp_path, seconds=3600, best=True)
    [result] = train(
        [run],
        "cpu",
        on_epoch=lambda _, epoch: keeper.measured(epoch),
        on_state=lambda _, state: keeper.keep(state),
    )
    best = checkpoint.load(tmp_path / "best.pt")
    accuracies = [epoch.validation_accuracy for epoch in result.epochs]
    assert best["epochs"] == 1 + accuracies.index(max(accuracies))
    [resumed] = train([run], "cpu", starts=[best])
    assert resumed.epochs == result.epochs
