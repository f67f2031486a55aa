"""Runs of a sweep that train together, each for its own trial and in its own folder."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from sweeps.app import run_folder as job
from sweeps.training.keep import Keeper
from sweeps.training.run import Epoch, Result, Run, State
from sweeps.training.train import evaluate, train
from sweeps.trial import Trial


@dataclass(frozen=True)
class Swept:
    """A run with where it reports, what it goes on from, and where it leaves what it did.

    checkpoint_every: seconds at least between two checkpoints; keeps_best: whether the best epoch's is kept.
    reads_test: whether it may measure test accuracy.
    """

    run: Run
    trial: Trial
    folder: Path
    start: State | None
    checkpoint_every: float
    keeps_best: bool
    reads_test: bool

    def report(self, epoch: Epoch) -> None:
        """Tell the trial an epoch's validation accuracy."""
        self.trial.report(epoch.validation_accuracy, epoch.number)

    def fill(self, epochs: int) -> None:
        """Report chance for the epochs that a diverged run didn't come to."""
        for number in range(epochs + 1, self.run.epochs + 1):
            self.trial.report(self.run.feed.chance, number)

    def finish(self, result: Result, device: str, precision: str) -> None:
        """Leave the run's result in its folder and with its trial."""
        accuracies = {"validation": result.score, **self._tested(result, device, precision)}
        self.trial.set_user_attr("diverged", result.diverged)
        self.trial.set_user_attr("chance", self.run.feed.chance)
        self.trial.set_user_attr("curves", job.curves(result))
        if "test" in accuracies:
            self.trial.set_user_attr("test", accuracies["test"])
            self.trial.set_user_attr("test_images", len(self.run.feed.test_labels))
        job.write(self.folder, result, accuracies)

    def _tested(self, result: Result, device: str, precision: str) -> dict[str, float]:
        """Test accuracy, where it may be read; chance where the run diverged, as its score."""
        if not self.reads_test:
            return {}
        if result.diverged:
            return {"test": self.run.feed.chance}
        return {"test": evaluate(self.run, result, device, precision)["test"]}


def train_swept(
    swept: Sequence[Swept], device: str, precision: str, compiled: bool = False
) -> list[float | None]:
    """The score of each run, or None where its trial's pruner ended it.

    Trials are judged when all runs that train together have reported an epoch, so that the order of their
    reports doesn't matter; a run that has trained its last epoch is not pruned any more.
    """
    keepers = [Keeper(each.folder, each.checkpoint_every, each.keeps_best) for each in swept]
    pruned: set[int] = set()
    done = dict.fromkeys(range(len(swept)), 0)

    def report(place: int, epoch: Epoch) -> None:
        done[place] = epoch.number
        keepers[place].measured(epoch)
        swept[place].report(epoch)

    def judge(places: Collection[int]) -> Collection[int]:
        unfinished = [place for place in places if done[place] < swept[place].run.epochs]
        ending = {place for place in unfinished if swept[place].trial.should_prune()}
        pruned.update(ending)
        return ending

    results = train(
        [each.run for each in swept],
        device,
        precision,
        on_epoch=report,
        starts=[each.start for each in swept],
        on_state=lambda place, state: keepers[place].keep(state),
        on_diverged=lambda place: swept[place].fill(done[place]),
        stopped=judge,
        compiled=compiled,
    )
    for place, (each, result) in enumerate(zip(swept, results, strict=True)):
        if place not in pruned:
            each.finish(result, device, precision)
    return [None if place in pruned else result.score for place, result in enumerate(results)]
