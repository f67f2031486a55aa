"""Claims of trials: each trial has one worker, and a dead worker's is free again."""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, TrialState

from sweeps.study.census import WORKER, Census
from sweeps.study.dead_workers import free_trials
from sweeps.study.locks import Locks
from sweeps.study.optuna_internals import (
    batch,
    read_trial,
    set_trial_attribute,
    set_trial_state,
    trial_id,
)
from sweeps.study.outage import retry_once
from sweeps.study.retries import UNSCORED, count_tries, enqueue_retry, last_failures


@dataclass(frozen=True)
class Ending:
    """The end of a claimed trial."""

    trial: optuna.Trial
    values: Sequence[float] | None = None
    # None: complete where there are values.
    state: TrialState | None = None
    # How often a failed one is to be tried again.
    retries: int = 0
    # The trial's user attributes that are written with it.
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Source:
    """A study that a worker takes trials from."""

    study: optuna.Study
    # The parameters that are sampled with the claim.
    space: Mapping[str, BaseDistribution]
    # How many trials are to be begun in all, except retries.
    n_trials: int


@dataclass(frozen=True)
class Backlog:
    """The number of trials that a study has left."""

    # Those that no worker runs.
    claimable: int
    # Those that have not ended, the running ones included.
    unfinished: int
    # Those that have ended too.
    total: int


