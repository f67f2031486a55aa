"""Studies as measurements: what this sweeper records, and what any Optuna program leaves."""

from typing import Any

import numpy as np
import optuna
import pytest
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState, create_trial

from sweeps.report.findings.picks import pick_settings
from sweeps.report.findings.series import best_of_k
from sweeps.report.findings.space import space_shares
from sweeps.report.findings.stability import redraw_picks
from sweeps.report.measure.from_storage import read, read_measurement
from sweeps.report.measure.widening import Widening
from sweeps.study.storage import storage_at
from tests.conftest import Toy
from tests.support.studies import hill, scored_study

Space = dict[str, BaseDistribution]


def test_a_sweep_becomes_arrays_by_axis_and_replicate(toy: Toy) -> None:
    repeat = "+hydra.sweeper.replicates"
    toy.run_here("shape=ridge", f"{repeat}.seed=[0,1]", f"{repeat}.shape.name=[flat,null]")
    [found] = read(storage_at(toy.storage).open())
    assert (found.study, found.option, found.coverage) == ("toy/shape=ridge", "ridge", "grid")
    assert found.metric.direction == -1
    assert [(axis.short, axis.values, axis.ordered) for axis in found.axes] == [
        ("x", [-1, 0, 1], True),
        ("y", [0, 1], True),
    ]
    assert found.scores.shape == found.diverged.shape == (3, 2, 4)
    crossed = found.by_condition(found.scores)
    assert (found.conditions, found.seeds) == (["name=flat", "name=null"], [0, 1])
    for place in np.ndindex(3, 2):
        x, y = place[0] - 1, place[1]
        expected = [(x - 1) ** 2 + y + seed / 10 for seed in (0, 1)]
        assert crossed[place] == pytest.approx(-np.array([expected, expected]))  # higher is better
        run = found.by_index[place].runs["seed=1,shape.name=null"]
        assert (toy.folder / "jobs" / str(run.folder) / ".hydra").exists()
    assert not found.diverged.any()


def test_a_config_group_is_a_condition_too(toy: Toy) -> None:
    toy.run_here("shape.x=0,1", "+hydra.sweeper.replicates.shape=[bowl,ridge]")
    [found] = read(storage_at(toy.storage).open())
    assert found.conditions == ["shape=bowl", "shape=ridge"]
    assert found.by_condition(found.scores).tolist() == [[[-1.0], [-1.0]], [[0.0], [0.0]]]
    for label, run in found.complete[0].runs.items():
        config = (toy.folder / "jobs" / str(run.folder) / ".hydra" / "config.yaml").read_text()
        assert f"name: {label.removeprefix('shape=')}" in config


@pytest.mark.parametrize(
    ("overrides", "way"),
    [
        (["hydra/sweeper/sampler=tpe"], "adaptive"),
        (["hydra/sweeper/sampler=random"], "qmc"),
        (["hydra/sweeper/sampler=grid", "hydra/sweeper/pruner=median"], "adaptive"),
    ],
    ids=["drawn to what is good", "drawn at random", "pruned"],
)
def test_a_study_says_how_its_space_was_walked(overrides: list[str], way: str, toy: Toy) -> None:
    toy.run_here("shape=bowl", "hydra.sweeper.n_trials=1", *overrides)
    [found] = read(storage_at(toy.storage).open())
    assert found.coverage == way


def an_end(distribution: BaseDistribution) -> Any:
    """Return the last choice or the lowest number."""
    if isinstance(distribution, CategoricalDistribution):
        return distribution.choices[-1]
    assert isinstance(distribution, FloatDistribution | IntDistribution)
    return distribution.low


def foreign(*spaces: Space, **study: Any) -> optuna.Study:
    """A study that another program made, with a complete trial for each space."""
    made = optuna.create_study(**study)
    for number, space in enumerate(spaces):
        params = {name: an_end(values) for name, values in space.items()}
        values = [float(number)] * len(made.directions)
        made.add_trial(create_trial(params=params, distributions=space, values=values))
    return made


def test_another_programs_study_without_replicates_is_read_and_never_called_even() -> None:
    space: Space = {
        "lr": CategoricalDistribution([0.1, 0.001, 0.01]),
        "layers": IntDistribution(1, 3),
        "kind": CategoricalDistribution(["b", "a"]),
    }
    study = foreign(space, directions=["minimize", "maximize"])
    found = read_measurement(study)
    assert [(axis.values, axis.ordered, axis.log) for axis in found.axes] == [
        ([0.001, 0.01, 0.1], True, True),
        ([1, 2, 3], True, False),
        (["b", "a"], False, False),
    ]
    assert (found.coverage, found.metric.direction, found.objectives) == ("adaptive", -1, 2)
    assert found.scores.shape == (3, 3, 2, 1)
    assert found.scores[1, 0, 1, 0] == 0
    assert np.isnan(found.scores).sum() == 17


