"""Jobs of a sweep that train together, each for its own trial and in its own folder."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import DictConfig

from sweeps.app import run_folder
from sweeps.app.build import build
from sweeps.app.tracking import end_tracking, start_tracking
from sweeps.training.checkpoint import Checkpoints
from sweeps.training.guess import score_guess
from sweeps.training.run import Epoch, Result, Run, State
from sweeps.training.train import Observer, evaluate, train
from sweeps.trial import Job, Trial, current_trial

if TYPE_CHECKING:
    from sweeps.loggers import RunLog

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
    # Whether they are measured after a divergence too; else they score chance, as the run does.
    measure_diverged: bool = False
    # Told of its epochs, if there is one.
    tracker: RunLog | None = None


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
        try:
            numerics = job.config.device, job.config.precision, job.config.compile
            groups.setdefault(numerics, {})[index] = _prepare(job)
        except Exception as error:  # the job's own fault; the others train
            outcomes[index] = error
    for (device, precision, compiled), runs in groups.items():
        ends = train_and_write(list(runs.values()), device, precision, compiled)
        for index, end in zip(runs, ends, strict=True):
            outcomes[index] = TrialPruned() if end is None else end[0].score
    return [outcomes[index] for index in range(len(jobs))]


def choose_stack_width(cfg: DictConfig) -> int:
    """Return how many runs like the config's one worker trains together."""
    from sweeps.training.stack.width import choose_width

    return choose_width(build(cfg), cfg.device)


def _prepare(job: Job) -> SweptRun:
    run = build(job.config)
    # Only a job of the study sweeper has a trial with a number.
    is_other_sweeper = job.trial.number is None
    # A trial's folder is its own, and may hold an ended run; another sweeper's may be from any day.
    load = run_folder.load_unfinished_state if is_other_sweeper else run_folder.load_state
    state = run_folder.load_state_or_start_over(job.folder, run, job.config.device, load)
    return continue_run(job, run, state, splits=["test"] if job.config.read_test else [])


def continue_run(job: Job, run: Run, state: State | None, splits: Sequence[str]) -> SweptRun:
    """Return the job's run, to continue from its own state if it has one, else from what `resume` names."""
    cfg, start = job.config, state
    if start is None and cfg.resume is not None:
        start = run_folder.load_resumed_state(cfg.resume, run, cfg.device)
    if start is not None:
        log.info("Continuing after epoch %d of %d.", start["epochs"], run.epochs)
    return SweptRun(
        run,
        job.trial,
        job.folder,
        start,
        cfg.checkpoint_every,
        cfg.keep_best,
        splits,
        tracker=start_tracking(job),
    )


def train_and_write(
    jobs: Sequence[SweptRun],
    device: str,
    precision: str,
    compiled: bool,
    show: Callable[[Epoch], None] | None = None,
) -> list[tuple[Result, dict[str, float]] | None]:
    """Train runs together and write what each leaves in its folder and with its trial.

    Return each one's result and the scores of its splits, or None where its trial's pruner ended it.
    show: called with every epoch.
    """
    with end_tracking([job.tracker for job in jobs]) as statuses:
        return _train_and_write(jobs, Recorder(jobs, device, show), device, precision, compiled, statuses)


def _train_and_write(
    jobs: Sequence[SweptRun],
    recorder: Recorder,
    device: str,
    precision: str,
    compiled: bool,
    statuses: dict[int, tuple[str, Mapping[str, float]]],
) -> list[tuple[Result, dict[str, float]] | None]:
    """Train and write as `train_and_write` does; statuses: takes each run's and scores."""
    results = train(
        [job.run for job in jobs],
        device,
        precision,
        starts=[job.start for job in jobs],
        observer=recorder,
        compiled=compiled,
    )
    ends: list[tuple[Result, dict[str, float]] | None] = []
    for index, (job, result) in enumerate(zip(jobs, results, strict=True)):
        if index in recorder.pruned:
            ends.append(None)
            statuses[index] = "pruned", {}
            continue
        scores = _measure_splits(job, result, device, precision)
        _describe(job, result, scores)
        run_folder.write_run(job.folder, job.run, result, scores)
        statuses[index] = "finished", {"score": result.score, "diverged": result.diverged, **scores}
        ends.append((result, scores))
    return ends


