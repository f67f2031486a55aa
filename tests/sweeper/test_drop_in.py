"""hydra-optuna-sweeper's words, with their meaning, and the new ones beside them."""

import math
from collections.abc import Iterable, Sequence
from itertools import product
from pathlib import Path

import optuna
import pytest
from omegaconf import OmegaConf
from scipy.stats.qmc import Sobol

from sweeps import current_trial
from sweeps.study.record import AGGREGATES
from tests.conftest import Toy


def xs(toy: Toy, name: str = "toy/shape=bowl") -> list[float]:
    """The x of each trial of a study, in order."""
    return [trial.params["shape.x"] for trial in toy.study(name).trials]


@pytest.mark.parametrize("sampler", ["tpe", "random", "gp", "qmc", "cmaes", "nsgaii", "nsgaiii"])
@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_every_sampler_of_the_group_runs_its_number_of_trials(sampler: str, toy: Toy) -> None:
    toy.run_here(
        "shape=bowl",
        f"hydra/sweeper/sampler={sampler}",
        "hydra.sweeper.sampler.seed=1",
        "hydra.sweeper.n_trials=4",
        "shape.x=interval(-2,2)",
        "seed=interval(0,3)",
    )
    assert toy.states("toy/shape=bowl") == ["COMPLETE"] * 4
    assert len(set(xs(toy))) == 4


def test_n_trials_is_a_total_over_all_starts(toy: Toy) -> None:
    overrides = ("shape=bowl", "hydra/sweeper/sampler=random", "hydra.sweeper.sampler.seed=1")
    toy.run_here(*overrides, "shape.x=interval(-2,2)", "hydra.sweeper.n_trials=3")
    toy.run_here(*overrides, "shape.x=interval(-2,2)", "hydra.sweeper.n_trials=5")
    assert toy.states("toy/shape=bowl") == ["COMPLETE"] * 5
    assert len(set(xs(toy))) == 5, "a resumed sampler drew its first values again"


@pytest.mark.parametrize(
    ("x", "y", "settings"),
    [
        ("choice(2,0.5)", "range(0,1,0.25)", product([0.5, 2], [0, 0.25, 0.5, 0.75])),
        ("shuffle(choice(1,2,3))", "shuffle(0,1)", product([1, 2, 3], [0, 1])),
        ("range(0,4)", "choice(5)", product([0, 1, 2, 3], [5])),
    ],
)
def test_a_grid_walks_every_value_of_hydras_finite_sweeps(
    x: str, y: str, settings: Iterable[Sequence[float]], toy: Toy
) -> None:
    sweep = ("shape=bowl", f"shape.x={x}", f"+y={y}")
    toy.run_here(*sweep)
    toy.run_here(*sweep)  # also where the sweep's order is another each time
    trials = toy.study("toy/shape=bowl").trials
    assert sorted((trial.params["shape.x"], trial.params["+y"]) for trial in trials) == list(settings)


def test_a_log_interval_is_sampled_on_its_logarithm(toy: Toy) -> None:
    toy.run_here(
        "shape=bowl",
        "shape.x=tag(log, interval(0.001,1))",
        "hydra/sweeper/sampler=qmc",
        "hydra.sweeper.sampler.seed=0",
        "hydra.sweeper.n_trials=16",
    )
    decades = [math.floor(math.log10(x)) for x in xs(toy)]
    assert all(decades.count(decade) >= 3 for decade in (-3, -2, -1))


def test_glob_added_and_deleted_keys_are_swept_as_hydra_writes_them(toy: Toy) -> None:
    toy.run_here("shape=glob(*,exclude=[sgd,valley])", "+extra=1,2", "~pause", "+pause=0", "shape.x=0")
    assert sorted(toy.study("toy/shape=ridge").user_attrs["search_space"]) == ["+extra", "shape.y"]
    assert len(toy.study("toy/shape=bowl").trials) == 2
    assert len(toy.study("toy/shape=ridge").trials) == 4


def test_params_of_the_config_are_swept_unless_the_command_line_says_otherwise(toy: Toy) -> None:
    toy.run_here(
        "shape=bowl",
        "+hydra.sweeper.params={shape.x: 'choice(5,6)', seed: '3,4'}",
        "seed=9",
    )
    assert sorted(xs(toy)) == [5, 6]
    assert all("seed=9" in job for job in toy.journal("start"))