def test_a_continuous_space_has_its_settings_in_a_row_and_an_empty_study_none() -> None:
    space: Space = {"lr": FloatDistribution(1e-4, 1, log=True)}
    found = read_measurement(foreign(space, space))
    assert [(axis.values, axis.continuous, axis.log) for axis in found.axes] == [([1e-4, 1], True, True)]
    assert found.scores.tolist() == [[0.0], [-1.0]]  # minimised
    # A learning rate's steps are factors, however it was drawn; one from 0 has no logarithm.
    for low, is_log in ((1e-4, True), (0.0, False)):
        uniform: Space = {"lr": FloatDistribution(low, 1)}
        assert read_measurement(foreign(uniform, uniform)).axes[0].log is is_log
    assert read_measurement(optuna.create_study()).scores.shape == (0, 1)


def test_unfinished_pruned_failed_and_retried_trials_are_kept_apart() -> None:
    space: Space = {"lr": CategoricalDistribution([0.1, 0.01, 0.001])}
    study = optuna.create_study(direction="maximize")
    study.set_user_attr("replicates", {"seed": [0, 1]})
    study.set_user_attr("ways", ["grid"])
    records = {
        "seed=0": {"value": 90.0, "diverged": False, "chance": 10.0},
        "seed=1": {"value": 10.0, "diverged": True, "chance": 10.0},
    }
    trials = [
        create_trial(params={"lr": 0.1}, distributions=space, value=50.0, user_attrs=records),
        create_trial(params={"lr": 0.01}, distributions=space, state=TrialState.FAIL),
        create_trial(
            params={"lr": 0.01},
            distributions=space,
            state=TrialState.FAIL,
            user_attrs={"failure": "why", "seed=0": records["seed=0"]},
            system_attrs={"sweeps:retry_of": 1},
        ),
    ]
    for trial in trials:
        study.add_trial(trial)
    found = read_measurement(study)
    assert [(s.number, s.state, s.reason, s.diverged) for s in found.settings] == [
        (0, "complete", None, 1),
        (2, "fail", "why", 0),
    ]
    assert found.coverage == "grid"
    assert found.scores[2].tolist() == [90.0, 10.0]
    assert found.diverged[2].tolist() == [False, True]
    assert np.isnan(found.scores[:2]).all()
    pruned: dict[str, Any] = {
        "state": TrialState.PRUNED,
        "intermediate_values": {1: 30.0, 2: 40.0},
        "value": 40.0,
    }
    study.add_trial(create_trial(params={"lr": 0.001}, distributions=space, **pruned))
    found = read_measurement(study)
    assert found.coverage == "adaptive"
    assert (found.settings[-1].state, found.settings[-1].last, found.settings[-1].last_step) == (
        "pruned",
        40,
        2,
    )
    assert np.isnan(found.scores[0]).all()


def test_among_points_that_cover_a_space_the_robust_pick_keeps_away_from_a_cliff() -> None:
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=0))
    space: Space = {"lr": FloatDistribution(1e-4, 1, log=True), "momentum": FloatDistribution(0, 1)}
    for _ in range(32):
        trial = study.ask(space)
        height = np.log10(trial.params["lr"])
        study.tell(trial, 90 + height if height < -1 else 10)
    study.set_user_attr("ways", ["qmc"])
    picks = pick_settings(read_measurement(study))
    assert 0.05 < picks["peak"]["lr"] < 0.1
    assert 0.001 < picks["robust"]["lr"] < 0.05
    study.set_user_attr("ways", ["adaptive"])
    assert list(pick_settings(read_measurement(study))) == ["peak"]


def test_among_points_a_category_has_robust_settings_of_its_own_and_no_lr_leaves_the_best() -> None:
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=0))
    space: Space = {
        "kind": CategoricalDistribution(["steep", "flat"]),
        "lr": FloatDistribution(1e-4, 1, log=True),
    }
    for _ in range(64):
        trial = study.ask(space)
        distance = abs(np.log10(trial.params["lr"]) + 2)
        slope, top = {"steep": (8.0, 97.0), "flat": (1.0, 96.0)}[trial.params["kind"]]
        study.tell(trial, top - slope * distance)
    study.set_user_attr("ways", ["qmc"])
    picks = pick_settings(read_measurement(study))
    assert (picks["peak"]["kind"], picks["robust"]["kind"]) == ("steep", "flat")
    assert 0.004 < picks["robust"]["lr"] < 0.025

    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=0))
    for _ in range(8):
        trial = study.ask({"momentum": FloatDistribution(0, 1)})
        study.tell(trial, trial.params["momentum"])
    study.set_user_attr("ways", ["qmc"])
    picks = pick_settings(read_measurement(study))
    assert picks["robust"] == picks["peak"]


