"""An application that knows nothing of sweeps, under all that may happen to it."""

from pathlib import Path

import pytest
from omegaconf import OmegaConf

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


def test_what_is_no_objective_fails_its_trial_and_only_what_raises_ends_a_sweep(
    plain: Plain, capfd: pytest.CaptureFixture[str]
) -> None:
    acts = ["undefined", "nothing", "text", "pair", "infinite", "score"]
    plain.run_here("lr=0.3,0.1", f"act={','.join(acts)}", "hydra.sweeper.report=true")
    states = {(trial.params["act"], trial.state.name) for trial in plain.trials()}
    assert states == {(act, "FAIL") for act in acts[:4]} | {("infinite", "COMPLETE"), ("score", "COMPLETE")}
    jobs, output = plain.jobs(), capfd.readouterr().out
    assert [(job["num"], job["id"]) for job in jobs] == [(number, str(number)) for number in range(12)]
    assert "12 of 12 trials; another hydra.sweeper.study_name starts anew" in output
    assert "Failed:       8 trials" in output
    assert "the job returned 'high', which is not a number" in output

    plain.run_here("lr=0.3,0.1", f"act={','.join(acts)}", f"hydra.sweep.dir={plain.folder}/second")
    assert plain.jobs() == jobs, "what returned no objective would do so again"
    best = OmegaConf.load(plain.folder / "second/optimization_results.yaml")
    assert (best.best_params, Path(best.folder)) == (
        {"lr": 0.3, "act": "score"},
        Path(jobs[best.trial]["folder"]).parent,
    )

    with pytest.raises(SystemExit) as ended:
        plain.run_here("lr=0.3", "act=fail", "hydra.sweeper.study_name=second")
    [line] = [line for line in str(ended.value).splitlines() if "asked to fail" in line]
    assert "asked to fail with lr=0.3" in Path(line[line.index("(") + 1 : -1]).read_text()
