"""The studies that a worker runs trials of, and how many it claims of each."""

from collections.abc import Sequence
from dataclasses import dataclass

import optuna

from sweeps.study.claims import Backlog, Source
from sweeps.study.optuna_internals import allow_stop
from sweeps.sweeper.agenda import Agenda
from sweeps.sweeper.conf import StudySweeperConf
from sweeps.sweeper.jobs import Jobs
from sweeps.sweeper.plan import Plan
from sweeps.sweeper.sampling import build_pruner, build_sampler, is_sampled_at_once
from sweeps.sweeper.stacking import count_trials, count_workers, share_evenly, share_rows, stack_width
from sweeps.sweeper.thinning import Thinning


@dataclass(frozen=True)
class Lane:
    """A study of which a worker runs trials."""

    plan: Plan
    study: optuna.Study
    # how many of its jobs run together
    width: int

    @property
    def stack_size(self) -> int:
        """Return how many of its trials run together."""
        return count_trials(self.width, len(self.plan.replicates))

    @property
    def source(self) -> Source:
        """Return what its trials are claimed from."""
        space = self.plan.stored_space if is_sampled_at_once(self.study.sampler) else {}
        return Source(self.study, space, self.plan.n_trials)

    def is_row(self, backlog: Backlog) -> bool:
        """Return whether what its study has left was added to the declared space."""
        return not self.plan.is_enqueued and backlog.total > self.plan.n_trials


class Lanes:
    """The studies of an agenda as a worker samples, prunes and stacks them."""

    def __init__(self, agenda: Agenda, settings: StudySweeperConf, jobs: Jobs) -> None:
        self.agenda = agenda
        self.thinning = Thinning(settings, jobs, agenda)
        self.by_study: dict[str, Lane] = {}
        self._settings = settings
        self._composer = jobs.composer

    def active(self) -> list[Lane]:
        """Return the studies that trials can be claimed from."""
        return [self._open(plan, study) for plan, study in self.agenda.active()]

    def share(self, lanes: Sequence[Lane], backlogs: Sequence[Backlog]) -> list[int]:
        """Return how many trials of each study to claim: those that run together.

        A sampler that learns gets at least ten looks at the scores: it claims a tenth of the trials at most.
        """
        stack_sizes = [lane.stack_size for lane in lanes]
        rows = [lane.is_row(backlog) for lane, backlog in zip(lanes, backlogs, strict=True)]
        if first := share_rows(backlogs, stack_sizes, rows):
            return first
        shares = share_evenly(backlogs, stack_sizes, count_workers(self._settings))
        for index, lane in enumerate(lanes):
            if not (is_sampled_at_once(lane.study.sampler) or lane.plan.is_enqueued):
                shares[index] = min(shares[index], max(1, lane.plan.n_trials // 10))
        return shares

    def _open(self, plan: Plan, study: optuna.Study) -> Lane:
        if plan.name not in self.by_study:
            study.sampler = build_sampler(self._settings, plan)
            study.pruner = build_pruner(plan)
            allow_stop(study)
            width = stack_width(self._settings, plan, self._composer)
            self.by_study[plan.name] = Lane(plan, study, width)
        return self.by_study[plan.name]
