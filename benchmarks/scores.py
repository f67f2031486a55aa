"""The scores of a storage of `sweeps`, run by run."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna

from sweeps.study.record import LONG_VALUES
from sweeps.study.reports import REPORTS


@dataclass(frozen=True)
class RunScore:
    """The scores of a run."""

    study: str
    # Each parameter with its value, by name.
    setting: tuple[tuple[str, Any], ...]
    # Such as seed=0.
    replicate: str
    # Its validation score after the last epoch, as it reported it, and its training loss after the first.
    score: float
    first_loss: float
    # When its trial began, in seconds since 1970.
    begin: float

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what names the run in any storage of the same sweep."""
        values = " ".join(f"{name}={value}" for name, value in self.setting)
        return self.study, values, self.replicate


def read_scores(database: Path) -> list[RunScore]:
    """Read all runs of an SQLite file that have ended."""
    scores = []
    storage = optuna.storages.RDBStorage(f"sqlite:///{database}")
    for study in optuna.get_all_study_names(storage):
        for trial in optuna.load_study(study_name=study, storage=storage).trials:
            setting = tuple(sorted((trial.params or trial.user_attrs.get("params", {})).items()))
            begin = trial.datetime_start.timestamp() if trial.datetime_start else 0.0
            for name, record in trial.user_attrs.items():
                if isinstance(record, dict) and "value" in record:
                    *_, score = trial.system_attrs[f"{REPORTS}{name}"].values()
                    first_loss = trial.system_attrs[f"{LONG_VALUES}{name}/curves"]["train_loss"][0]
                    scores.append(RunScore(study, setting, name, score, first_loss, begin))
    return scores