def test_a_custom_search_space_adds_what_it_suggests(toy: Toy) -> None:
    random = ("hydra/sweeper/sampler=random", "hydra.sweeper.sampler.seed=0", "hydra.sweeper.n_trials=6")
    toy.run_here("shape=bowl", "shape.x=-1,1", "hydra.sweeper.custom_search_space=app.further", *random)
    trials = toy.study("toy/shape=bowl").trials
    assert {trial.params["shape.x"]: sorted(trial.params) for trial in trials} == {
        -1: ["shape.x"],
        1: ["seed", "shape.x"],
    }
    assert any("seed=5" in job or "seed=6" in job for job in toy.journal("start"))


def test_several_objectives_leave_a_pareto_front(toy: Toy) -> None:
    toy.run_here("shape=bowl", "returns=both", "hydra.sweeper.direction=[minimize,maximize]")
    study = toy.study("toy/shape=bowl")
    assert all(trial.values[0] == -trial.values[1] for trial in study.trials)
    results = OmegaConf.load(toy.folder / "jobs/shape=bowl/optimization_results.yaml")
    [front] = [solution for solution in results.solutions if solution.params["shape.x"] == 1]
    assert front["values"] == [0.0, 0.0]


def test_the_results_name_the_best_trial_and_its_folder(toy: Toy) -> None:
    toy.run_here("shape=bowl")
    folder = toy.folder / "jobs/shape=bowl"
    results = OmegaConf.load(folder / "optimization_results.yaml")
    assert (results.name, results.best_params, results.best_value) == ("optuna", {"shape.x": 1}, 0.0)
    overrides = (folder / results.folder / ".hydra/overrides.yaml").read_text()
    assert "shape.x=1" in overrides


def test_study_per_says_which_groups_get_a_study_each(toy: Toy) -> None:
    toy.run_here("shape=bowl,ridge", "shape.x=0,1", "hydra.sweeper.study_per=[]", "~search_space")
    assert optuna.get_all_study_names(toy.storage) == ["toy"]
    assert {trial.params["shape"] for trial in toy.study("toy").trials} == {"bowl", "ridge"}


def test_a_trials_value_is_the_aggregate_of_its_replicates(toy: Toy) -> None:
    seeds = "+hydra.sweeper.replicates.seed=[0,1,5]"
    toy.run_here("shape=bowl", "shape.x=0", seeds, "hydra.sweeper.aggregate=median")
    [trial] = toy.study("toy/shape=bowl").trials
    assert trial.value == pytest.approx(1.1)
    values = {name: aggregate([1.0, 1.1, 1.5]) for name, aggregate in AGGREGATES.items()}
    assert values == {"mean": pytest.approx(1.2), "median": 1.1, "min": 1.0, "max": 1.5}


def test_replicates_are_crossed(toy: Toy) -> None:
    toy.run_here("shape=bowl", "shape.x=0", "+hydra.sweeper.replicates={seed: [0, 1], steps: [1, 2]}")
    [trial] = toy.study("toy/shape=bowl").trials
    labels = ["seed=0,steps=1", "seed=0,steps=2", "seed=1,steps=1", "seed=1,steps=2"]
    assert [label for label in labels if label in trial.user_attrs] == labels


def test_a_failed_trial_is_retried_as_often_as_it_may(toy: Toy) -> None:
    (toy.folder / "journal.fail").write_text("0:0")
    with pytest.raises(SystemExit):
        toy.run_here("shape=bowl", "hydra.sweeper.retries=2")
    trials = toy.study("toy/shape=bowl").trials
    assert [trial.params["shape.x"] for trial in trials if trial.state.name == "FAIL"] == [0, 0, 0]


@pytest.mark.parametrize("pruner", ["percentile", "hyperband", "successive_halving", "patient", "threshold"])
@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_every_pruner_of_the_group_runs(pruner: str, toy: Toy) -> None:
    arguments = {
        "percentile": "n_startup_trials=1",
        "threshold": "upper=6",
        "patient": "patience=1",
    }
    extra = [f"hydra.sweeper.pruner.{arguments[pruner]}"] if pruner in arguments else []
    toy.run_here("shape=bowl", "steps=4", f"hydra/sweeper/pruner={pruner}", *extra)
    states = toy.states("toy/shape=bowl")
    assert set(states) <= {"COMPLETE", "PRUNED"}
    assert ("PRUNED" in states) == (pruner not in ("patient",)), states


def test_a_pruner_sees_the_mean_over_the_replicates_that_reached_a_step(toy: Toy) -> None:
    seeds = "+hydra.sweeper.replicates.seed=[0,2]"
    toy.run_here(
        "shape=bowl", "steps=2", "hydra/sweeper/pruner=threshold", "hydra.sweeper.pruner.upper=9.3", seeds
    )
    pruned = [trial for trial in toy.study("toy/shape=bowl").trials if trial.state.name == "PRUNED"]
    assert [trial.params for trial in pruned] == [{"shape.x": -2}]  # 9 + 1 at its first step
    assert pruned[0].user_attrs["pruned"] == "seed=0, step 1: ThresholdPruner at 10"
    complete = next(trial for trial in toy.study("toy/shape=bowl").trials if trial.params["shape.x"] == 0)
    assert complete.intermediate_values == {1: pytest.approx(2.1), 2: pytest.approx(1.1)}


