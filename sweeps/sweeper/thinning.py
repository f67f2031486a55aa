"""Thinning: of the trials that have ended, only the picks keep the checkpoints of their runs.

Nothing reads the others: a run that has ended is never trained again, the report is drawn from the storage,
and the picks train anew on fresh seeds. Only what has been told to the storage is thinned, whoever ran it, so
that a killed process leaves at worst a file that the sweep's end removes.
"""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import optuna
from optuna.trial import FrozenTrial, TrialState

from sweeps.report.findings.picks import pick_settings
from sweeps.report.measure.confirmation import SUFFIX
from sweeps.report.measure.from_storage import read_measurement
from sweeps.report.measure.settings import Params
from sweeps.study.record import PARAMS
from sweeps.sweeper.agenda import Agenda
from sweeps.sweeper.conf import StudySweeperConf
from sweeps.sweeper.job_folders import study_folder
from sweeps.sweeper.jobs import Jobs
from sweeps.sweeper.plan import Plan

KEEP = ("picks", "all", "none")
# A failed trial's files may tell why.
END_STATES = (TrialState.COMPLETE, TrialState.PRUNED)


class Thinning:
    """Removes checkpoints of a sweep's ended trials, as hydra.sweeper.keep says."""

    def __init__(self, settings: StudySweeperConf, jobs: Jobs, agenda: Agenda) -> None:
        self._settings = settings
        self._jobs = jobs
        self._agenda = agenda
        # Of each tuned study that is confirmed: then all its trials have ended.
        self._picks: dict[str, list[Params]] = {}

    def thin(self, plan: Plan, trial: FrozenTrial) -> None:
        """Thin a trial that has just ended, where it can be no pick."""
        if self._settings.keep == "all" or trial.state not in END_STATES:
            return
        if self._settings.keep == "none" or not self._may_be_picked(plan, trial):
            self._remove(plan, trial)

    def thin_all(self) -> None:
        """Thin the sweep at its end, also what killed processes left; unconfirmed, all but the picks."""
        if self._settings.keep == "all":
            return
        for plan, study in [*self._agenda.tuning, *self._agenda.confirming]:
            trials = study.get_trials(deepcopy=False, states=END_STATES)
            for trial in trials:
                self.thin(plan, trial)
            if self._agenda.has_ended(plan, study) and not plan.is_enqueued:
                self._thin_unpicked(plan, study, trials)

    def _may_be_picked(self, plan: Plan, trial: FrozenTrial) -> bool:
        """Return whether a trial is a pick; of a tuned study that is not confirmed any may become one."""
        if not plan.is_enqueued:
            return not self._settings.confirm.is_on
        return trial.user_attrs[PARAMS] in self._picks_of(plan.name.removesuffix(SUFFIX))

    def _picks_of(self, name: str) -> list[Params]:
        if name not in self._picks:
            study = next(study for plan, study in self._agenda.tuning if plan.name == name)
            self._picks[name] = [dict(params) for params in pick_settings(read_measurement(study)).values()]
        return self._picks[name]

    def _thin_unpicked(self, plan: Plan, study: optuna.Study, trials: Sequence[FrozenTrial]) -> None:
        """Thin the trials of a study that is tuned and will not be confirmed, except its picks."""
        picks = self._picks_of(plan.name)
        settings = {setting.number: dict(setting.params) for setting in read_measurement(study).settings}
        for trial in trials:
            if settings.get(trial.number) not in picks:
                self._remove(plan, trial)

    def _remove(self, plan: Plan, trial: FrozenTrial) -> None:
        """Remove the checkpoints of a trial's runs; another process may do so at the same time."""
        for folder in self._folders(plan, trial):
            for name in self._settings.checkpoints:
                with suppress(OSError):  # a file that can't be removed is no reason to end a sweep
                    (folder / name).unlink(missing_ok=True)

    def _folders(self, plan: Plan, trial: FrozenTrial) -> list[Path]:
        """Return the folders of a trial's runs; elsewhere than by number those alone that it recorded."""
        if not self._jobs.composer.has_default_subdir(plan.fixed):
            records = [record for record in trial.user_attrs.values() if isinstance(record, dict)]
            return [self._jobs.folder / record["folder"] for record in records if "folder" in record]
        folder = self._jobs.folder / study_folder(plan.name) / str(trial.number)
        return [folder, *folder.glob("*/")]
