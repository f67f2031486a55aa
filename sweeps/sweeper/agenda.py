"""What a sweep runs next: tuning, a grid's further rows, the confirmation of picks, trials near its best."""

from collections.abc import Callable, Iterable
from functools import partial

import optuna
from optuna.trial import TrialState

from sweeps.study.claims import Claims
from sweeps.study.news import add_news
from sweeps.study.optuna_internals import batch, storage_of
from sweeps.sweeper.compose import Composer
from sweeps.sweeper.conf import StudySweeperConf
from sweeps.sweeper.confirm import confirmation_plan, enqueue_picks, enqueue_recommended
from sweeps.sweeper.host import Host
from sweeps.sweeper.plan import Plan
from sweeps.sweeper.size import size_of
from sweeps.sweeper.studies import is_accepted
from sweeps.sweeper.widen import WIDENING, can_widen, widen

Pair = tuple[Plan, optuna.Study]


class Agenda:
    """The studies of a sweep, and the trials that follow from those that have ended.

    Each process of a sweep has one, which reads all from the storage. Whichever sees first that a study's
    trials have ended enqueues what follows, so that workers go on without a word from their driver.
    """

    def __init__(
        self,
        tuning: Iterable[Pair],
        settings: StudySweeperConf,
        composer: Composer,
        host: Host,
        claims: Claims,
    ) -> None:
        self.tuning = list(tuning)
        # The studies that confirm them, once these are tuned.
        self.confirming: list[Pair] = []
        self.settings = settings
        self._composer = composer
        self._host = host
        self._claims = claims
        self.storage = storage_of(self.tuning[0][1])
        # How many trials had ended when a step was taken last.
        self._ended: dict[str, int] = {}

    def advance(self) -> None:
        """Enqueue what follows from the trials that have ended; within `Claims.exclusive`.

        Each step is a transaction, and one that was taken enqueues nothing twice.
        """
        self.count()
        for plan, study in self._finished(self.tuning):
            self._take_step(plan.name, [(plan, study)], partial(self._widen, plan, study))
        if self.settings.confirm.is_on and not self._open(self.tuning):
            self._take_step("picks", self.tuning, self._confirm_picks)
            if not self._open(self.confirming):
                self._take_step("recommended", [*self.tuning, *self.confirming], self._confirm_recommended)

    def count(self) -> None:
        """Count the trials of all studies anew; the methods below go by the last count."""
        for _, study in [*self.tuning, *self.confirming]:
            self._claims.count(study)

    def active(self) -> list[Pair]:
        """Return the studies that trials can be claimed from: those that have not given up."""
        return [pair for pair in [*self.tuning, *self.confirming] if not self.gives_up(*pair)]

    def gives_up(self, plan: Plan, study: optuna.Study) -> bool:
        """Return whether more of a study's trials failed for good than may."""
        census = self._claims.census(study)
        n_trials = max(plan.n_trials, census.first_tries)  # widening added to the plan's
        return self._claims.count_failures(study) > self.settings.max_failure_rate * n_trials

    def count_claimable(self) -> int:
        """Return how many trials workers can claim, those of dead workers included."""
        for _, study in [*self.tuning, *self.confirming]:
            self._claims.free(study)
        self.count()
        censuses = [(plan, self._claims.census(study)) for plan, study in self.active()]
        return sum(census.count_claimable(plan.n_trials) for plan, census in censuses)

    def count_settings(self, study: optuna.Study) -> int:
        """Return how many settings a study has, those that wait included."""
        return self._claims.count(study).first_tries

    def count_settings_done(self, study: optuna.Study) -> int:
        """Return how many settings have ended, those that failed included."""
        census = self._claims.count(study)
        return census.first_tries - len(census.open)

    def count_suspects(self) -> int:
        """Return how many trials wait that a process died of; to be called after `count_claimable`."""
        return sum(self._claims.census(study).suspects for _, study in self.active())

    def count_running(self) -> int:
        """Return how many trials live workers run; to be called after `count_claimable`."""
        censuses = [self._claims.census(study) for _, study in self.active()]
        return sum(census.count(TrialState.RUNNING) for census in censuses)

    def count_following(self) -> int:
        """Return how many trials may follow at once from those that have not ended; 0: none will."""
        settings = self.settings
        sizes = [size_of(plan, settings) for plan, _ in self._open(self.tuning)]
        if not sizes:
            return len(settings.confirm.factors) * len(self._open(self.confirming))
        confirmed = sum(size.confirmed[1] for size in sizes)
        return max(confirmed, *(size.row_settings for size in sizes if size.rows), 0)

    def has_ended(self, plan: Plan, study: optuna.Study) -> bool:
        """Return whether all of a study's trials have, and no more failed than may; by the last count."""
        return self._claims.census(study).has_ended(plan.n_trials) and not self.gives_up(plan, study)

    def _finished(self, pairs: Iterable[Pair]) -> list[Pair]:
        """Return the studies whose trials have ended, failing no more often than they may."""
        return [(plan, study) for plan, study in pairs if self.has_ended(plan, study)]

    def _open(self, pairs: Iterable[Pair]) -> list[Pair]:
        """Return the studies that have trials left to run."""
        return [
            (plan, study)
            for plan, study in pairs
            if not self._claims.census(study).has_ended(plan.n_trials) and not self.gives_up(plan, study)
        ]

    def _take_step(self, name: str, pairs: Iterable[Pair], step: Callable[[], None]) -> None:
        """Take a step, unless no trial that it goes by has ended since this process did last."""
        ended = sum(self._claims.census(study).ended.total() for _, study in pairs)
        if self._ended.get(name) != ended:
            with batch(self.storage):
                step()
            self._ended[name] = ended
            self.count()

    def _widen(self, plan: Plan, study: optuna.Study) -> None:
        """Enqueue the row that a tuned study is to get."""
        if can_widen(plan, self.settings) and WIDENING in study.user_attrs:
            check = partial(is_accepted, self._host, self._composer, self.settings, plan)
            add_news(study, widen(plan, study, check))

    def _confirm_picks(self) -> None:
        """Enqueue the settings that are picked from each tuned study, in one that confirms it."""
        for plan, study in self._finished(self.tuning):
            pair = enqueue_picks(self.storage, plan, study, self.settings)
            if pair[0].name not in [confirming.name for confirming, _ in self.confirming]:
                self.confirming.append(pair)

    def _confirm_recommended(self) -> None:
        """Enqueue what the fresh seeds recommend, at other learning rates."""
        by_name = {plan.name: study for plan, study in self._finished(self.confirming)}
        for plan, study in self.tuning:
            confirmation = by_name.get(confirmation_plan(plan, self.settings).name)
            if confirmation:
                add_news(study, enqueue_recommended(plan, study, confirmation, self.settings))
