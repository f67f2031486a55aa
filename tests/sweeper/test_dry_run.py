"""The plan of a sweep: what it says, and that it leaves nothing behind."""

import re

import pytest

from tests.conftest import Toy

SWEEP = ("shape=valley", "+hydra.sweeper.replicates.seed=[0,1]", "hydra.sweeper.confirm.seeds=3")
DRY = "hydra.sweeper.dry_run=true"


def test_a_plan_tells_runs_time_and_disk_and_leaves_nothing(
    toy: Toy, capsys: pytest.CaptureFixture[str]
) -> None:
    toy.run_here(*SWEEP, DRY, "hydra.sweeper.extend=2", "hydra.sweeper.estimate=app.estimate")
    printed = capsys.readouterr().out
    # What is recommended and its two factors; three picks, the declared range's best, twice two factors.
    confirmed = "then 3 to 8 settings x 3 fresh seeds"
    assert (
        f"valley: 4 settings x 2 seeds, up to 2 more learning rates of 1 setting, {confirmed}; 60 s a run"
        in printed
    )
    # 8 and 9 runs; 8, 4 of widening and 24.
    assert "in all: 17 to 36 runs, 17 to 36 minutes with 1 worker, 17 to 36 MB" in printed
    assert "isn't known before a first sweep" in printed
    assert not list(toy.folder.iterdir())


@pytest.mark.parametrize(
    ("function", "line"),
    [
        ("forecast", "in all about 2.1 minutes with 1 worker, and 2 MB"),
        ("short_forecast", "in all about 5 seconds with 1 worker, and 2 MB"),
        ("broken_forecast", ""),
    ],
)
def test_a_sweep_opens_with_about_the_minutes_and_the_disk_unless_they_cant_be_told(
    function: str, line: str, toy: Toy, capsys: pytest.CaptureFixture[str]
) -> None:
    toy.run_here("shape=valley", "shape.lr=0.1,1", f"hydra.sweeper.forecast=app.{function}")
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first == "2 runs (valley 2 settings x 1 seed)"
    assert second == line if line else not second.startswith("in all")


@pytest.mark.parametrize(("keep", "disk"), [("all", "17 to 29 MB"), ("none", "1.7 to 2.9 MB")])
def test_a_plan_tells_the_disk_that_is_taken_in_the_end(
    keep: str, disk: str, toy: Toy, capsys: pytest.CaptureFixture[str]
) -> None:
    estimate = ("hydra.sweeper.estimate=app.estimate_checkpoints", f"hydra.sweeper.keep={keep}")
    toy.run_here(*SWEEP, DRY, *estimate)
    assert disk in capsys.readouterr().out


def test_a_plan_counts_the_checkpoints_of_one_to_three_picks(
    toy: Toy, capsys: pytest.CaptureFixture[str]
) -> None:
    toy.run_here(*SWEEP, DRY, "hydra.sweeper.estimate=app.estimate_checkpoints", "hydra.sweeper.keep=picks")
    # 0.1 MB for each of 17 to 29 runs, and 0.9 MB for 3 to 9 of them.
    assert "4.4 to 11 MB" in capsys.readouterr().out


def test_jobs_that_run_together_are_timed_together(toy: Toy, capsys: pytest.CaptureFixture[str]) -> None:
    together = ("hydra.sweeper.stacked=app.together", "hydra.sweeper.stack=6")
    toy.run_here(*SWEEP, DRY, *together, "hydra.sweeper.estimate=app.estimate")
    # Two trials of two seeds each, twice: a stack of three would leave one for the second.
    assert "; 38 s a run, 4 at once" in capsys.readouterr().out


def test_a_sweep_opens_with_its_runs_and_its_noise_tells_what_the_next_ones_seeds_find(
    toy: Toy, capsys: pytest.CaptureFixture[str]
) -> None:
    toy.run_here(*SWEEP, "shape.rough=0.5")
    printed = capsys.readouterr().out
    assert printed.startswith("8 runs (valley 4 settings x 2 seeds), confirming up to 21\n"), printed
    assert 8 + 9 <= len(toy.journal("start")) <= 8 + 21
    toy.run_here(*SWEEP, "shape.rough=0.5", DRY, "hydra.sweeper.study_name=next")
    printed = capsys.readouterr().out
    assert re.search(
        r"3 seeds find a difference of [\d.]+ between two settings in 8 of 10 cases; 10 seeds [\d.]+", printed
    ), printed
    assert "(by the earlier sweep toy)" in printed
    # With another config, even outside the studied group, the noise may be another.
    toy.run_here(*SWEEP, "shape.rough=0.5", "steps=2", DRY, "hydra.sweeper.study_name=next")
    assert "isn't known before a first sweep" in capsys.readouterr().out


def test_without_an_earlier_sweep_a_quick_pilot_tells_the_noise(
    toy: Toy, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sweeps.sweeper.dry_run.PILOT_SECONDS", 1e6)
    pilot = ("hydra.sweeper.stacked=app.together", "hydra.sweeper.estimate=app.estimate")
    toy.run_here(*SWEEP, DRY, *pilot, "shape.rough=0.5")
    assert "(roughly, by a pilot of 10 seeds)" in capsys.readouterr().out


def test_a_plan_refuses_what_the_sweep_would(toy: Toy, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        toy.run_here(*SWEEP, DRY, "hydra.sweeper.check=app.check")
    assert "shape.lr=1 is too large" in "".join(capfd.readouterr())