class Claims:
    """A process's hold on the trials that it runs, be it a worker or the driver.

    While a process lives it holds the lock of its own name. A running trial whose worker's lock nobody holds
    is therefore nobody's, and workers whose driver is dead claim no more.

    A trial that a worker died of, while its driver lives, may have killed it. It is claimed alone then, and
    has failed when so many died of it.
    """

    def __init__(self, locks: Locks, driver: str | None = None, most_deaths: int = 2) -> None:
        self.driver = driver
        self.name = uuid.uuid4().hex if driver is None else f"{driver}.{uuid.uuid4().hex}"
        self._most_deaths = most_deaths
        self._locks = locks
        self._censuses: dict[str, Census] = {}
        # The failures by study, with how many trials had failed and been tried again when they were counted.
        self._failures: dict[str, tuple[tuple[int, int], int]] = {}
        # The trials that other workers had begun before this process claimed them.
        self._resumed_ids: set[int] = set()

    def exclusive(self) -> AbstractContextManager[Any]:
        """Let one process of the sweep at a time into the block, which may make claims."""
        return self._locks.exclusive()

    @contextmanager
    def hold_lock(self) -> Iterator["Claims"]:
        """Hold this process's own lock; claims are made within."""
        with self._locks.hold(self.name):
            yield self

    def claim(
        self, study: optuna.Study, space: Mapping[str, BaseDistribution], n_trials: int
    ) -> optuna.Trial | None:
        """Take the next trial of a study, parameters sampled; None where its budget is used up.

        First those that wait: given back, freed from a dead worker, or enqueued. n_trials counts every trial
        ever begun except retries.
        """
        trials = self.claim_share([Source(study, space, n_trials)], lambda _: [1])
        return trials[0] if trials else None

    @retry_once
    def claim_share(
        self, sources: Sequence[Source], share: Callable[[Sequence[Backlog]], Sequence[int]]
    ) -> list[optuna.Trial]:
        """Take a worker's share of the trials that studies have left, one after the other as `claim` does.

        share: gives how many to take of each, if so many can be claimed.
        """
        with self._locks.exclusive(), batch(sources[0].study):
            backlogs = [self._free_and_count(source) for source in sources]
            if not any(backlog.claimable for backlog in backlogs) or self._is_orphan():
                return []
            trials = []
            counts = self._suspect_share(sources) or share(backlogs)
            for source, backlog, count in zip(sources, backlogs, counts, strict=True):
                trials += self._take(source, min(backlog.claimable, count))
            return trials

    def _suspect_share(self, sources: Sequence[Source]) -> list[int]:
        """Return one for the first study with a trial that processes died of; nothing where none has."""
        suspects = [self._censuses[source.study.study_name].suspects for source in sources]
        first = next((index for index, count in enumerate(suspects) if count), None)
        return [] if first is None else [int(index == first) for index in range(len(sources))]

    def is_resumed(self, trial: optuna.Trial) -> bool:
        """Return whether a trial that this process claimed was begun by another worker, or earlier."""
        return trial_id(trial) in self._resumed_ids

    def tell(
        self,
        trial: optuna.Trial,
        values: Sequence[float] | None = None,
        state: TrialState | None = None,
        retries: int = 0,
        **attributes: Any,
    ) -> FrozenTrial | None:
        """End a claimed trial as `tell_all` does."""
        [frozen] = self.tell_all([Ending(trial, values, state, retries, attributes)])
        return frozen

    @retry_once
    def tell_all(self, endings: Sequence[Ending]) -> list[FrozenTrial | None]:
        """End claimed trials of any studies.

        A failed one is enqueued again until it was retried `retries` times.
        Return None for a trial, and write nothing of it, where another worker has taken it meanwhile. That
        happens to a worker that lives but lost its lock, with its connection to the database, say.
        """
        if not endings:
            return []
        with self._locks.exclusive(), batch(endings[0].trial.study):
            return [self._tell(ending) for ending in endings]

    @retry_once
    def is_orphan(self) -> bool:
        """Return whether the driver of this worker is dead."""
        with self._locks.exclusive():
            return self._is_orphan()

    @retry_once
    def free(self, study: optuna.Study) -> None:
        """Let the running trials of dead workers wait to be resumed."""
        # No batch: the driver's display reads the storage meanwhile.
        with self._locks.exclusive():  # even for none: it takes a lost lock of this process again
            self._free_trials(study, self.count(study))

    @retry_once
    def give_back(self, study: optuna.Study, trial: optuna.Trial) -> None:
        """Let a claimed trial wait to be resumed, with all that it has recorded."""
        with self._locks.exclusive(), batch(study):
            if self._claimed_state(study, trial) is not None:
                set_trial_state(study, trial_id(trial), TrialState.WAITING)

    @retry_once
    def count(self, study: optuna.Study) -> Census:
        """Return the count of a study's trials, brought up to date; it is the same object each time."""
        self.census(study).update()
        return self.census(study)

    def census(self, study: optuna.Study) -> Census:
        """Return the count of a study's trials as of the last `count`."""
        return self._censuses.setdefault(study.study_name, Census(study))

    @retry_once
    def count_failures(self, study: optuna.Study) -> int:
        """Return how many trials had raised or died by the last `count`, and were not tried again."""
        census = self.census(study)
        state = census.count(TrialState.FAIL), census.retries
        if state[0] == 0:
            return 0
        if self._failures.get(study.study_name, (None, 0))[0] != state:
            count = sum(UNSCORED not in trial.user_attrs for trial in last_failures(study))
            self._failures[study.study_name] = state, count
        return self._failures[study.study_name][1]

    def _is_orphan(self) -> bool:
        return self.driver is not None and self._is_dead(self.driver)

    def _claimed_state(self, study: optuna.Study, trial: optuna.Trial) -> TrialState | None:
        """Return the state of a trial that is still this process's and has not ended, else None."""
        frozen = read_trial(study, trial)
        is_ours = frozen.system_attrs.get(WORKER) == self.name
        return frozen.state if is_ours and not frozen.state.is_finished() else None

    def _tell(self, ending: Ending) -> FrozenTrial | None:
        trial = ending.trial
        study = trial.study
        current = self._claimed_state(study, trial)
        if current is None:
            return None
        if current == TrialState.WAITING:  # freed meanwhile, but nobody has taken it yet
            set_trial_state(study, trial_id(trial), TrialState.RUNNING)
        for key, value in ending.attributes.items():
            trial.set_user_attr(key, value)
        frozen = study.tell(trial, ending.values, ending.state)
        if frozen.state == TrialState.FAIL and count_tries(study, frozen) <= ending.retries:
            enqueue_retry(study, frozen)
        return frozen

    def _free_and_count(self, source: Source) -> Backlog:
        """Let a study's trials of dead workers wait, and return how many are left."""
        if self._free_trials(source.study, self.count(source.study)):
            self.count(source.study)
        census = self.census(source.study)
        claimable = census.count_claimable(source.n_trials)
        total = max(source.n_trials, census.first_tries)
        return Backlog(claimable, claimable + census.count(TrialState.RUNNING), total)

    def _take(self, source: Source, count: int) -> list[optuna.Trial]:
        """Let this process be the worker of so many trials of a study."""
        census = self.census(source.study)
        begun = {trial.key for trial in census.open if trial.worker is not None}
        trials = []
        for _ in range(count):
            trial = source.study.ask(dict(source.space))
            set_trial_attribute(source.study, trial, WORKER, self.name)
            trials.append(trial)
        self._resumed_ids.update(begun & {trial_id(trial) for trial in trials})
        return trials

    def _free_trials(self, study: optuna.Study, census: Census) -> int:
        return free_trials(study, census, self._most_deaths, self._is_dead)

    def _is_dead(self, name: str | None) -> bool:
        if name is None:  # killed between its claim's two writes; no claim is under way, we hold the lock
            return True
        return name != self.name and not self._locks.is_held(name)