class Recorder(Observer):
    """Reports epochs to the trials, saves checkpoints, and asks the pruners.

    Trials are judged when all runs that train together have reported an epoch, so that the order of their
    reports doesn't matter; a run that has trained its last epoch is not pruned any more.
    """

    def __init__(self, jobs: Sequence[SweptRun], device: str, show: Callable[[Epoch], None] | None) -> None:
        self.jobs = jobs
        self.device = device
        self.show = show
        self.checkpoints = [
            Checkpoints(job.folder, job.checkpoint_every, job.keep_best, job.run.metrics[0]) for job in jobs
        ]
        self.epoch_counts = [0] * len(jobs)
        # Each run's last score.
        self.scores = [0.0] * len(jobs)
        self.pruned: set[int] = set()

    def epoch(self, run: int, epoch: Epoch) -> None:
        """Report the objective to the run's trial."""
        self.epoch_counts[run] = epoch.number
        self.checkpoints[run].note_epoch(epoch)
        self.scores[run] = epoch.validation[self.jobs[run].run.metrics[0].key]
        self.jobs[run].trial.report(self.scores[run], epoch.number)
        if (tracker := self.jobs[run].tracker) is not None:
            tracker.epoch(epoch.to_values())
        if self.show is not None:
            self.show(epoch)

    def state(self, run: int, state: Callable[[], State]) -> None:
        """Save the checkpoints that are due."""
        self.checkpoints[run].save_due(state)

    def last_state(self, run: int) -> State | None:
        """Load the run's last checkpoint, if there is one."""
        return run_folder.load_state(self.jobs[run].folder, self.jobs[run].run, self.device)

    def diverged(self, run: int) -> None:
        """Report chance for the epochs that the run didn't come to."""
        self._report_rest(run, self.jobs[run].run.chance)

    def stopped(self, run: int) -> None:
        """Report the last score for the epochs that the run didn't come to."""
        self._report_rest(run, self.scores[run])

    def _report_rest(self, run: int, score: float) -> None:
        job = self.jobs[run]
        for number in range(self.epoch_counts[run] + 1, job.run.epochs + 1):
            job.trial.report(score, number)
        self.epoch_counts[run] = job.run.epochs  # nothing is left to prune

    def stop(self, runs: Collection[int]) -> Collection[int]:
        """Return the runs whose trials' pruners end them."""
        candidates = [run for run in runs if self.epoch_counts[run] < self.jobs[run].run.epochs]
        ends = {run for run in candidates if self.jobs[run].trial.should_prune()}
        self.pruned |= ends
        return ends


def _measure_splits(job: SweptRun, result: Result, device: str, precision: str) -> dict[str, float]:
    """Return the objective on the run's splits."""
    if not job.splits:
        return {}
    if result.diverged and not job.measure_diverged:
        return dict.fromkeys(job.splits, score_guess(job.run, job.run.feed.test_targets))
    return evaluate(job.run, result, device, precision, job.splits)


def _describe(job: SweptRun, result: Result, scores: dict[str, float]) -> None:
    """Set the trial's attributes; the curve that was reported epoch by epoch is left empty."""
    curves = {**run_folder.curves_of(result), f"validation_{job.run.metrics[0].key}": []}
    job.trial.set_user_attr("diverged", result.diverged)
    job.trial.set_user_attr("learned_nothing", result.learned_nothing)
    if job.run.patience is not None:
        job.trial.set_user_attr("stopped_early", result.stopped_early)
    job.trial.set_user_attr("chance", result.chance)
    job.trial.set_user_attr("curves", curves)
    if "test" in scores:
        job.trial.set_user_attr("test", scores["test"])
        job.trial.set_user_attr("test_images", len(job.run.feed.test_targets))
