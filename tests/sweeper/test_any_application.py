"""An application that knows nothing of sweeps, under all that may happen to it."""

from pathlib import Path

import pytest

from tests.support.plain import Plain


@pytest.fixture
def plain(tmp_path: Path) -> Plain:
    """Return a folder for sweeps of the application."""
    return Plain(tmp_path)


def test_a_setting_that_kills_its_process_fails_by_itself_and_the_rest_goes_on(plain: Plain) -> None:
    # Joblib kills the other workers too, and runs one job alone in the process that asks.
    workers = ("hydra/launcher=joblib", "hydra.sweeper.n_jobs=2", "hydra.sweeper.max_failure_rate=0.5")
    plain.run("act=die", "lr=0.9,0.3", *workers)
    trials = {trial.params["lr"]: trial for trial in plain.trials()}
    assert {lr: trial.state.name for lr, trial in trials.items()} == {0.9: "FAIL", 0.3: "COMPLETE"}
    assert "process died 2 times" in trials[0.9].user_attrs["failure"]
    assert [job["lr"] for job in plain.jobs()].count(0.9) == 2
