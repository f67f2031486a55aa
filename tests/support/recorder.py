"""Any Hydra application, of the files that a test writes, whose jobs are recorded."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import hydra
import optuna
import pytest
import yaml
from omegaconf import DictConfig, OmegaConf

from tests.conftest import forget_hydra

Config = dict[str, Any]


class Recorder:
    """An application in a folder, swept in this process."""

    def __init__(self, folder: Path, files: Mapping[str, Any], score: Callable[[Config], Any]) -> None:
        self.folder = folder
        self._score = score
        for name, content in files.items():
            path = folder / "conf" / f"{name}.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False))

    @property
    def storage(self) -> str:
        return f"sqlite:///{self.folder}/study.db"

    def basic(self, *overrides: str) -> list[Config]:
        """Return the config of each job of Hydra's own sweeper."""
        return self.run("-m", f"hydra.sweep.dir={self.folder}/basic", *overrides)

    def sweep(self, *overrides: str) -> list[Config]:
        """Return the config of each job of a grid."""
        return self.run(
            "-m",
            "hydra/sweeper=study",
            "hydra/sweeper/sampler=grid",
            "hydra.sweeper.n_trials=null",
            "hydra.sweeper.report=false",
            f"hydra.sweep.dir={self.folder}/jobs",
            f"hydra.sweeper.storage={self.storage}",
            *overrides,
        )

    def run(self, *arguments: str) -> list[Config]:
        """Return the config of each job that a command line runs."""
        jobs: list[Config] = []

        def main(cfg: DictConfig) -> Any:
            config: Any = OmegaConf.to_container(cfg, resolve=True)
            jobs.append(config)
            return self._score(config)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", ["app.py", *arguments])
            try:
                folder, targets = str(self.folder / "conf"), ["tests.*"]
                hydra.main(config_path=folder, config_name="config", execution_whitelist=targets)(main)()
            finally:
                forget_hydra()
        return jobs

    def study(self, name: str = "recorder") -> optuna.Study:
        """Load a study of the sweep."""
        return optuna.load_study(study_name=name, storage=self.storage)
