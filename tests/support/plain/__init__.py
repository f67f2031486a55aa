"""Sweeps of app.py beside this file, in a folder."""

import importlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
import pytest

from tests.conftest import finish, forget_hydra, start


@dataclass
class Plain:
    """Sweeps of an application that knows nothing of them."""

    folder: Path

    @property
    def storage(self) -> str:
        """The studies' storage."""
        return f"sqlite:///{self.folder}/plain.db"

    @property
    def overrides(self) -> list[str]:
        """What every sweep has."""
        return [
            f"journal={self.folder}/journal",
            f"hydra.sweep.dir={self.folder}/jobs",
            f"hydra.sweeper.storage={self.storage}",
        ]

    def run(self, *overrides: str) -> str:
        """Run a sweep to its end in a process of its own and return what it printed."""
        return finish(
            start("-W", "error", f"{Path(__file__).parent}/app.py", "-m", *self.overrides, *overrides)
        )

    def run_here(self, *overrides: str) -> None:
        """Run a sweep in this process, one job after the other."""
        with pytest.MonkeyPatch.context() as patch:
            main = importlib.import_module("tests.support.plain.app").main
            patch.setattr(sys, "argv", ["app.py", "-m", *self.overrides, *overrides])
            try:
                main()
            finally:
                forget_hydra()

    def trials(self, study: str = "plain") -> list[optuna.trial.FrozenTrial]:
        """Return a study's trials."""
        return optuna.load_study(study_name=study, storage=self.storage).trials

    def jobs(self) -> list[dict[str, Any]]:
        """Return what each job wrote to the journal, in order."""
        return [json.loads(line) for line in (self.folder / "journal").read_text().splitlines()]
