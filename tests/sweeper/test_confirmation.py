"""The picks of a sweep, trained again on fresh seeds, however often it is interrupted."""

import math
import os
import signal
from dataclasses import dataclass

import optuna
import pytest
from optuna.distributions import FloatDistribution

from sweeps.report.findings.picks import pick_settings
from sweeps.report.measure.from_storage import read
from sweeps.report.measure.measurement import Measurement
from sweeps.study.storage import storage_at
from tests.conftest import Toy, wait_for

CONFIRM = ("hydra.sweeper.confirm.seeds=3", "+hydra.sweeper.confirm.overrides.read_test=true")
TUNED = ("shape=ridge", "shape.y=0", "+hydra.sweeper.replicates.seed=[0,1]", *CONFIRM)


def measure_sweep(toy: Toy) -> Measurement:
    [found] = read(storage_at(toy.storage).open())
    return found


def confirmation_jobs(started: list[str]) -> list[str]:
    """The jobs that read the test set, without what all have in common."""
    jobs = [set(job.split(",")) for job in started if "read_test=true" in job]
    common = {"read_test=true", "shape=ridge", "shape.y=0"}
    return sorted(",".join(sorted(w for w in job - common if "journal" not in w)) for job in jobs)


BEST, OWN = {"shape.x": 1}, {"shape.x": 0}
PEAK = [f"seed={seed},shape.x=1" for seed in (1000, 1001, 1002)]
BEST_JOB = "shape.x=1"
DEFAULT = [f"seed={seed}" for seed in (1000, 1001, 1002)]


@dataclass
class ConfirmedSweep:
    """A sweep that was confirmed, and what it left when it ended."""

    toy: Toy
    started: list[str]
    found: Measurement


@pytest.fixture(scope="module")
def confirmed_sweep(tmp_path_factory: pytest.TempPathFactory) -> ConfirmedSweep:
    """A confirmed sweep, which the tests below go on with."""
    toy = Toy(tmp_path_factory.mktemp("confirmed_sweep"))
    toy.run_here(*TUNED)
    return ConfirmedSweep(toy, toy.journal("start"), measure_sweep(toy))


def test_the_picks_run_again_on_fresh_seeds_and_only_there_the_test_set_is_read(
    confirmed_sweep: ConfirmedSweep,
) -> None:
    picks = pick_settings(confirmed_sweep.found)
    assert picks == {"peak": BEST, "robust": BEST, "default": OWN}
    assert len(confirmed_sweep.started) == 3 * 2 + 2 * 3
    # Peak and robust are one setting.
    assert confirmation_jobs(confirmed_sweep.started) == sorted([*PEAK, *DEFAULT])
    confirmation = confirmed_sweep.found.confirmation
    assert [replicate.seed for replicate in confirmation.replicates] == [1000, 1001, 1002]
    assert confirmation.scores(picks["default"]).tolist() == pytest.approx([101.0, 101.1, 101.2])
    assert confirmation.tests(picks["default"]).tolist() == pytest.approx([201.0, 201.1, 201.2])
    assert not confirmation.diverged(picks["peak"]).any()
    assert all(
        run.test is None for setting in confirmed_sweep.found.settings for run in setting.runs.values()
    )


def test_the_same_command_again_runs_nothing_and_more_seeds_only_those(
    confirmed_sweep: ConfirmedSweep,
) -> None:
    toy, done = confirmed_sweep.toy, len(confirmed_sweep.started)
    toy.run_here(*TUNED)
    assert len(toy.journal("start")) == done
    toy.run_here(*TUNED, "hydra.sweeper.confirm.seeds=4")
    assert toy.journal("start")[done:] == [job for job in toy.journal("start") if "seed=1003" in job]
    assert len(toy.journal("start")) == done + 2
    assert len(measure_sweep(toy).confirmation.scores(BEST)) == 4
    toy.run_here(*TUNED, "hydra.sweeper.confirm.seeds=[1001]")
    assert len(toy.journal("start")) == done + 2