def test_workers_see_one_gpu_each(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    finished = toy.run("shape=bowl", "shape.x=0,1,2,3", "pause=0.3")
    assert finished
    seen = {line.split()[1] for line in (toy.folder / "journal").read_text().splitlines() if "saw" in line}
    assert seen == {"3", "5"}


def test_a_qmc_study_is_the_scrambled_sobol_sequence_from_its_first_point(toy: Toy) -> None:
    qmc = ("hydra/sweeper/sampler=qmc", "hydra.sweeper.sampler.scramble=true", "hydra.sweeper.sampler.seed=3")
    space = ("shape.x=interval(0,1)", "+k=a,b,c", "+y=interval(0,1)")
    toy.run_here("shape=bowl", *space, "hydra.sweeper.n_trials=8", *qmc)
    params = [trial.params for trial in toy.study("toy/shape=bowl").trials]
    drawn = [[each["shape.x"], "abc".index(each["+k"]), each["+y"]] for each in params]
    expected = Sobol(3, scramble=True, seed=3).random(8)
    expected[:, 1] = (3 * expected[:, 1]).astype(int)
    assert sorted(drawn) == [pytest.approx(point) for point in sorted(expected.tolist())]


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (
            ("shape=bowl", "seed=5", "+hydra.sweeper.replicates.seed=[0,1]"),
            ["seed is set", "replicates.seed=[0, 1]"],
        ),
        (
            ("shape=bowl", "seed=5,6", "+hydra.sweeper.replicates.seed=[0]"),
            ["seed is set", "replicates.seed=[0]"],
        ),
        (("shape=bowl", "+search_space.pause=2"), ["pause=2 is one value", "choice(...)"]),
        (("shape=bowl", "+search_space.nothing='choice(1,2)'"), ["nothing"]),
        (("shape=bowl", "hydra.sweeper.study_per=[shap]"), ["study_per=['shap']", "shape"]),
        (("shape=bowl", "hydra.sweeper.aggregate=mode"), ["aggregate=mode", "median"]),
        (("shape=bowl", "hydra/sweeper/pruner=threshold"), ["hydra.sweeper.pruner: ", "lower", "upper"]),
        (("shape=bowl", "+hydra.sweeper.pruner.warmup=1"), ["hydra.sweeper.pruner: ", "no arguments"]),
    ],
)
def test_what_cannot_be_meant_is_refused(
    overrides: tuple[str, ...], words: list[str], toy: Toy, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        toy.run_here(*overrides)
    message = capfd.readouterr().err
    assert all(word in message for word in words), message
    assert "Traceback" not in message
    assert optuna.get_all_study_names(toy.storage) == []


def test_a_later_replicate_is_judged_at_its_own_step(toy: Toy) -> None:
    seeds = "+hydra.sweeper.replicates.seed=[0,100]"  # the second is bad from its first step on
    toy.run_here(
        "shape=bowl",
        "shape.x=0",
        "steps=3",
        "hydra/sweeper/pruner=threshold",
        "hydra.sweeper.pruner.upper=5",
        seeds,
    )
    [trial] = toy.study("toy/shape=bowl").trials
    assert trial.state.name == "PRUNED"
    assert trial.intermediate_values == pytest.approx({1: (3 + 13) / 2, 2: 2.0, 3: 1.0})


def test_text_null_and_lists_reach_the_job_as_they_are(toy: Toy) -> None:
    values = "+hydra.sweeper.replicates={shape.name: [null, 'a,b', '1', [1, 2]]}"
    toy.run_here("shape=bowl", "shape.x=0", values)
    folder = toy.folder / "jobs/shape=bowl/0"
    names = [OmegaConf.load(path).shape.name for path in folder.glob("*/.hydra/config.yaml")]
    assert sorted(map(repr, names)) == ["'1'", "'a,b'", "None", "[1, 2]"]


def test_outside_a_sweep_the_trial_is_a_stand_in_that_never_prunes(tmp_path: Path) -> None:
    trial = current_trial()
    trial.report(1.0, step=1)
    trial.set_user_attr("key", "value")
    assert trial.number is None
    assert not trial.should_prune()
    assert not list(tmp_path.iterdir())
