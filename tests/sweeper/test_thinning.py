"""Whose checkpoints a sweep keeps once their runs have ended. A job's output.log stands for a checkpoint."""

from typing import Any

import optuna
import pytest
from optuna.trial import FrozenTrial, TrialState, create_trial

from sweeps.report.findings.picks import pick_settings
from sweeps.report.measure.from_storage import load_study, read_measurement
from sweeps.study.record import PARAMS
from sweeps.study.storage import storage_at
from sweeps.sweeper.conf import StudySweeperConf
from sweeps.sweeper.thinning import Thinning
from tests.conftest import Toy

SEEDS = "+hydra.sweeper.replicates.seed=[0,1]"
SWEEP = ("shape=valley", SEEDS, "hydra.sweeper.checkpoints=[output.log]")
CONFIRM = ("hydra.sweeper.confirm.seeds=2", "+hydra.sweeper.confirm.overrides.read_test=true")


def trials_with_checkpoints(toy: Toy) -> dict[str, set[int]]:
    """The numbers of the trials that have all their checkpoints, by study; no trial has a part of them."""
    numbers: dict[str, set[int]] = {}
    for name in optuna.get_all_study_names(toy.storage):
        folder = toy.folder.joinpath("jobs", *name.split("/")[1:])
        for trial in toy.study(name).trials:
            runs = [path for path in (folder / str(trial.number)).iterdir() if path.is_dir()]
            kept = [run for run in runs if (run / "output.log").exists()]
            assert kept in ([], runs)
            if kept:
                numbers.setdefault(name, set()).add(trial.number)
    return numbers


def numbers_of_picks(toy: Toy, study: str, of: str) -> set[int]:
    """The numbers of a study's trials whose settings the tuning picks."""
    storage = storage_at(toy.storage).open()
    picks = [dict(params) for params in pick_settings(read_measurement(load_study(storage, of))).values()]
    trials = load_study(storage, study).trials
    return {trial.number for trial in trials if trial.user_attrs.get(PARAMS, trial.params) in picks}


@pytest.fixture(scope="module")
def thinned(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    """A confirmed sweep that kept its picks' checkpoints."""
    toy = Toy(tmp_path_factory.mktemp("thinned"))
    toy.run_here(*SWEEP, *CONFIRM, "hydra.sweeper.keep=picks")
    return toy


TUNED, CONFIRMED = "toy/shape=valley", "toy/shape=valley/confirm"


def test_of_a_confirmed_sweep_the_picks_keep_the_checkpoints_of_their_fresh_seeds(thinned: Toy) -> None:
    picks = numbers_of_picks(thinned, CONFIRMED, of=TUNED)
    assert trials_with_checkpoints(thinned) == {CONFIRMED: picks}
    assert len(thinned.states(CONFIRMED)) > len(picks)  # it trained at half and double the learning rate too


def test_what_a_killed_process_left_is_removed_by_the_next_start_which_trains_nothing(thinned: Toy) -> None:
    before, started = trials_with_checkpoints(thinned), thinned.journal("start")
    for path in (thinned.folder / "jobs").glob("shape=valley/*/seed=*"):
        (path / "output.log").write_text("")
    (thinned.folder / "jobs" / "answer.json").unlink()  # which the sweep would have written last
    assert trials_with_checkpoints(thinned) != before
    thinned.run_here(*SWEEP, *CONFIRM, "hydra.sweeper.keep=picks")
    assert trials_with_checkpoints(thinned) == before
    assert thinned.journal("start") == started


def test_a_later_start_may_keep_none(thinned: Toy) -> None:
    thinned.run_here(*SWEEP, *CONFIRM, "hydra.sweeper.keep=none")
    assert trials_with_checkpoints(thinned) == {}


def test_a_sweep_without_confirmation_keeps_those_of_its_picks(toy: Toy) -> None:
    toy.run_here(*SWEEP)
    assert trials_with_checkpoints(toy) == {TUNED: {0, 1, 2, 3}}  # `all` is the default of an application
    toy.run_here(*SWEEP, "hydra.sweeper.keep=picks")
    assert trials_with_checkpoints(toy) == {TUNED: numbers_of_picks(toy, TUNED, of=TUNED)}


def test_no_trial_is_thinned_before_it_has_ended_nor_one_that_failed() -> None:
    """As another driver's may be: a process that is killed then goes on from its checkpoints."""
    removed = []

    class Noted(Thinning):
        def _remove(self, _: Any, trial: FrozenTrial) -> None:
            removed.append(trial.state)

    settings = StudySweeperConf(keep="none", checkpoints=["checkpoint.pt"])
    thinning = Noted(settings, jobs=None, agenda=None)  # type: ignore[arg-type]
    for state in TrialState:
        values = [1.0] if state == TrialState.COMPLETE else None
        thinning.thin(None, create_trial(state=state, values=values))  # type: ignore[arg-type]
    assert removed == [TrialState.COMPLETE, TrialState.PRUNED]


def test_jobs_in_folders_of_other_names_are_thinned_by_what_they_recorded(toy: Toy) -> None:
    toy.run_here(
        *SWEEP, "shape.lr=0.1,1", "hydra.sweep.subdir=job${hydra.job.num}", "hydra.sweeper.keep=none"
    )
    assert len(list(toy.folder.glob("jobs/**/job?/seed=?"))) == 4
    assert not list(toy.folder.glob("jobs/**/job?/seed=?/output.log"))