def test_seeds_drawn_again_under_conditions_say_how_sure_the_one_setting_for_all_is() -> None:
    conditions: dict[str, list[Any]] = {"seed": [0, 1, 2], "norm": ["batch", "none"]}
    study = optuna.create_study(direction="maximize")
    study.set_user_attr("replicates", conditions)
    space: Space = {"lr": CategoricalDistribution([0.001, 0.01, 0.1, 1.0])}
    scores = {0.001: (90.0, 90.0), 0.01: (96.0, 95.5), 0.1: (97.0, 95.0), 1.0: (97.5, 40.0)}
    for lr, by_norm in scores.items():
        records = {
            f"seed={seed},norm={norm}": {"value": score + seed / 10}
            for norm, score in zip(conditions["norm"], by_norm, strict=True)
            for seed in conditions["seed"]
        }
        value = float(np.mean(by_norm))
        study.add_trial(create_trial(params={"lr": lr}, distributions=space, value=value, user_attrs=records))
    found = read_measurement(study)
    assert pick_settings(found) == {"peak": {"lr": 0.1}, "robust": {"lr": 0.01}}
    frequencies = redraw_picks(found, pick_settings(found))
    assert frequencies["robust"].tolist() == pytest.approx([0, 1, 0, 0])


def test_an_adaptive_search_of_a_grid_has_a_robust_pick_only_among_measured_neighbours() -> None:
    space: Space = {"lr": CategoricalDistribution([0.1, 0.01, 0.001])}
    study = optuna.create_study(direction="maximize")
    study.set_user_attr("ways", ["adaptive"])
    for lr, value in ((0.1, 10.0), (0.01, 97.0)):
        study.add_trial(create_trial(params={"lr": lr}, distributions=space, value=value))
    assert pick_settings(read_measurement(study)) == {"peak": {"lr": 0.01}}
    study.add_trial(create_trial(params={"lr": 0.001}, distributions=space, value=90.0))
    assert pick_settings(read_measurement(study))["robust"] == {"lr": 0.01}


def test_what_widening_added_is_part_of_the_study_but_not_of_what_was_declared() -> None:
    storage = optuna.storages.InMemoryStorage()
    added = {"rows": [{"end": "high", "lr": 0.3}], "stopped": "inside"}
    lrs = [0.001, 0.01, 0.1]
    scored_study(storage, "sgd", hill, (*lrs, 0.3), declared=lrs, extend=4, widening=added)
    [found] = read(storage)
    assert [(axis.values, axis.declared) for axis in found.axes] == [([*lrs, 0.3], lrs), ([0, 0.9], [0, 0.9])]
    assert found.widening == Widening(4, [("high", 0.3)], "inside")
    assert (found.scores.shape, len(found.settings)) == ((4, 2, 3), 8)
    declared = found.declared()
    assert (declared.scores.tolist(), len(declared.settings)) == (found.scores[:3].tolist(), 6)
    assert space_shares(found) == space_shares(declared)
    curve = best_of_k(found)
    assert len(curve.expected) == 6


def test_a_diverged_run_scores_the_worst_of_those_that_converged_where_there_is_no_chance() -> None:
    storage = optuna.storages.InMemoryStorage()
    scored_study(storage, "sgd", hill, metric="reward", diverges=lambda params: params["optimizer.lr"] == 0.1)
    [found] = read(storage)
    assert found.diverged.any(axis=(1, 2)).tolist() == [False, False, True]
    assert (found.scores[2] == found.scores[:2].min()).all()
    assert found.by_index[2, 0].mean == found.scores[:2].min()


def test_runs_that_learned_nothing_are_counted_and_keep_their_score() -> None:
    storage = optuna.storages.InMemoryStorage()
    scored_study(storage, "sgd", hill, learned_nothing=True)
    [found] = read(storage)
    assert [setting.learned_nothing for setting in found.settings] == [3] * 6
    assert all(run.learned_nothing and run.value > 90 for run in found.runs)