def test_a_new_pick_is_confirmed_too_and_none_where_that_is_off(toy: Toy) -> None:
    tuned = (*TUNED, "+hydra.sweeper.sampler.seed=5")
    toy.run_here(*tuned, "hydra.sweeper.confirm.seeds=0", "hydra.sweeper.n_trials=1")
    assert not confirmation_jobs(toy.journal("start"))
    assert measure_sweep(toy).confirmation.wanted == 0
    first = pick_settings(measure_sweep(toy))["peak"]
    assert first not in (BEST, OWN)
    toy.run_here(*tuned, "hydra.sweeper.n_trials=1")
    assert len(confirmation_jobs(toy.journal("start"))) == 6
    toy.run_here(*tuned)
    found = measure_sweep(toy)
    assert {name: len(found.confirmation.scores(p)) for name, p in pick_settings(found).items()} == {
        "peak": 3,
        "robust": 3,
        "default": 3,
    }
    jobs = confirmation_jobs(toy.journal("start"))
    assert len(jobs) == len(set(jobs)) == 9


def test_a_confirmation_killed_in_the_middle_is_finished_once_by_two_drivers(toy: Toy) -> None:
    slow = (*TUNED, "pause=0.1", "hydra.sweeper.n_jobs=1")
    toy.hold(6 + 2)
    process = toy.start(*slow)
    wait_for(toy.waiting_processes, process)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    toy.release()
    [half] = measure_sweep(toy).confirmation.settings[:1]
    assert 0 < len(half.runs) < 6
    both = [toy.start(*slow, "hydra/launcher=basic") for _ in range(2)]
    for process in both:
        printed, _ = process.communicate(timeout=120)
        assert process.returncode == 0, printed
    ended = toy.journal("end")
    recorded = [job for job in ended if "read_test" in job and any(label in job for label in half.runs)]
    assert all(toy.journal("start").count(job) == 1 for job in recorded if BEST_JOB in job)
    assert len(set(ended)) == 12
    assert len(ended) <= 13  # the killed one may have ended, and not have been recorded
    assert measure_sweep(toy).confirmation.scores(OWN).tolist() == pytest.approx([101.0, 101.1, 101.2])


VALLEY = ("shape=valley", "+hydra.sweeper.replicates.seed=[0,1]", *CONFIRM)
FACTORS = "hydra.sweeper.confirm.factors="


def confirmed_lrs(toy: Toy) -> list[float]:
    """The learning rates that were confirmed, in order."""
    measured = measure_sweep(toy)
    assert all(len(setting.runs) == 3 for setting in measured.confirmation.settings)
    return [setting.params["shape.lr"] for setting in measured.confirmation.settings]


def test_what_is_recommended_runs_at_factors_of_its_learning_rate_on_the_same_seeds(toy: Toy) -> None:
    toy.run_here(*VALLEY, FACTORS + "[0.3,2]")
    assert confirmed_lrs(toy) == [0.01, 0.1, 0.003, 0.02]
    measured = measure_sweep(toy)
    # As the trials' own parameters, so that the dashboard draws them, on a log scale.
    name = measured.confirmation.study
    trials = optuna.load_study(study_name=name, storage=storage_at(toy.storage).open()).trials
    assert [trial.params for trial in trials] == [{"shape.lr": lr} for lr in confirmed_lrs(toy)]
    for trial in trials:
        lr = trial.params["shape.lr"]
        assert trial.distributions == {"shape.lr": FloatDistribution(lr, lr, log=True)}
    assert measured.confirmation.factors == [0.3, 2]
    tripled = measured.confirmation.scores({"shape.lr": 0.003})
    assert tripled.tolist() == pytest.approx([100 + seed / 10 - math.log10(0.3) for seed in range(3)])
    done = len(toy.journal("start"))
    toy.run_here(*VALLEY, FACTORS + "[2,5]")
    assert confirmed_lrs(toy) == [0.01, 0.1, 0.003, 0.02, 0.05]
    assert len(toy.journal("start")) == done + 3


