"""The sweeper in an application of another kind, started, killed and started again."""

import os
import re
import signal

import pytest

from tests.conftest import Toy, wait_for

BOTH = ("shape=bowl,ridge", "+hydra.sweeper.replicates.seed=[0,1]")


def assert_each_setting_is_complete_once(toy: Toy) -> None:
    for name, settings in (("toy/shape=bowl", 5), ("toy/shape=ridge", 6)):
        trials = toy.study(name).trials
        complete = [tuple(trial.params.items()) for trial in trials if trial.state.name == "COMPLETE"]
        assert len(complete) == len(set(complete)) == settings
        assert len(trials) == settings, toy.states(name)


def test_each_option_gets_a_study_and_each_setting_runs_once_with_every_replicate(
    toy: Toy, capfd: pytest.CaptureFixture[str]
) -> None:
    toy.run_here(*BOTH)
    printed = capfd.readouterr().out
    assert_each_setting_is_complete_once(toy)
    assert len(toy.journal("start")) == len(set(toy.journal("start"))) == (5 + 6) * 2
    trial = next(t for t in toy.study("toy/shape=ridge").trials if t.params == {"shape.x": -1, "shape.y": 1})
    assert trial.value == pytest.approx(5.05)  # (x - 1)^2 + y + mean of seeds / 10
    assert [trial.user_attrs[f"seed={seed}"]["value"] for seed in (0, 1)] == pytest.approx([5.0, 5.1])
    assert trial.intermediate_values == {1: pytest.approx(5.05)}
    folder = toy.folder / "jobs" / trial.user_attrs["seed=1"]["folder"]
    assert folder == toy.folder / f"jobs/shape=ridge/{trial.number}/seed=1"
    overrides = (folder / ".hydra" / "overrides.yaml").read_text().split()
    assert overrides == [
        "-",
        "shape=ridge",
        "-",
        "shape.x=-1",
        "-",
        "shape.y=1",
        "-",
        "seed=1",
    ] or "journal" in str(overrides)
    assert "toy/shape=bowl" in printed
    assert "sweeps.dashboard --storage sqlite:///" in printed


def test_the_same_command_again_runs_nothing_and_prints_the_result(
    toy: Toy, capfd: pytest.CaptureFixture[str]
) -> None:
    toy.run_here("shape=bowl")
    first, before = capfd.readouterr().out, toy.study("toy/shape=bowl").trials
    toy.run_here("shape=bowl")
    again = capfd.readouterr().out
    assert toy.study("toy/shape=bowl").trials == before
    assert len(toy.journal("start")) == 5
    result = "\nUse bowl with x=1"
    assert first[first.index(result) :] == again[again.index(result) :]


# A worker alone: tests/study/test_claims.py; both at once: tests/sweeper/test_faults.py.
def test_a_sweep_whose_driver_is_killed_is_finished_by_the_next_start(toy: Toy) -> None:
    toy.hold(5)
    process = toy.start(*BOTH)
    wait_for(lambda: len(toy.waiting_processes()) == 2, process)
    os.kill(process.pid, signal.SIGKILL)
    finished = toy.recorded_jobs()
    toy.release()
    process.communicate(timeout=120)
    toy.run_here(*BOTH)
    assert_each_setting_is_complete_once(toy)
    assert 5 <= len(finished) < 22
    assert [toy.journal("start").count(job) for job in finished] == [1] * len(finished)


@pytest.mark.parametrize("launcher", ["forkserver", "joblib"])
def test_ctrl_c_gives_the_running_trials_back_and_the_next_start_runs_only_the_rest(
    launcher: str, toy: Toy
) -> None:
    toy.hold(4)
    process = toy.start(*BOTH, f"hydra/launcher={launcher}")
    wait_for(lambda: len(toy.waiting_processes()) == 2, process)
    os.killpg(process.pid, signal.SIGINT)
    printed, _ = process.communicate(timeout=120)
    assert process.returncode == 130
    assert printed.count("Interrupted. What was finished is kept. The same command resumes.") == 1
    assert "Traceback" not in printed
    assert set(toy.states("toy/shape=bowl")) <= {"COMPLETE", "WAITING"}
    finished = toy.recorded_jobs()
    assert 4 <= len(finished) < 22
    toy.release()
    toy.run_here(*BOTH)
    assert_each_setting_is_complete_once(toy)
    assert [toy.journal("start").count(job) for job in finished] == [1] * len(finished)


