"""Jobs that an application runs together: each with its own folder, trial and end."""

import pytest
from omegaconf import OmegaConf

from tests.conftest import Toy

TOGETHER = (
    "shape=bowl",
    "hydra.sweeper.stacked=app.together",
    "hydra.sweeper.stack=6",
    "+hydra.sweeper.replicates.seed=[0,1,2]",
)


def jobs_at_once(toy: Toy) -> list[int]:
    """Return how many jobs ran at once, each time."""
    return [int(line.split()[1]) for line in (toy.folder / "journal").read_text().splitlines()]


def test_jobs_run_together_as_wide_as_asked_with_folders_of_their_own(toy: Toy) -> None:
    toy.run_here(*TOGETHER)
    assert jobs_at_once(toy) == [6, 6, 3]  # two trials of three replicates, twice, and the last one
    study = toy.study("toy/shape=bowl")
    assert sorted(trial.values[0] for trial in study.trials) == pytest.approx([0.1, 1.1, 1.1, 4.1, 9.1])
    for trial in study.trials:
        for seed in (0, 1, 2):
            record = trial.user_attrs[f"seed={seed}"]
            folder = toy.folder / "jobs" / record["folder"]
            config, hydra = (
                OmegaConf.load(folder / ".hydra" / f"{name}.yaml") for name in ("config", "hydra")
            )
            assert (config.shape.x, config.seed) == (trial.params["shape.x"], seed)
            assert (hydra.hydra.job.num, hydra.hydra.runtime.output_dir) == (trial.number, str(folder))
            assert record["value"] == (config.shape.x - 1) ** 2 + seed / 10


def test_a_trial_is_judged_when_all_its_replicates_have_reported(toy: Toy) -> None:
    # At the first step x = -2 gives 10, 10.1 and 10.2: by its first replicate alone it would go on.
    pruner = ["steps=2", "hydra/sweeper/pruner=threshold", "hydra.sweeper.pruner.upper=10.05"]
    toy.run_here(*TOGETHER, *pruner)
    [pruned] = [trial for trial in toy.study("toy/shape=bowl").trials if trial.state.name == "PRUNED"]
    assert pruned.params == {"shape.x": -2}
    assert pruned.intermediate_values == pytest.approx({1: 10.1})
    assert not any(label.startswith("seed=") for label in pruned.user_attrs)


def test_a_job_that_fails_ends_its_own_trial_only(toy: Toy) -> None:
    (toy.folder / "journal.fail").write_text("1:1")
    toy.run_here(*TOGETHER, "hydra.sweeper.max_failure_rate=1")
    states = {trial.params["shape.x"]: trial.state.name for trial in toy.study("toy/shape=bowl").trials}
    assert states == {-2: "COMPLETE", -1: "COMPLETE", 0: "COMPLETE", 1: "FAIL", 2: "COMPLETE"}
    [failed] = [trial for trial in toy.study("toy/shape=bowl").trials if trial.state.name == "FAIL"]
    assert failed.user_attrs["failure"] == "RuntimeError: asked to fail"
    assert failed.user_attrs["seed=0"]["value"] == 0


def test_where_jobs_fail_together_each_runs_by_itself(toy: Toy) -> None:
    toy.run_here(*TOGETHER, "poison=2")
    assert toy.states("toy/shape=bowl") == ["COMPLETE"] * 5
    assert len(toy.journal("end")) == 15


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("hydra.sweeper.stack=0", "hydra.sweeper.stack=0 must be auto, or a number of jobs"),
        ("hydra.sweeper.stack=4", "hydra.sweeper.stack=4 needs hydra.sweeper.stacked="),
    ],
)
def test_a_width_that_cannot_be_is_refused(
    override: str, message: str, toy: Toy, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        toy.run_here("shape=bowl", override)
    assert message in capsys.readouterr().err


def test_what_a_sweep_without_its_storage_left_is_put_aside(toy: Toy) -> None:
    toy.run_here(*TOGETHER)
    (toy.folder / "jobs/shape=bowl/0/seed=0/mine").touch()
    (toy.folder / "toy.db").unlink()
    toy.run_here(*TOGETHER)
    assert {folder.name for folder in (toy.folder / "jobs/shape=bowl").glob("0*")} == {"0", "0.old1"}
    assert (toy.folder / "jobs/shape=bowl/0.old1/seed=0/mine").exists()
    assert not (toy.folder / "jobs/shape=bowl/0/seed=0/mine").exists()
