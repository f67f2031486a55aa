"""Jobs of a sweep that train together, each for its own trial and in its own folder."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig

from sweeps.app import run_folder
from sweeps.app.build import build
from sweeps.training.checkpoint import Checkpoints
from sweeps.training.run import Epoch, Result, Run, State
from sweeps.training.train import Observer, evaluate, train
from sweeps.trial import Job, Trial, current_trial

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SweptRun:
    """A run with its trial and its folder. A single run has a stand-in for the trial."""

    run: Run
    trial: Trial
    folder: Path
    # The state to continue from, if any.
    start: State | None
    # Seconds at least between two checkpoints.
    checkpoint_every: float
    # Whether the best epoch's checkpoint is saved too.
    keep_best: bool
    # The splits that are measured at the end; the epochs measure validation.
    splits: Sequence[str]


def train_in_sweep(cfg: DictConfig) -> float:
    """Train one job of a sweep; return its objective. Raises TrialPruned where the pruner ends it."""
    [outcome] = train_stacked([Job(cfg, run_folder.output_folder(), current_trial())])
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def train_stacked(jobs: Sequence[Job]) -> list[float | Exception]:
    """Train the jobs of a sweep together; return each one's objective, or the exception that ended it."""
    from sweeps.study.record import TrialPruned

    outcomes: dict[int, float | Exception] = {}
    groups: dict[tuple[str, str, bool], dict[int, SweptRun]] = {}
    for index, job in enumerate(jobs):
        numerics = job.config.device, job.config.precision, job.config.compile
        try:
            groups.setdefault(numerics, {})[index] = _prepare(job)
        except Exception as error:  # the job's own fault; the others train
            outcomes[index] = error
    for (device, precision, compiled), runs in groups.items():
        ends = train_and_write(list(runs.values()), device, precision, compiled)
        for index, end in zip(runs, ends, strict=True):
            outcomes[index] = TrialPruned() if end is None else end[0].score
    return [outcomes[index] for index in range(len(jobs))]


def stack_width(cfg: DictConfig) -> int:
    """Return how many runs like the config's one worker trains together."""
    from sweeps.training.stack.width import choose_width

    return choose_width(build(cfg), cfg.device)


def _prepare(job: Job) -> SweptRun:
    run = build(job.config)
    # What a trial has ended is its own; a folder of another sweeper's may be from any day.
    load = run_folder.load_unfinished_state if job.trial.number is None else run_folder.load_state
    saved = run_folder.load_state_or_start_over(job.folder, run, job.config.device, load)
    return swept_run(job, run, saved, splits=["test"] if job.config.read_test else [])


def swept_run(job: Job, run: Run, saved: State | None, splits: Sequence[str]) -> SweptRun:
    """Return the job's run, continued from its own saved state, else from the one that `resume` names."""
    cfg, start = job.config, saved
    if start is None and cfg.resume is not None:
        start = run_folder.load_resumed_state(cfg.resume, run, cfg.device)
    if start is not None:
        log.info("Going on after epoch %d of %d.", start["epochs"], run.epochs)
    return SweptRun(run, job.trial, job.folder, start, cfg.checkpoint_every, cfg.keep_best, splits)


def train_and_write(
    runs: Sequence[SweptRun],
    device: str,
    precision: str,
    compiled: bool,
    show: Callable[[Epoch], None] | None = None,
) -> list[tuple[Result, dict[str, float]] | None]:
    """Train the runs together and write what each leaves in its folder and with its trial.

    Return each one's result and the accuracies of its splits, or None where its trial's pruner ended it.
    show: called with every epoch.
    """
    recorder = Recorder(runs, show)
    results = train(
        [each.run for each in runs],
        device,
        precision,
        starts=[each.start for each in runs],
        observer=recorder,
        compiled=compiled,
    )
    ends: list[tuple[Result, dict[str, float]] | None] = []
    for index, (each, result) in enumerate(zip(runs, results, strict=True)):
        if index in recorder.pruned:
            ends.append(None)
            continue
        accuracies = _measure_splits(each, result, device, precision)
        _describe(each, result, accuracies)
        run_folder.write_results(each.folder, result, accuracies)
        ends.append((result, accuracies))
    return ends


class Recorder(Observer):
    """Reports epochs to the trials, saves checkpoints, and asks the pruners.

    Trials are judged when all runs that train together have reported an epoch, so that the order of their
    reports doesn't matter; a run that has trained its last epoch is not pruned any more.
    """

    def __init__(self, runs: Sequence[SweptRun], show: Callable[[Epoch], None] | None) -> None:
        self.runs = runs
        self.show = show
        self.checkpoints = [Checkpoints(each.folder, each.checkpoint_every, each.keep_best) for each in runs]
        self.epochs_done = [0] * len(runs)
        self.pruned: set[int] = set()

    def epoch(self, run: int, epoch: Epoch) -> None:
        """Report validation accuracy to the run's trial."""
        self.epochs_done[run] = epoch.number
        self.checkpoints[run].note_epoch(epoch)
        self.runs[run].trial.report(epoch.validation_accuracy, epoch.number)
        if self.show is not None:
            self.show(epoch)

    def state(self, run: int, state: Callable[[], State]) -> None:
        """Save the checkpoints that are due."""
        self.checkpoints[run].save_due(state)

    def diverged(self, run: int) -> None:
        """Report chance for the epochs that the run didn't come to."""
        each = self.runs[run]
        for number in range(self.epochs_done[run] + 1, each.run.epochs + 1):
            each.trial.report(each.run.feed.chance, number)

    def stop(self, runs: Collection[int]) -> Collection[int]:
        """Return the runs whose trials' pruners end them."""
        unfinished = [run for run in runs if self.epochs_done[run] < self.runs[run].run.epochs]
        ending = {run for run in unfinished if self.runs[run].trial.should_prune()}
        self.pruned |= ending
        return ending


def _measure_splits(each: SweptRun, result: Result, device: str, precision: str) -> dict[str, float]:
    """Return accuracy in percent on the run's splits; chance where it diverged, as its score."""
    if result.diverged:
        return dict.fromkeys(each.splits, each.run.feed.chance)
    return evaluate(each.run, result, device, precision, each.splits)


def _describe(each: SweptRun, result: Result, accuracies: dict[str, float]) -> None:
    """Set the trial's attributes, without the validation accuracy that it was given epoch by epoch."""
    curves = run_folder.learning_curves(result)
    del curves["validation_accuracy"]
    each.trial.set_user_attr("diverged", result.diverged)
    each.trial.set_user_attr("chance", each.run.feed.chance)
    each.trial.set_user_attr("curves", curves)
    if "test" in accuracies:
        each.trial.set_user_attr("test", accuracies["test"])
        each.trial.set_user_attr("test_images", len(each.run.feed.test_labels))
