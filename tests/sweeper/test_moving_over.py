"""An application of hydra-optuna-sweeper changes one line, whatever else its config still says."""

from pathlib import Path
from typing import Any

import optuna
import pytest

from sweeps.study.storage import storage_at
from tests.support.recorder import Recorder

# As public templates have it.
OPTUNA = {
    "_target_": "hydra_plugins.hydra_optuna_sweeper.optuna_sweeper.OptunaSweeper",
    "storage": None,
    "study_name": None,
    "n_jobs": 1,
    "direction": "maximize",
    "n_trials": 3,
    "sampler": {"_target_": "optuna.samplers.TPESampler", "seed": 1, "n_startup_trials": 2},
    "params": {"lr": "interval(0.1, 0.2)"},
}


def recorder(folder: Path, **hydra: Any) -> Recorder:
    config = {"defaults": ["_self_", {"override hydra/sweeper": "study"}], "lr": 0.1, "hydra": hydra}
    return Recorder(folder, {"config": config}, lambda config: config["lr"])


def test_a_config_that_still_names_the_other_class_runs_this_sweeper_and_says_so(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    jobs = recorder(tmp_path, mode="MULTIRUN", sweeper=OPTUNA).run(f"hydra.sweep.dir={tmp_path}/jobs")
    assert len(jobs) == 3
    assert (tmp_path / "jobs" / "report.html").exists()
    assert "hydra.sweeper._target_ names OptunaSweeper" in capfd.readouterr().out


def test_the_other_sweeper_still_runs_where_it_is_asked_for(tmp_path: Path) -> None:
    command = (
        "-m",
        "hydra/sweeper=optuna",
        "lr=0.1,0.2",
        "hydra.sweeper.n_trials=2",
        "hydra.sweeper.n_jobs=1",
    )
    assert len(recorder(tmp_path).run(*command, f"hydra.sweep.dir={tmp_path}/jobs")) == 2
    assert not (tmp_path / "jobs" / "report.html").exists()


@pytest.mark.parametrize(
    ("override", "words"),
    [
        (
            "hydra.sweeper.study_name=recorder",
            ["study recorder", "another program", "study_name=<another name>"],
        ),
        ("hydra.sweeper.storage={_target_: optuna.storages.RDBStorage}", ["is no URL", "sqlite:///<file>"]),
    ],
)
def test_another_programs_study_and_an_object_as_storage_are_refused_as_such(
    override: str, words: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    application = recorder(tmp_path)
    optuna.create_study(storage=application.storage, study_name="recorder")
    with pytest.raises(SystemExit):
        application.sweep("lr=0.1,0.2", override)
    message = capfd.readouterr().err
    assert all(word in message for word in words), message
    assert "Traceback" not in message


def test_a_storage_below_the_home_folder_is_found_there() -> None:
    storage = storage_at("sqlite:///~/sweeps.db")
    assert storage.path == Path.home() / "sweeps.db"
    assert storage.absolute_url == f"sqlite:///{Path.home()}/sweeps.db"