def test_a_failing_job_fails_its_trial_with_the_reason_and_the_next_start_tries_it_again(toy: Toy) -> None:
    overrides = ("shape=bowl", "+hydra.sweeper.replicates.seed=[0,1]", "hydra.sweeper.n_jobs=1")
    (toy.folder / "journal.fail").write_text("0:1")
    process = toy.start(*overrides)
    printed, _ = process.communicate(timeout=120)
    assert process.returncode != 0
    assert "RuntimeError: asked to fail" in printed
    assert "hydra.sweeper.max_failure_rate=0.0" in printed
    [failed] = [trial for trial in toy.study("toy/shape=bowl").trials if trial.state.name == "FAIL"]
    assert failed.params == {"shape.x": 0}
    assert len(toy.journal("start")) < 10, "the others ran in vain"
    assert failed.user_attrs["failure"] == "RuntimeError: asked to fail"
    output = toy.folder / f"jobs/shape=bowl/{failed.number}/seed=1/output.log"
    assert "asked to fail" in output.read_text()
    (toy.folder / "journal.fail").unlink()
    toy.run_here(*overrides)
    assert toy.states("toy/shape=bowl") == ["COMPLETE"] * 5 + ["FAIL"]
    ended = toy.journal("end")
    assert len(ended) == len(set(ended)) == 10, "the failed trial's finished replicate ran again"


CHANGES = {
    "shape.x=choice(0,1)": ["the search space", "shape.x=choice(-2, -1, 0, 1, 2) there", "choice(0, 1) now"],
    "pause=0.01": ["the config", "pause=0 there", "pause=0.01 now"],
    "+hydra.sweeper.replicates.seed=[0,1]": ["hydra.sweeper.replicates", "seed=(absent) there"],
    "hydra.sweeper.direction=maximize": ["hydra.sweeper.direction", "minimize there"],
}


def test_a_study_that_measures_something_else_is_refused_by_its_difference(
    toy: Toy, capfd: pytest.CaptureFixture[str]
) -> None:
    toy.run_here("shape=bowl", "shape.x=-2,-1,0,1,2")
    for changed, words in CHANGES.items():
        with pytest.raises(SystemExit) as end:
            toy.run_here("shape=bowl", changed)
        assert end.value.code != 0
        printed = "".join(capfd.readouterr())
        assert all(word in printed for word in [*words, "hydra.sweeper.study_name"]), printed
        assert "Traceback" not in printed
    assert len(toy.journal("start")) == 5


def test_a_value_on_the_command_line_leaves_the_space_and_a_sweep_joins_it(toy: Toy) -> None:
    toy.run_here("shape=ridge", "shape.y=0", "pause=0,0.01")
    study = toy.study("toy/shape=ridge")
    assert study.user_attrs["search_space"] == {"shape.x": "choice(-1, 0, 1)", "pause": "choice(0, 0.01)"}
    assert {tuple(trial.params.values()) for trial in study.trials} == {
        (x, pause) for x in (-1, 0, 1) for pause in (0, 0.01)
    }
    assert len(re.findall("shape.y=0", str(toy.journal("start")))) == 6


def test_a_grid_is_not_gone_on_with_in_another_order(toy: Toy, capfd: pytest.CaptureFixture[str]) -> None:
    toy.run_here("shape=ridge", "+hydra.sweeper.sampler.seed=5", "hydra.sweeper.n_trials=1")
    with pytest.raises(SystemExit):  # the same place in another order would be another setting
        toy.run_here("shape=ridge", "+hydra.sweeper.sampler.seed=6")
    output = "".join(capfd.readouterr())
    assert "hydra.sweeper.sampler.seed=5 there, hydra.sweeper.sampler.seed=6 now" in output


def test_a_study_that_holds_a_grids_numbers_as_categories_is_refused_before_any_job(
    toy: Toy, capfd: pytest.CaptureFixture[str]
) -> None:
    random = ("hydra/sweeper/sampler=random", "hydra.sweeper.n_trials=2")  # as older versions did a grid's
    toy.run_here("shape=bowl", *random)
    with pytest.raises(SystemExit):
        toy.run_here("shape=bowl")
    message = capfd.readouterr().err
    assert "holds shape.x as categories, this sweep would as integers" in message
    assert "hydra.sweeper.study_name=<another name>" in message
    assert "python -m sweeps.report" in message
    assert len(toy.journal("start")) == 2


def test_a_report_that_cannot_be_written_fails_no_trial(toy: Toy, capfd: pytest.CaptureFixture[str]) -> None:
    (toy.folder / "jobs" / "runs.csv").mkdir(parents=True)
    with pytest.raises(SystemExit, match=f"could not be written to {toy.folder}/jobs: Is a directory"):
        toy.run_here("shape=ridge", "shape.y=0", "hydra.sweeper.report=true")
    assert "Use ridge with" in "".join(capfd.readouterr())
    assert toy.states("toy/shape=ridge") == ["COMPLETE"] * 3


def test_a_fault_of_the_report_ends_a_sweep_with_a_message_that_names_it(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sweeps.report.write.write_report", lambda *_: 1 / 0)
    with pytest.raises(SystemExit, match="ZeroDivisionError: division by zero"):
        toy.run_here("shape=ridge", "shape.y=0", "hydra.sweeper.report=true")
    assert toy.states("toy/shape=ridge") == ["COMPLETE"] * 3
