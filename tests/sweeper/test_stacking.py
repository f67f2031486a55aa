"""How many trials workers claim, one worker after the other."""

import pytest
from omegaconf import OmegaConf

from sweeps.study.claims import Backlog
from sweeps.sweeper.stacking import count_trials, share_evenly, share_rows
from tests.conftest import Toy


@pytest.mark.parametrize(
    ("trials", "width", "shares"),
    [
        ([20], 60, [[10], [10]]),
        ([24], 60, [[12], [12]]),
        ([21], 60, [[11], [10]]),
        ([44], 60, [[11], [11], [11], [11]]),
        ([7], 16, [[4], [3]]),
        ([20], 2, [[1]] * 20),
        ([2, 4], 60, [[2, 1], [0, 3]]),
        ([3, 0, 2], 60, [[3, 0, 0], [0, 0, 2]]),
    ],
)
def test_two_workers_that_claim_in_turn_get_even_shares(
    trials: list[int], width: int, shares: list[list[int]]
) -> None:
    claimable, running, claimed = trials, [0] * len(trials), []
    most = [count_trials(width, 3)] * len(trials)
    while any(claimable):
        counts = zip(claimable, running, trials, strict=True)
        backlogs = [Backlog(left, left + runs, total) for left, runs, total in counts]
        share = share_evenly(backlogs, most, workers=2)
        claimed.append(share)
        claimable, running = [left - part for left, part in zip(claimable, share, strict=True)], share
    assert claimed == shares


@pytest.mark.parametrize(
    ("claimable", "are_rows", "shares"),
    [
        ([5, 11], [True, False], [5, 0]),
        ([9, 11, 4], [True, False, True], [8, 0, 4]),
        ([5, 0], [True, False], []),
        ([9, 0], [True, False], []),
        ([0, 11], [True, False], []),
    ],
)
def test_a_row_runs_alone_while_there_is_other_work(
    claimable: list[int], are_rows: list[bool], shares: list[int]
) -> None:
    backlogs = [Backlog(count, count, 20) for count in claimable]
    assert share_rows(backlogs, [8] * len(claimable), are_rows) == shares


def test_studies_with_few_trials_run_in_one_stack_and_each_job_keeps_its_own_config(toy: Toy) -> None:
    together = ("hydra.sweeper.stacked=app.together", "hydra.sweeper.stack=64", "hydra.sweeper.n_jobs=1")
    toy.run_here("shape=bowl,ridge", *together, "+hydra.sweeper.replicates.seed=[0,1]")
    found = sorted((toy.folder / "jobs").glob("shape=*/*/*/.hydra/hydra.yaml"))
    assert (toy.folder / "journal").read_text() == f"together {len(found)}\n"
    assert len(found) == 22
    for path in found:
        study, trial, replicate = path.relative_to(toy.folder / "jobs").parts[:3]
        hydra = OmegaConf.load(path).hydra
        assert f"shape={hydra.runtime.choices.shape}" == study
        assert hydra.sweep.subdir == f"{study}/{trial}/{replicate}"
        assert {study, replicate} <= set(hydra.overrides.task)
    assert set(toy.states("toy/shape=bowl") + toy.states("toy/shape=ridge")) == {"COMPLETE"}
