"""Sweeps and studies in storages of each kind."""

import multiprocessing
from dataclasses import dataclass

import optuna
import pytest

from sweeps.study.storage import storage_at
from tests.conftest import Toy

# Processes that start from one that has imported all this and those who start them: a fresh one takes a
# second to.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(
    ["tests.study.test_claims", "tests.study.test_journal", "alembic.command", "optuna.storages._rdb.models"]
)


@dataclass
class StoredToy(Toy):
    """Sweeps of the toy application in a storage of any kind."""

    url: str

    @property
    def storage(self) -> str:
        return self.url

    def study(self, name: str) -> optuna.Study:
        """A study of the sweep."""
        return optuna.load_study(study_name=name, storage=storage_at(self.url).open())

    def values(self) -> dict[tuple[str, float, float], list[float | None]]:
        """Every complete trial's value, by its setting."""
        values: dict[tuple[str, float, float], list[float | None]] = {}
        for shape in ("bowl", "ridge"):
            for trial in self.study(f"toy/shape={shape}").get_trials(deepcopy=False):
                setting = (shape, trial.params["shape.x"], trial.params.get("shape.y", 0))
                assert trial.state.name == "COMPLETE", setting
                values.setdefault(setting, []).append(trial.value)
        return values


EXPECTED_VALUES = {
    **{("bowl", x, 0): [pytest.approx((x - 1) ** 2)] for x in (-2, -1, 0, 1, 2)},
    **{("ridge", x, y): [pytest.approx((x - 1) ** 2 + y)] for x in (-1, 0, 1) for y in (0, 1)},
}


def create_study(url: str) -> optuna.Study:
    """A study without trials, its storage made."""
    return optuna.create_study(storage=storage_at(url).open(create=True), study_name="study")