def test_the_setting_that_fresh_seeds_recommend_runs_at_the_factors_too(toy: Toy) -> None:
    toy.run_here(*VALLEY, "shape.trap=5", FACTORS + "[0.5]")
    # The tuning recommends 0.01; on fresh seeds the config's own is better.
    assert confirmed_lrs(toy) == [0.01, 0.1, 0.005, 0.05]
    own = [job for job in toy.journal("start") if "read_test=true" in job and "shape.lr=0.05" in job]
    assert len(own) == 3
    done = len(toy.journal("start"))
    toy.run_here(*VALLEY, "shape.trap=5", FACTORS + "[0.5]", "hydra.sweeper.confirm.seeds=4")
    # One seed more of each of the four.
    assert len(toy.journal("start")) == done + 4


def test_a_confirmation_that_fails_is_tried_again_by_the_next_start_alone(toy: Toy) -> None:
    (toy.folder / "journal.fail").write_text("1:1001")
    toy.run_here(*TUNED, "hydra.sweeper.retries=0", "hydra.sweeper.max_failure_rate=1")
    assert toy.states("toy/shape=ridge/confirm") == ["COMPLETE", "FAIL"]
    (toy.folder / "journal.fail").unlink()
    done = len(toy.journal("end"))
    toy.run_here(*TUNED, "hydra.sweeper.retries=0", "hydra.sweeper.max_failure_rate=1")
    assert toy.states("toy/shape=ridge/confirm") == ["COMPLETE", "COMPLETE", "FAIL"]
    # The seed before the one that failed is recorded.
    assert len(toy.journal("end")) == done + 2


REFUSED = {
    "hydra.sweeper.confirm.seeds=[5,1]": [
        "[1] are seeds that settings are chosen by",
        "replicates.seed=[0, 1]",
    ],
    "hydra.sweeper.confirm.seeds=-1": ["confirm.seeds=-1 must be how many fresh seeds"],
    "+hydra.sweeper.confirm.overrides.read_tset=true": ["Could not override 'read_tset'"],
    "hydra.sweeper.confirm.key=sede": ["Could not override 'sede'"],
    "+hydra.sweeper.confirm.seed=3": [
        "confirm: seed is unknown; write seeds? It holds seeds, key, overrides, factors"
    ],
    "hydra.sweeper.confirm.factors=[0.5,1]": ["confirm.factors=[0.5, 1] must be a list of different factors"],
    "hydra.sweeper.confirm.factors=[2,2.0]": ["confirm.factors=[2, 2.0] must be", "greater than 0 and not 1"],
    "hydra.sweeper.confirm.factors=[-2]": ["confirm.factors=[-2] must be", "[0.5, 2], or [] for none"],
    "hydra.sweeper.confirm.factors=[half]": ["confirm.factors=['half'] must be"],
    "hydra.sweeper.confirm.factors=2": ["confirm.factors=2 must be a list"],
    "hydra.sweeper.margin=-0.1": ["hydra.sweeper.margin=-0.1 must be a difference greater than 0"],
    "hydra.sweeper.target=high": ["hydra.sweeper.target=high must be a value of the objective, or null"],
    "+hydra.sweeper.n_trails=3": ["hydra.sweeper: n_trails is unknown; write n_trials?"],
}


@pytest.mark.parametrize(("wrong", "words"), REFUSED.items(), ids=REFUSED)
def test_a_confirmation_that_cannot_be_is_refused_before_any_job(
    wrong: str, words: list[str], toy: Toy, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        toy.run_here(*TUNED, wrong)
    output = "".join(capfd.readouterr())
    assert all(word in output for word in words), output
    assert not toy.journal("start")


def test_a_confirmation_of_something_else_is_refused_before_any_job(
    confirmed_sweep: ConfirmedSweep, capfd: pytest.CaptureFixture[str]
) -> None:
    toy, begun = confirmed_sweep.toy, len(confirmed_sweep.toy.journal("start"))
    optuna.delete_study(study_name="toy/shape=ridge", storage=toy.storage)
    with pytest.raises(SystemExit):
        toy.run_here(*TUNED, "pause=0.001")
    output = "".join(capfd.readouterr())
    assert "study toy/shape=ridge/confirm in the storage measures something else" in output
    assert len(toy.journal("start")) == begun
